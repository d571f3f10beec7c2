"""Lines of a file to score: what is no article is named by its line, and the others are scored."""

import io
import json
from pathlib import Path

import pytest

from stack.commands.score import _articles, run_score


@pytest.mark.parametrize("line", [b"{", b'{"title": "\xff"}', b"[" * 5_000])
def test_a_line_that_is_not_json(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "news.jsonl"
    file.write_bytes(line + b'\n{"title": "Alpha soars"}\n')
    (fields, _, problem), good = _articles(file)
    assert fields is None
    assert problem.startswith("line 1 is not JSON (")
    assert good == ({"title": "Alpha soars"}, "Alpha soars", "")


def test_tickers_are_in_one_spelling_and_those_of_the_articles_day(tmp_path: Path) -> None:
    file = tmp_path / "news.jsonl"
    rows = [
        {"id": 1, "title": "x", "tickers": ["BF-B", "BF/B"]},
        {"id": 2, "title": "Facebook grows", "published_at": "2020-02-03T10:00:00Z"},
        {"id": 3, "title": "Facebook grows"},
        {"id": 4, "text": "Apple grows"},
        {"id": 5, "title": "Bread", "content": "Good bread. Share on Facebook"},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = io.StringIO()
    assert run_score(file, "instant", tmp_path, out) == 0
    found = [json.loads(line)["tickers"] for line in out.getvalue().splitlines()]
    assert found == [["BF.B"], ["FB"], ["META"], ["AAPL"], []]


def test_each_company_has_a_score_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "news.jsonl"
    row = {"id": 1, "title": "Nvidia soars on record profit; Intel plunges", "tickers": ["MU"]}
    file.write_text(json.dumps(row) + "\n")
    out = io.StringIO()
    assert run_score(file, "instant", tmp_path, out) == 0
    found = json.loads(out.getvalue())
    told = {c["ticker"]: (c["about"], c["label"]) for c in found["companies"]}
    assert told["NVDA"] == ("named", "positive")
    assert told["INTC"] == ("named", "negative")
    assert told["MU"][0] == "beside"
    assert [c["ticker"] for c in found["companies"]] == found["tickers"] == ["MU", "NVDA", "INTC"]
    mine = next(c for c in found["companies"] if c["ticker"] == "MU")
    assert mine["score"] == found["score"], "of the whole"
