"""The length of a file's bars, read off their distances; and whether a stated length can be true.

Distances are taken within a day, ticker by ticker. A ticker's day speaks for a length when it has
at least five distances of which most are the shortest one. All that speak must agree, and every
distance must be a whole number of intervals.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from messages.market import INTERVALS
from messages.units import DAY_US, HOUR_US, MICROSECOND, MINUTE_US, SECOND_US, to_datetime

ENOUGH: Final = 5  # distances of a ticker's day
FEW: Final = 3  # distances in all, where no ticker's day has enough
DAYS_APART: Final = 20 * HOUR_US
LENGTHS: Final = {name: length // MICROSECOND for name, length in INTERVALS.items()}
INTRADAY: Final = {length: name for name, length in LENGTHS.items() if name != "1d"}
Ints = NDArray[np.int64]
# Per ticker: last start, its day, distances of that day, the shortest, how many are the shortest.
LAST, DAY, COUNT, SHORTEST, AT_SHORTEST = range(5)
NEVER: Final = -(2**62)
# What a batch adds up: see `Distances`.
SPOKEN, WITHIN, COMMON, NEAREST, WHO, WHEN, PAIRS = range(7)


@dataclass(slots=True)
class Distances:
    """What the distances between a file's bars show; filled batch by batch.

    Attributes:
        tickers: per ticker, the day under way.
        spoken: length -> days of tickers that speak for it, microseconds.
        within_a_day: distance -> how often.
        common: greatest common divisor of all distances within a day.
        shortest: of all; 2**62 without any.
        where: row of the ticker and stamp of the shortest.
        pairs: distances in all, days included.
    """

    tickers: Ints = field(default_factory=lambda: np.full((0, 5), NEVER, np.int64))
    spoken: dict[int, int] = field(default_factory=dict)
    within_a_day: dict[int, int] = field(default_factory=dict)
    common: int = 0
    shortest: int = 2**62
    where: tuple[int, int] = (0, 0)
    pairs: int = 0

    def look(self, code: Ints, start: Ints) -> None:
        """Take the next bars, in order of time."""
        if not code.size:
            return
        top = int(code.max()) + 1
        if top > len(self.tickers):
            more = np.full((2 * top - len(self.tickers), 5), NEVER, np.int64)
            self.tickers = np.concatenate([self.tickers, more])
        spoken, within = np.zeros(code.size + 1, np.int64), np.zeros(code.size, np.int64)
        sums = np.array([0, 0, self.common, self.shortest, *self.where, self.pairs], np.int64)
        _look(code, start, self.tickers, spoken, within, sums)
        _count(spoken[: int(sums[SPOKEN])], self.spoken)
        _count(within[: int(sums[WITHIN])], self.within_a_day)
        _, _, self.common, self.shortest, k, at, self.pairs = sums.tolist()
        self.where = (k, at)

    def finish(self) -> None:
        """Let the last day of each ticker speak."""
        count, at = self.tickers[:, COUNT], self.tickers[:, AT_SHORTEST]
        speaks = (count >= ENOUGH) & (2 * at > count)
        _count(self.tickers[speaks, SHORTEST], self.spoken)
        self.tickers[:, COUNT] = 0

    def usual(self, enough: int) -> int:
        """Return the distance of most bars within a day; 0 without one, or with too few bars."""
        every = sum(self.within_a_day.values())
        most = max(self.within_a_day, key=self.within_a_day.__getitem__, default=0)
        return most if every >= enough and 2 * self.within_a_day[most] > every else 0


def _count(lengths: Ints, into: dict[int, int]) -> None:
    for length, times in zip(*np.unique(lengths, return_counts=True), strict=True):
        into[int(length)] = into.get(int(length), 0) + int(times)


@njit(cache=True)
def _look(code: Ints, start: Ints, tickers: Ints, spoken: Ints, within: Ints, sums: Ints) -> None:
    for j in range(code.size):
        t = tickers[code[j]]
        distance = start[j] - t[LAST]
        day = start[j] // DAY_US
        if t[LAST] == NEVER or distance <= 0:
            if t[LAST] == NEVER:
                t[LAST], t[DAY], t[COUNT] = start[j], day, 0
            continue
        t[LAST] = start[j]
        sums[PAIRS] += 1
        if distance < sums[NEAREST]:
            sums[NEAREST], sums[WHO], sums[WHEN] = distance, code[j], start[j]
        if t[DAY] != day:
            if t[COUNT] >= ENOUGH and 2 * t[AT_SHORTEST] > t[COUNT]:
                spoken[sums[SPOKEN]] = t[SHORTEST]
                sums[SPOKEN] += 1
            t[DAY], t[COUNT] = day, 0
            continue
        within[sums[WITHIN]] = distance
        sums[WITHIN] += 1
        a, b = sums[COMMON], distance
        while b:
            a, b = b, a % b
        sums[COMMON] = a
        if t[COUNT] == 0 or distance < t[SHORTEST]:
            t[SHORTEST], t[AT_SHORTEST] = distance, 0
        t[COUNT] += 1
        t[AT_SHORTEST] += distance == t[SHORTEST]


def infer(found: Distances, *, within_sessions: bool) -> tuple[str, str]:
    """Return the length of the bars and the empty text, or the empty text and why not.

    Args:
        found: of the whole file.
        within_sessions: a bar starts inside a session: it is no daily one.
    """
    lengths = sorted(found.spoken)
    if len(lengths) > 1:
        return "", f"it mixes bars that are {_and(lengths)} apart"
    if lengths:
        name = INTRADAY.get(lengths[0], "")
        return (name, "") if name else ("", f"its bars are {_words(lengths[0])} apart")
    if found.pairs and found.shortest >= DAYS_APART and not within_sessions:
        return "1d", ""
    if found.usual(FEW) in INTRADAY:
        return INTRADAY[found.usual(FEW)], ""
    if found.common == MINUTE_US and not found.usual(ENOUGH):
        return "1m", ""  # nothing longer fits
    return "", "it has too few bars to tell"


def contradiction(found: Distances, interval: str, *, names: list[str]) -> str:
    """Return why bars cannot be of a stated length; empty where nothing speaks against it."""
    length = LENGTHS[interval]
    if len(found.spoken) > 1:
        return f"it mixes bars that are {_and(sorted(found.spoken))} apart"
    for spoken in found.spoken:
        if spoken != length:
            return f"its bars are {_words(spoken)} apart, not {interval}"
    if (usual := found.usual(ENOUGH)) and usual != length:
        return f"most of its bars are {_words(usual)} apart, not {interval}"
    if interval == "1d":
        return ""
    if found.shortest < length:
        k, at = found.where
        return (
            f"{names[k]} has two bars {_words(found.shortest)} apart "
            f"({to_datetime(at):%F %T} UTC is the second), and one of {interval} is longer"
        )
    if found.pairs >= FEW and found.shortest >= DAYS_APART:
        return f"its bars are days apart, not {interval}"
    if found.common % length:
        return f"its bars are not a whole number of {interval} apart"
    return ""


def _and(lengths: list[int]) -> str:
    return " and ".join(_words(length) for length in lengths)


def _words(length: int) -> str:
    for size, unit in ((DAY_US, "day"), (HOUR_US, "hour"), (MINUTE_US, "minute")):
        if length % size == 0:
            return f"{length // size} {unit}" + ("s" if length > size else "")
    return f"{length / SECOND_US:g} seconds"
