"""A file of bars row by row, in the order of the log: what a played run admits.

The same judged rows as the backtest's columns (`bar_file`); a refused one comes with its reason.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from connectors.market.bar_rules import PRICES, REASONS, in_words, judge_rows
from connectors.market.bar_tables import ROW, BarTables, row_of
from connectors.market.input_files import Rows
from messages.units import to_datetime, to_dollars
from operators.admission import InputRow


def bar_rows(file: Path, interval: str = "1m") -> Rows:
    """Return a reader of a file of bars, from any place on, refused rows included.

    Args:
        file: .parquet or .csv.
        interval: of its bars, as surveyed before.

    Raises:
        InputUnusable: the file is missing, unreadable, or lacks a column.
    """
    tables = BarTables(file)
    next(tables.read(), None)  # tells now what is wrong with the file

    def read(start: int) -> Iterator[InputRow]:
        place = 0
        for table in tables.read():
            if place + len(table) > start:
                yield from _rows(table.slice(max(0, start - place)), interval)
            place += len(table)
        for number, text in tables.broken:
            if place >= start:
                refusal = ("MALFORMED", f"line {number} has other cells than the first")
                yield InputRow(place, None, text.encode(), refusal)
            place += 1

    return read


def _rows(table: pa.Table, interval: str) -> Iterator[InputRow]:
    judged = judge_rows(table, interval)
    prices = zip(*(judged.prices[name].tolist() for name in PRICES), strict=True)
    columns = zip(
        table[ROW].to_pylist(), judged.reason.tolist(), judged.ticker.to_pylist(),
        judged.start.tolist(), judged.end.tolist(), prices, judged.volume.tolist(), strict=True,
    )  # fmt: skip
    for j, (number, reason, ticker, start, end, price, volume) in enumerate(columns):
        if reason:
            row = row_of(table, j)
            yield InputRow(number, row, b"", (REASONS[reason], in_words(reason, row)))
            continue
        values = dict(
            zip(PRICES, map(to_dollars, price), strict=True), ticker=ticker, volume=volume
        )
        values |= {"timestamp": to_datetime(start), "end": to_datetime(end)}
        yield InputRow(number, values)
