"""Reads the files that a run was given, row by row: the auditor's own eyes."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq


def bar_rows(file: Path) -> Iterator[dict[str, Any]]:
    """Return the rows of a file; of a CSV file those with other cells than the first come last."""
    if file.suffix == ".csv":
        with file.open(newline="", encoding="utf-8", errors="replace") as lines:
            head, *rows = csv.reader(lines)
        whole = [row for row in rows if len(row) == len(head)]
        yield from (dict(zip(head, row, strict=True)) for row in whole)
        yield from ({} for row in rows if row and len(row) != len(head))
        return
    for batch in pq.ParquetFile(file).iter_batches(16_384):
        yield from batch.to_pylist()


def lines(file: Path) -> Iterator[bytes]:
    """Return the lines of a file, gzipped or plain."""
    with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as lines:
        yield from lines


def named(article: dict[str, Any]) -> tuple[str, str]:
    """Return an article's url and title as they are published.

    A text without a title is known by its first 200 characters, in one line; what is no character
    is shown as one that is missing.
    """
    text = article.get("content") or ""
    title = article.get("title") or " ".join(text[:200].split())
    url, title = (
        "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in said)
        for said in (article.get("url") or "", title)
    )
    return url, title
