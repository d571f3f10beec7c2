"""Files of bars as columns, a batch at a time: what the columnar loop is fed.

Parquet or CSV with ticker, timestamp (or ts: start, UTC), open, high, low, close and volume. A
file sorted by time and ticker is streamed; any other is sorted in memory first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from connectors.market.calendar import new_york_sessions
from connectors.market.input_files import BAR_COLUMNS, InputUnusable
from messages.market import INTERVALS
from messages.units import MICROSECOND, UNITS_PER_DOLLAR, to_micros
from operators.columns.bars import BarColumns

BATCH: Final = 65_536
MICROS: Final = pa.timestamp("us", "UTC")
TICKER: Final = r"^[A-Z0-9][A-Z0-9.\-]{0,11}$"
MAX_PRICE: Final = 10_000_000.0
Ints = NDArray[np.int64]
Row = Callable[[str], int]


@dataclass(slots=True)
class BarFile:
    """A file of bars of one interval, read again and again from its beginning.

    Attributes:
        file: .parquet or .csv.
        interval: length of each bar.
        first: bars that start before it are left out.
        last: bars that start at or after it are left out.
        refused: reason -> rows that broke the contract; counted while reading.
        first_refused: the first of them, in words.
    """

    file: Path
    interval: str = "1m"
    first: datetime | None = None
    last: datetime | None = None
    refused: dict[str, int] = field(default_factory=dict)
    first_refused: str = ""

    def total(self) -> int:
        """Return the number of rows, or 0 where only reading would tell."""
        return pq.ParquetFile(self.file).metadata.num_rows if self._is_parquet else 0

    def batches(self, row: Row) -> Iterator[BarColumns]:
        """Return the bars in order of time and ticker, whole moments only.

        Args:
            row: gives a ticker's row in the loop; called once for each new ticker.

        Raises:
            InputUnusable: the file is missing, unreadable, or lacks a column.
        """
        self.refused.clear()
        known: dict[str, int] = {}
        held: BarColumns | None = None
        for table in self._sorted():
            bars = self._columns(table, known, row)
            if not bars.size:
                continue
            if held is not None:
                bars = BarColumns(*map(np.concatenate, zip(held, bars, strict=True)))
            whole = int(np.searchsorted(bars.stamp, bars.stamp[-1], side="left"))
            held = bars.take(slice(whole, None))
            if whole:
                yield bars.take(slice(0, whole))
        if held is not None:
            yield held

    @property
    def _is_parquet(self) -> bool:
        return self.file.suffix != ".csv"

    def _sorted(self) -> Iterator[pa.Table]:
        """Return the file in order; reads it whole only when it is not sorted."""
        last: tuple[Any, str] | None = None
        for table in self._tables():
            if last is not None and not _follows(table, last):
                break
            if not _is_sorted(table):
                break
            if len(table):
                last = (table["ts"][-1].value, table["ticker"][-1].as_py())
        else:
            yield from self._tables()
            return
        every = pa.concat_tables(list(self._tables()))
        ordered = every.sort_by([("ts", "ascending"), ("ticker", "ascending")])
        for start in range(0, len(ordered), BATCH):
            yield ordered.slice(start, BATCH)

    def _tables(self) -> Iterator[pa.Table]:
        names = ["ticker", "open", "high", "low", "close", "volume"]
        for batch in self._batches():
            table = pa.Table.from_batches([batch])
            ts = _ts(table)
            if ts is None or any(n not in table.column_names for n in names):
                wanted = ", ".join(("timestamp (or ts)", *BAR_COLUMNS))
                reason = f"{self.file}: its columns must be {wanted}."
                raise InputUnusable(reason)
            moments = table[ts].cast(MICROS, safe=False) if _has_zone(table[ts]) else None
            if moments is None:
                reason = f"{self.file}: {ts} must be times with a zone, such as 2026-03-12T13:30Z."
                raise InputUnusable(reason)
            yield table.select(names).append_column("ts", moments)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            if self._is_parquet:
                parquet = pq.ParquetFile(self.file)
                kept = {"ts", "timestamp", *BAR_COLUMNS}
                columns = [n for n in parquet.schema_arrow.names if n in kept]
                yield from parquet.iter_batches(BATCH, columns=columns)
            else:
                types = {name: pa.float64() for name in ("open", "high", "low", "close")}
                convert = pv.ConvertOptions(
                    column_types={**types, "ticker": pa.string(), "volume": pa.int64(),
                                  "ts": pa.timestamp("us", "UTC"),
                                  "timestamp": pa.timestamp("us", "UTC")}
                )  # fmt: skip
                yield from pv.open_csv(self.file, convert_options=convert)
        except (OSError, pa.ArrowException) as error:
            reason = f"{self.file} is not a readable file of bars ({error}): name another."
            raise InputUnusable(reason) from error

    def _columns(self, table: pa.Table, known: dict[str, int], row: Row) -> BarColumns:
        start = table["ts"].cast(pa.int64()).to_numpy()
        names = table["ticker"].combine_chunks().dictionary_encode()
        prices = {
            n: table[n].to_numpy().astype(np.float64) for n in ("open", "high", "low", "close")
        }
        volume = table["volume"].to_numpy()
        good = self._good(table, prices, volume)
        if self.first is not None:
            good &= start >= to_micros(self.first)
        if self.last is not None:
            good &= start < to_micros(self.last)
        rows = np.zeros(max(1, len(names.dictionary)), np.int64)
        used = set(np.unique(names.indices.to_numpy(zero_copy_only=False)[good]).tolist())
        for i, name in enumerate(names.dictionary.to_pylist()):
            if i in used:
                if name not in known:
                    known[name] = row(name)
                rows[i] = known[name]
        code = rows[names.indices.to_numpy(zero_copy_only=False)[good]]
        begins = start[good]
        ends = self._ends(begins)
        units = {n: np.rint(prices[n][good] * UNITS_PER_DOLLAR).astype(np.int64) for n in prices}
        return BarColumns(
            code,
            ends,
            begins,
            ends,
            units["open"],
            units["high"],
            units["low"],
            units["close"],
            volume[good].astype(np.int64),
        )

    def _ends(self, begins: Ints) -> Ints:
        """Return when bars are known: at their ends; daily ones at their session's close."""
        ends = begins + INTERVALS[self.interval] // MICROSECOND
        if self.interval == "1d":
            closes = np.append(np.array(new_york_sessions().closes, np.int64), ends.max(initial=0))
            close = closes[np.searchsorted(closes[:-1], begins, side="left")]
            ends = np.where(close < ends, close, ends)
        return ends

    def _good(self, table: pa.Table, prices: dict[str, Any], volume: Any) -> Any:
        """Tell which rows keep the contract of a bar; count and name those that do not."""
        low, high = prices["low"], prices["high"]
        values = np.stack(list(prices.values()))
        with np.errstate(invalid="ignore"):
            numbers = np.isfinite(values).all(axis=0) & (values > 0).all(axis=0)
            numbers &= (values <= MAX_PRICE).all(axis=0)
            numbers &= np.isfinite(volume) & (volume >= 0)
            inside = (low <= prices["open"]) & (prices["open"] <= high)
            inside &= (low <= prices["close"]) & (prices["close"] <= high)
            exact = (np.rint(values * UNITS_PER_DOLLAR) / UNITS_PER_DOLLAR == values).all(axis=0)
        named = pc.fill_null(pc.match_substring_regex(table["ticker"], TICKER), False)
        good = np.ones(len(table), bool)
        for reason, holds in (
            ("MALFORMED", numbers & named.to_numpy() & table["ts"].is_valid().to_numpy()),
            ("OUTSIDE_RANGE", inside),
            ("PRECISION", exact),
        ):
            bad = good & ~holds
            if count := int(bad.sum()):
                self.refused[reason] = self.refused.get(reason, 0) + count
                if not self.first_refused:
                    at = int(bad.argmax())
                    self.first_refused = f"{reason}: {table.slice(at, 1).to_pylist()[0]}"
            good &= ~bad
        return good


def _ts(table: pa.Table) -> str | None:
    return next((n for n in ("ts", "timestamp") if n in table.column_names), None)


def _has_zone(column: pa.ChunkedArray) -> bool:
    return pa.types.is_timestamp(column.type) and column.type.tz is not None


def _is_sorted(table: pa.Table) -> bool:
    ts, ticker = table["ts"].cast(pa.int64()).to_numpy(), table["ticker"].combine_chunks()
    later = np.diff(ts)
    if (later < 0).any():
        return False
    same = np.nonzero(later == 0)[0]
    if not same.size:
        return True
    left, right = ticker.take(pa.array(same)), ticker.take(pa.array(same + 1))
    return bool(pc.all(pc.less_equal(left, right)).as_py())


def _follows(table: pa.Table, last: tuple[Any, str]) -> bool:
    return not len(table) or (table["ts"][0].value, table["ticker"][0].as_py()) >= last
