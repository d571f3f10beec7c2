"""Files of bars as Arrow tables in the order of the log: by time, then by ticker.

Parquet or CSV. A file in order is streamed; any other is sorted in memory. CSV cells stay text
until they are judged, so that a bad one costs its row and not the file.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from connectors.market.bar_rules import (
    COLUMNS,
    NOWHEN,
    TIMES,
    has_zone,
    holds_numbers,
    holds_text,
    moments_of,
    tickers_of,
)
from connectors.market.input_files import InputUnusable

BATCH: Final = 65_536
SHOWN: Final = 200  # characters of why a file cannot be read: Arrow quotes it
ROW: Final = "row number of the file"  # a column of that name is added
UNREADABLE: Final = (OSError, EOFError, pa.ArrowException, UnicodeError)


class BarTables:
    """The rows of one file.

    Attributes:
        broken: (row number, text) of lines of a CSV file with too many or too few cells; known
            once the file was read.
    """

    def __init__(self, file: Path) -> None:
        """Take a file; nothing is opened yet."""
        self.file = file
        self.broken: list[tuple[int, str]] = []
        self._in_order: bool | None = None
        self._whole: pa.Table | None = None

    @property
    def rows(self) -> int:
        """Return the number of rows, or 0 where only reading would tell."""
        if self._is_csv:
            return 0
        with self.file.open("rb") as opened:
            return int(pq.ParquetFile(opened).metadata.num_rows)

    def read(self) -> Iterator[pa.Table]:
        """Return the rows in order, at most `BATCH` at a time, each with its number.

        Raises:
            InputUnusable: the file is missing, unreadable, lacks a column or times with a zone.
        """
        try:
            if self._in_order is None:
                self._in_order = self._is_in_order()
            if self._in_order:
                yield from self._tables()
                return
            if self._whole is None:
                self._whole = _sorted(pa.concat_tables(list(self._tables())))
        except UNREADABLE as error:
            why = " ".join(str(error).split())[:SHOWN]
            reason = f"{self.file} is not a readable file of bars ({why}): name another."
            raise InputUnusable(reason) from error
        for start in range(0, len(self._whole), BATCH):
            yield self._whole.slice(start, BATCH)

    @property
    def _is_csv(self) -> bool:
        return self.file.suffix == ".csv"

    def _is_in_order(self) -> bool:
        last: tuple[int, str] | None = None
        for table in self._tables():
            start, ticker = moments_of(table), tickers_of(table)
            placed = np.nonzero(start != NOWHEN)[0]
            if not placed.size:
                continue
            start, ticker = start[placed], ticker.take(_column(placed))
            if last is not None and (int(start[0]), ticker[0].as_py()) < last:
                return False
            later = np.diff(start)
            if (later < 0).any():
                return False
            same = np.nonzero(later == 0)[0]
            left, right = ticker.take(_column(same)), ticker.take(_column(same + 1))
            if same.size and not pc.all(pc.less_equal(left, right)).as_py():
                return False
            last = int(start[-1]), ticker[-1].as_py()
        return True

    def _tables(self) -> Iterator[pa.Table]:
        number = 0
        with self.file.open("rb") as opened:
            for batch in self._batches(opened):
                table = pa.Table.from_batches([batch])
                self._check(table.schema)
                kept = [n for n in table.column_names if n in {*TIMES, *COLUMNS}]
                numbers = _column(np.arange(number, number + len(table)))
                number += len(table)
                yield table.select(kept).append_column(ROW, numbers)

    def _batches(self, opened: Any) -> Iterator[pa.RecordBatch]:
        if not self._is_csv:
            parquet = pq.ParquetFile(opened)
            kept = {*TIMES, *COLUMNS}
            names = [n for n in parquet.schema_arrow.names if n in kept]
            self._check(parquet.schema_arrow)
            yield from parquet.iter_batches(BATCH, columns=names)
            return
        self.broken.clear()
        raw = dict.fromkeys((*TIMES, *COLUMNS), pa.binary())
        for batch in pv.open_csv(
            opened,
            parse_options=pv.ParseOptions(invalid_row_handler=self._skip),
            convert_options=pv.ConvertOptions(column_types=raw, strings_can_be_null=True),
        ):
            columns = [_text(column) for column in batch.columns]
            yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)

    def _skip(self, row: pv.InvalidRow) -> str:
        self.broken.append((row.number if row.number is not None else -1, row.text))
        return "skip"

    def _check(self, schema: pa.Schema) -> None:
        for name in (*TIMES, *COLUMNS):
            if schema.names.count(name) > 1:
                reason = f"{self.file} has more than one column {name}: name another file."
                raise InputUnusable(reason)
        time = next((name for name in TIMES if name in schema.names), None)
        missing = [name for name in COLUMNS if name not in schema.names]
        if time is None or missing:
            lacks, wanted = ", ".join(missing or ["timestamp"]), ", ".join(COLUMNS)
            reason = f"{self.file} lacks {lacks}: its columns must be timestamp (or ts), {wanted}."
            raise InputUnusable(reason)
        if not has_zone(schema.field(time).type):
            reason = f"{self.file}: {time} must be times with a zone, such as 2026-03-12T13:30Z."
            raise InputUnusable(reason)
        for name in COLUMNS:
            kind, what = schema.field(name).type, "text" if name == "ticker" else "numbers"
            if not holds_text(kind) and (name == "ticker" or not holds_numbers(kind)):
                reason = f"{self.file}: its column {name} holds {kind}, not {what}: name another."
                raise InputUnusable(reason)


def _text(column: pa.Array) -> pa.Array:
    """Return the cells of a CSV column as text; bytes that are none are seen to be wrong later."""
    if not pa.types.is_binary(column.type):
        return column
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        cells = [None if c is None else c.decode(errors="replace") for c in column.to_pylist()]
        return pa.array(cells, pa.string())


def _sorted(table: pa.Table) -> pa.Table:
    """Return rows by time and ticker, those without a time at the end; neighbours keep order."""
    start = moments_of(table)
    unplaced = _column((start == NOWHEN).astype(np.int64))
    keys = pa.table({"unplaced": unplaced, "start": _column(start), "ticker": tickers_of(table),
                     "row": table[ROW]})  # fmt: skip
    order = pc.sort_indices(keys, [(name, "ascending") for name in keys.column_names])
    return table.take(order)


def _column(values: NDArray[np.int64]) -> pa.Array:
    """Return numbers as an Arrow column; for `pa.array`, Arrow would import pandas."""
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def row_of(table: pa.Table, at: int) -> dict[str, Any]:
    """Return one row as the file has it."""
    found: dict[str, Any] = table.slice(at, 1).to_pylist()[0]
    del found[ROW]
    return found
