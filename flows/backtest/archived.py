"""An archive's days as a backtest's input: recorded bars, and scores as they were made."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.archive.ordered_log import ArchivedLog, span_of
from connectors.archive.reading import ArchivedRun
from connectors.files import ContentDigest
from connectors.kafka.shards import Partitions
from messages.market import Bar
from messages.news import ScoredArticle
from messages.topics import MARKET_BARS, NEWS_SCORED
from messages.units import to_micros
from operators.blocks import Event


def archived_inputs(
    archive: ArchivedRun, first: str, last: str, target: Path
) -> tuple[str, list[Event]]:
    """Write the bars of some days to a Parquet file, first versions only, as operators use them.

    Of the bars that were fetched after the fact those of the days themselves are among them; those
    of earlier days, by which a live run warmed up, are not.

    Returns the SHA-256 of their rows, empty without any, and the days' scores.

    Raises:
        ArchiveDamaged: a file is not what its manifest says.
        DayNotArchived: there is no such day, or it is not over.
    """
    (begin, _), (_, end) = span_of(first), span_of(last)
    layout = archive.run.layout
    reads: Partitions = {t: layout.partitions_of(t) for t in (NEWS_SCORED, MARKET_BARS)}
    rows, scored = [], []
    for block in ArchivedLog(archive, reads, {}, first, last).blocks():
        for event in block.events:
            body = event.body
            if isinstance(body, ScoredArticle):
                scored.append(event)
            elif isinstance(body, Bar) and _is_of(body, begin, end):
                rows.append(_row(body))
    if rows:
        pq.write_table(pa.Table.from_pylist(rows), target)
    content = ContentDigest()
    for row in rows:
        content.add(row)
    return content.hex if rows else "", scored


def _is_of(bar: Bar, begin: int, end: int) -> bool:
    """Tell whether a bar is a first version, and of the days from one moment up to another."""
    return not bar.revision and begin <= to_micros(bar.event_time) < end


def _row(bar: Bar) -> dict[str, object]:
    return {
        "ticker": bar.ticker, "ts": bar.start, "open": bar.open, "high": bar.high, "low": bar.low,
        "close": bar.close, "volume": bar.volume,
    }  # fmt: skip
