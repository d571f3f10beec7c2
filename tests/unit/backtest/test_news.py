"""What a backtest hears of a file of news: counted, by reason where it cannot be used."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.market.input_files import InputUnusable, article_rows
from flows.backtest.run import scored_articles

AT = datetime(2025, 3, 12, 14, tzinfo=UTC)


def article(n: int, **changes: Any) -> dict[str, Any]:
    return {
        "source": "test", "url": f"https://x.test/{n}", "title": f"AAPL beats estimates again {n}",
        "published_at": (AT + timedelta(minutes=n)).isoformat(), "tickers": ["AAPL", "MSFT"],
        **changes,
    }  # fmt: skip


def write(file: Path, *rows: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_articles_are_counted_and_not_their_scores(tmp_path: Path) -> None:
    heard = scored_articles(write(tmp_path / "news.jsonl", *map(article, range(5))))
    assert (heard.articles, len(heard.scores), heard.refused) == (5, 10, {})


def test_articles_that_cannot_be_used_are_counted_by_reason(tmp_path: Path) -> None:
    file = write(
        tmp_path / "news.jsonl", article(0), article(1, tickers=["aapl"]),
        article(2, tickers=["msft", "", 7]), article(3, published_at="yesterday"), article(0),
    )  # fmt: skip
    heard = scored_articles(file)
    assert (heard.articles, heard.refused) == (3, {"MALFORMED": 1, "DUPLICATE": 1})
    assert heard.first_refused.startswith("row 3, event_time: ")
    assert {event.key for event in heard.scores} == {"AAPL", "MSFT"}


@pytest.mark.parametrize("kept", [0.99, 0.5, 0.1])
def test_a_download_that_was_cut_is_refused(tmp_path: Path, kept: float) -> None:
    whole = gzip.compress("".join(json.dumps(article(n)) + "\n" for n in range(400)).encode())
    (tmp_path / "news.jsonl.gz").write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(InputUnusable, match=r"cannot be read .*name a .jsonl or .jsonl.gz file"):
        article_rows(tmp_path / "news.jsonl.gz")


def test_a_file_whose_packing_is_damaged_is_refused(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(json.dumps(article(1)).encode() * 50))
    whole[len(whole) // 2] ^= 0xFF
    (tmp_path / "news.jsonl.gz").write_bytes(bytes(whole))
    with pytest.raises(InputUnusable, match="cannot be read"):
        article_rows(tmp_path / "news.jsonl.gz")
