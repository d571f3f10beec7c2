"""Slices of recorded input, written where a test may read them."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FROM = datetime(2026, 3, 19, tzinfo=UTC)
TO = datetime(2026, 3, 21, tzinfo=UTC)


def cut_bars(source: Path, target: Path, first: datetime = FROM, last: datetime = TO) -> Path:
    """Keep the bars that start from `first` up to `last`."""
    table = pq.read_table(source)
    moments = table["timestamp"].cast(pa.timestamp("us", "UTC"))
    kept = pc.and_(
        pc.greater_equal(moments, pa.scalar(first, pa.timestamp("us", "UTC"))),
        pc.less(moments, pa.scalar(last, pa.timestamp("us", "UTC"))),
    )
    pq.write_table(table.filter(kept), target)
    return target


def cut_news(source: Path, target: Path, first: datetime = FROM, last: datetime = TO) -> Path:
    """Keep the lines whose `published_at` lies from `first` up to `last`."""
    low, high = f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"
    with gzip.open(source, "rt") as lines, gzip.open(target, "wt") as out:
        for line in lines:
            day = line.split('"published_at": "')[1][:10]
            if low <= day < high:
                out.write(line)
    return target
