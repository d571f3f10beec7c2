"""Scores as facts: kept, never changed, keyed by text and model."""

from pathlib import Path

import pytest

from connectors.sentiment.score_cache import Facts, FactsUnusable, text_hash
from operators.news.instant_model import Verdict

ONE = Verdict(0.5, 0.9, "m/1/-", ("A",), "because")


def test_what_was_said_first_stays(tmp_path: Path) -> None:
    file, key = tmp_path / "deep" / "facts.sqlite", text_hash("a text")
    facts = Facts(file)
    facts.add({key: ONE})
    facts.add({key: ONE._replace(score=-1.0)})
    facts.close()
    again = Facts(file)
    assert again.known([key, text_hash("another")], "m/1/-") == {key: ONE}
    assert again.known([key], "m/2/-") == {}


def test_many_at_once_and_a_lone_surrogate() -> None:
    facts = Facts(None)
    keys = [text_hash(f"text {i}\ud800") for i in range(1_500)]
    facts.add((key, ONE) for key in keys)
    assert len(facts.known(keys, "m/1/-")) == 1_500


def test_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "facts.sqlite"
    file.write_bytes(b"something else " * 1_000)
    with pytest.raises(FactsUnusable, match="move it away"):
        Facts(file)
