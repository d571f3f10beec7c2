"""The Ollama tier without a server: the circuit, the cap on texts, the schema of answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.sentiment import ollama
from connectors.sentiment.ollama import FAILURES, Circuit, OllamaTier
from connectors.sentiment.opinions import (
    BEGIN,
    END,
    MAX_TEXT,
    PROMPT_HASH,
    Opinion,
    as_data,
    opinion_in,
)
from connectors.sentiment.params import ScoringParams
from connectors.sentiment.tier import TierFailed


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time that the circuit sees; a test moves it on."""
    told = [100.0]

    class Clock:
        monotonic = staticmethod(lambda: told[0])

    monkeypatch.setattr(ollama, "time", Clock)
    return told


def test_a_circuit_opens_after_failures_in_a_row_and_lets_one_probe_through(
    now: list[float],
) -> None:
    circuit = Circuit()
    for _ in range(FAILURES):
        assert circuit.passes()
        circuit.failed()
    assert not circuit.passes()
    now[0] += ollama.OPEN_S
    assert circuit.passes(), "the probe"
    assert not circuit.passes(), "only one"
    now[0] += ollama.OPEN_S
    assert circuit.passes()
    circuit.succeeded()
    assert [circuit.passes() for _ in range(3)] == [True] * 3


def test_a_success_in_between_keeps_the_circuit_closed(now: list[float]) -> None:
    circuit = Circuit()
    for _ in range(3):
        for _ in range(FAILURES - 1):
            circuit.failed()
        circuit.succeeded()
    assert circuit.passes()


def test_a_probe_that_fails_keeps_the_circuit_open(now: list[float]) -> None:
    circuit = Circuit()
    for _ in range(FAILURES):
        circuit.failed()
    now[0] += ollama.OPEN_S
    assert circuit.passes()
    circuit.failed()
    now[0] += ollama.OPEN_S / 2
    assert not circuit.passes()


@given(st.text(max_size=50) | st.text(alphabet="<>ARTICLE", max_size=50))
def test_a_text_can_neither_open_nor_close_the_markers(text: str) -> None:
    assert BEGIN not in as_data(text)
    assert END not in as_data(text)


@pytest.mark.parametrize("more", range(3, 12))
def test_no_run_of_signs_becomes_a_marker(more: int) -> None:
    text = as_data("ARTICLE" + ">" * more + " and " + "<" * more + "ARTICLE")
    assert BEGIN not in text
    assert END not in text


GOOD = '{"score": 0.5, "confidence": 0.75}'


@pytest.mark.parametrize(
    "said",
    [
        GOOD, f"```json\n{GOOD}\n```", f"Here it is: {GOOD} I hope it helps.",
        f"<think>{{maybe}} yes</think>\n{GOOD}", f'{{"answer": {GOOD}}}', f"[{GOOD}]",
    ],
)  # fmt: skip
def test_an_answer_may_be_wrapped(said: str) -> None:
    found = opinion_in(said, Opinion)
    assert (found.score, found.confidence) == (0.5, 0.75)


@pytest.mark.parametrize("said", ["", "{", "}{", "{}", "[]", '{"a": {"score": 9}}', "{" * 5_000])
def test_what_holds_no_opinion_is_refused(said: str) -> None:
    with pytest.raises(ValidationError):
        opinion_in(said, Opinion)


def test_texts_are_capped_and_lone_surrogates_are_readable() -> None:
    assert len(as_data("x" * 10_000)) == MAX_TEXT
    as_data("half \ud800 pair").encode()


@pytest.mark.parametrize(
    ("answer", "fits"),
    [
        ('{"score": 1, "confidence": 0}', True),
        ('{"score": -1.01, "confidence": 0}', False),
        ('{"score": 0, "confidence": 1.01}', False),
        ('{"score": Infinity, "confidence": 1}', False),
        ('{"score": null, "confidence": 1}', False),
        ('{"score": 0, "confidence": 1, "reasoning": "' + "x" * 2_001 + '"}', False),
        ('{"score": 0, "confidence": 1, "entities": ["' + "x" * 201 + '"]}', False),
        ("[]", False),
    ],
)
def test_the_schema_of_an_answer(answer: str, fits: bool) -> None:
    if fits:
        assert Opinion.model_validate_json(answer).reasoning == ""
    else:
        with pytest.raises(ValidationError):
            Opinion.model_validate_json(answer)


def test_nobody_there_is_told_and_soon_nobody_is_asked(now: list[float]) -> None:
    tier = OllamaTier(ScoringParams(ollama_url="http://127.0.0.1:9", ollama_model="a/b"))
    assert tier.model == f"ollama:a:b/unknown/{PROMPT_HASH}"
    found = [tier.score(["x"])[0] for _ in range(FAILURES + 1)]
    reasons = [f.reason for f in found if isinstance(f, TierFailed)]
    assert (reasons[0], reasons[-1]) == ("OLLAMA_DOWN", "OLLAMA_CIRCUIT_OPEN")
    tier.close()
