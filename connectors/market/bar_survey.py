"""What a file of bars holds, found by reading it once: interval, refused and rounded rows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from connectors.market.bar_rules import NOWHEN, REASONS, Judged, in_words, judge_rows
from connectors.market.bar_tables import BarTables, row_of
from connectors.market.calendar import new_york_sessions
from connectors.market.daily_bars import is_weekend
from connectors.market.input_files import InputUnusable
from connectors.market.interval import Distances, contradiction, infer
from messages.market import INTERVALS
from messages.units import to_datetime
from operators.trading.session_columns import within

Ints = NDArray[np.int64]
Row = Callable[[str], int]
KNOWN: Final = ", ".join(INTERVALS)


@dataclass(frozen=True, slots=True)
class BarSurvey:
    """What a file of bars holds.

    Attributes:
        interval: of its bars.
        inferred: the interval was read off the bars.
        rows: good ones.
        first: start of the first good bar, microseconds; last: of the last one.
        refused: reason -> rows.
        first_refused: the first of them, in words.
        rounded: rows with a price of more than four decimals, rounded to 1/10,000 dollar.
        whole: rows with a fractional volume, rounded to whole shares.
    """

    interval: str
    inferred: bool = False
    rows: int = 0
    first: int = 0
    last: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    first_refused: str = ""
    rounded: int = 0
    whole: int = 0


def survey(tables: BarTables, stated: str, *, given: bool) -> BarSurvey:
    """Read a file once, before anything is decided.

    Args:
        tables: its rows.
        stated: interval of its bars; empty: read off them.
        given: the interval is stored with the bars: it is believed.

    Raises:
        InputUnusable: nothing of it is a bar; its interval cannot be told, or is not the stated
            one; daily bars are stamped so that they mean other days.
    """
    codes: dict[str, int] = {}
    distances, found, sessions = Distances(), _Counts(), new_york_sessions()
    for table in tables.read():
        judged = judge_rows(table, "1m")  # daily bars have rules of their own, below
        found.take(table, judged)
        good = judged.reason == 0
        code = codes_of(judged, codes, good)
        distances.look(code, judged.start[good])
        found.within = found.within or bool(within(sessions, judged.start[good]).any())
    distances.finish()
    for number, text in tables.broken:
        found.broken(number, text)
    names = list(codes)
    if not found.rows:
        reason = f"{tables.file} has no row that is a bar{found.told()}: name another."
        raise InputUnusable(reason)
    interval, inferred = (
        _interval(tables, distances, names, found.within, stated, given=given),
        not stated,
    )
    if interval == "1d":
        found = _daily(tables, names)
    return BarSurvey(
        interval, inferred, found.rows, found.first, found.last, found.refused,
        found.first_refused, found.rounded, found.whole,
    )  # fmt: skip


def _interval(
    tables: BarTables, distances: Distances, names: list[str], within: bool, stated: str, *,
    given: bool,
) -> str:  # fmt: skip
    if given:
        return stated
    if stated:
        why = contradiction(distances, stated, names=names)
        if why:
            reason = f"{tables.file} holds no bars of {stated}: {why}. Name another "
            reason += "--interval, or leave it out."
            raise InputUnusable(reason)
        return stated
    interval, why = infer(distances, within_sessions=within)
    if interval:
        why = contradiction(distances, interval, names=names)
    if why:
        reason = f"{tables.file} does not show its interval: {why}. Name one of {KNOWN} with "
        reason += "--interval, and one file for each."
        raise InputUnusable(reason)
    return interval


def _daily(tables: BarTables, names: list[str]) -> "_Counts":
    """Survey again by the rules of daily bars.

    Raises:
        InputUnusable: their stamps are in a zone where they mean other days than they say.
    """
    found, codes = _Counts(), dict[str, int]()
    last = np.full((len(names), 2), NOWHEN, np.int64)  # per ticker: day, start
    for table in tables.read():
        judged = judge_rows(table, "1d")
        found.take(table, judged)
        weekend = (judged.reason == REASONS.index("NO_SESSION")) & is_weekend(judged.day)
        wrong = judged.within | weekend
        if wrong.any():
            at = int(wrong.argmax())
            _refuse_stamps(tables, judged, at, "lies in a session" if judged.within[at]
                                else "means a day of a weekend")  # fmt: skip
        good = np.nonzero(judged.reason == 0)[0]
        code = codes_of(judged, codes, judged.reason == 0)
        second = _second_of_a_day(code, judged.day[good], judged.start[good], last)
        if second is not None:
            _refuse_stamps(tables, judged, int(good[second]), "gives it two bars in one session")
    for number, text in tables.broken:
        found.broken(number, text)
    if not found.rows:
        reason = f"{tables.file} has no row that is a daily bar{found.told()}: name another."
        raise InputUnusable(reason)
    return found


def _refuse_stamps(tables: BarTables, judged: Judged, at: int, why: str) -> None:
    start = to_datetime(int(judged.start[at]))
    reason = (
        f"{tables.file}: a daily bar of {judged.ticker[at]}, stamped {start:%F %H:%M} UTC, {why}"
        ". Stamp daily bars with the midnight before their session, in New York or in UTC."
    )
    raise InputUnusable(reason)


class _Counts:
    """Counts rows by what became of them."""

    def __init__(self) -> None:
        self.rows = self.first = self.last = self.rounded = self.whole = 0
        self.refused: dict[str, int] = {}
        self.first_refused = ""
        self.within = False

    def take(self, table: pa.Table, judged: Judged) -> None:
        good = judged.start[judged.reason == 0]
        if good.size:
            self.first = int(good[0]) if not self.rows else self.first
            self.last, self.rows = int(good[-1]), self.rows + int(good.size)
        self.rounded += int(judged.rounded.sum())
        self.whole += int(judged.whole.sum())
        bad = np.nonzero(judged.reason)[0]
        for number, count in zip(*np.unique(judged.reason[bad], return_counts=True), strict=True):
            name = REASONS[number]
            self.refused[name] = self.refused.get(name, 0) + int(count)
        if bad.size and not self.first_refused:
            at = int(bad[0])
            self.first_refused = in_words(int(judged.reason[at]), row_of(table, at))

    def broken(self, number: int, text: str) -> None:
        """Count a line that has not the right number of cells."""
        self.refused["MALFORMED"] = self.refused.get("MALFORMED", 0) + 1
        if not self.first_refused:
            self.first_refused = f"MALFORMED, line {number} has other cells than the first: {text}"

    def told(self) -> str:
        """Return what was refused, for an error."""
        if not self.refused:
            return ""
        counts = ", ".join(f"{name} {count:,}" for name, count in self.refused.items())
        return f"; refused: {counts} ({self.first_refused})"


def codes_of(
    judged: Judged, known: dict[str, int], good: NDArray[np.bool_], row: Row | None = None
) -> Ints:
    """Return the good rows' tickers as numbers; new ones are asked for, or counted on.

    Args:
        judged: rows.
        known: ticker -> number; new ones are added.
        good: which rows.
        row: gives a new ticker's number; None: the next one.
    """
    indices = judged.ticker.indices.to_numpy(zero_copy_only=False)[good].astype(np.int64)
    rows = np.zeros(max(1, len(judged.ticker.dictionary)), np.int64)
    used = set(np.unique(indices).tolist())
    for i, name in enumerate(judged.ticker.dictionary.to_pylist()):
        if i in used:
            if name not in known:
                known[name] = row(name) if row else len(known)
            rows[i] = known[name]
    found: Ints = rows[indices]
    return found


def _second_of_a_day(code: Ints, day: Ints, start: Ints, last: Ints) -> int | None:
    """Return a bar whose ticker has another one of the same day; keeps each ticker's last."""
    order = np.argsort(code, kind="stable")
    code, day, start = code[order], day[order], start[order]
    same = np.diff(code, prepend=-1) == 0
    before_day, before = np.roll(day, 1), np.roll(start, 1)
    before_day[~same], before[~same] = last[code[~same]].T
    found = np.nonzero((before_day == day) & (before != start))[0]
    last[code] = np.stack([day, start], axis=1)
    return int(order[found[0]]) if found.size else None
