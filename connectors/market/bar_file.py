"""A file of bars of one interval: surveyed once, then read as columns for the backtest's loop."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from connectors.market.bar_rules import Judged, judge_rows
from connectors.market.bar_survey import BarSurvey, Row, codes_of, survey
from connectors.market.bar_tables import BarTables
from messages.units import to_micros
from operators.columns.bars import BarColumns


class BarFile:
    """A file of bars, read again and again from its beginning.

    Attributes:
        file, stated, first, last: as given.
    """

    def __init__(
        self, file: Path, interval: str = "", first: datetime | None = None,
        last: datetime | None = None, *, given: bool = False,
    ) -> None:  # fmt: skip
        """Take a file; nothing is opened yet.

        Args:
            file: .parquet or .csv.
            interval: of its bars; empty: read off the file.
            first: bars that start before it are left out.
            last: bars that start at or after it are left out.
            given: the interval is stored with the bars: it is believed.
        """
        self.file, self.stated, self._given = file, interval, given
        self.first, self.last = first, last
        self._tables = BarTables(file)
        self._survey: BarSurvey | None = None

    def total(self) -> int:
        """Return the number of rows, or 0 where only reading would tell."""
        return self._tables.rows

    def between(self, first: datetime | None, last: datetime | None) -> "BarFile":
        """Return the same file, cut; what was surveyed stays known."""
        other = BarFile(self.file, self.stated, first, last, given=self._given)
        other._tables, other._survey = self._tables, self._survey
        return other

    def survey(self) -> BarSurvey:
        """Return what the file holds; reads it once.

        Raises:
            InputUnusable: the file is missing, unreadable, lacks a column; nothing of it is a bar;
                its interval cannot be told, or is not the stated one.
        """
        if self._survey is None:
            self._survey = survey(self._tables, self.stated, given=self._given)
        return self._survey

    def batches(self, row: Row) -> Iterator[BarColumns]:
        """Return the good bars in order of time and ticker, whole moments only.

        Args:
            row: gives a ticker's row in the loop; called once for each new ticker.

        Raises:
            InputUnusable: as `survey`.
        """
        interval = self.survey().interval
        known: dict[str, int] = {}
        held: BarColumns | None = None
        for table in self._tables.read():
            bars = self._columns(judge_rows(table, interval), known, row)
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

    def _columns(self, judged: Judged, known: dict[str, int], row: Row) -> BarColumns:
        good = judged.reason == 0
        if self.first is not None:
            good &= judged.start >= to_micros(self.first)
        if self.last is not None:
            good &= judged.start < to_micros(self.last)
        code = codes_of(judged, known, good, row)
        ends, prices = judged.end[good], {n: p[good] for n, p in judged.prices.items()}
        return BarColumns(
            code, ends, judged.start[good], ends, prices["open"], prices["high"], prices["low"],
            prices["close"], judged.volume[good],
        )  # fmt: skip
