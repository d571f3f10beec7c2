"""A small market told in files: one ticker's bars and the headlines of one hour."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

OPEN = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)


def bar_row(
    minute: int, close: float, ticker: str | None = "AAPL", **changes: Any
) -> dict[str, Any]:
    """Return the row of the bar that starts `minute` minutes after the open."""
    return {
        "ticker": ticker,
        "timestamp": OPEN + timedelta(minutes=minute),
        "open": close,
        "high": close,
        "low": close,
        "close": close,
        "volume": 5_000_000,
        **changes,
    }


def headline(minute: float, title: str, *tickers: str, **changes: Any) -> dict[str, Any]:
    """Return an article published some minutes after the open."""
    at = OPEN + timedelta(minutes=minute)
    return {
        "source": "test",
        "url": f"https://news.example/{minute}",
        "title": title,
        "content": "",
        "published_at": at.isoformat(),
        "tickers": list(tickers),
        **changes,
    }


def write(directory: Path, bars: list[dict[str, Any]], news: list[Any]) -> tuple[Path, Path]:
    """Write bars as Parquet and news as gzipped lines; bytes are written as they are."""
    bars_file, news_file = directory / "bars.parquet", directory / "news.jsonl.gz"
    pq.write_table(pa.Table.from_pylist(bars), bars_file)
    with gzip.open(news_file, "wb") as out:
        for article in news:
            line = article if isinstance(article, bytes) else json.dumps(article).encode()
            out.write(line + b"\n")
    return bars_file, news_file
