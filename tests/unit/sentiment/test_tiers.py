"""The tiers that the settings ask for, on a machine without weights and without a server."""

from pathlib import Path

import pytest

from connectors.sentiment.params import ScoringParams
from connectors.sentiment.tiers import cascade, require
from operators.news.instant_model import ModelUnusable

SERVER = "http://127.0.0.1:9"  # nobody listens there


@pytest.mark.parametrize(
    ("tier", "url", "live", "models"),
    [
        ("auto", "", True, ["instant"]),
        ("auto", "", False, ["instant"]),
        ("auto", SERVER, True, ["instant", "ollama:llama3.2:3b"]),
        ("auto", SERVER, False, ["instant"]),
        ("instant", SERVER, True, ["instant", "ollama:llama3.2:3b"]),
        ("ollama", SERVER, False, ["instant", "ollama:llama3.2:3b"]),
    ],
)
def test_who_answers(tmp_path: Path, tier: str, url: str, live: bool, models: list[str]) -> None:
    params = ScoringParams(tier=tier, ollama_url=url, finbert_directory=str(tmp_path))  # type: ignore[arg-type]  # a table's word
    made = cascade(params, tmp_path / "facts.sqlite", live=live)
    assert [m.partition("/")[0] for m in made.models] == models
    made.close()
    require(params)


def test_a_sure_first_answer_is_not_enough_where_ollama_is_asked_for(tmp_path: Path) -> None:
    params = ScoringParams(tier="ollama", ollama_url=SERVER)
    made = cascade(params, None, live=False)
    [answer] = made.score(["Chipmaker soars after record profit"])
    assert answer.verdict.model.startswith("instant/")
    assert answer.fallback == "OLLAMA_DOWN"
    made.close()


def test_a_model_asked_for_by_name_that_is_not_here(tmp_path: Path) -> None:
    params = ScoringParams(tier="finbert", finbert_directory=str(tmp_path / "none"))
    for check in (lambda: require(params), lambda: cascade(params, None, live=True)):
        with pytest.raises(ModelUnusable, match=r"tidewire models pull|tidewire\[sentiment\]"):
            check()
