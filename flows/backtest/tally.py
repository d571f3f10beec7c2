"""What a backtest keeps of the rows its loop writes: counts, fills and the equity curve.

Memory grows with the fills and the snapshots, not with the bars.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from operators.columns import layout
from operators.columns.fingerprint import fingerprint
from operators.columns.layout import (
    ACCEPTED,
    BY_STOP,
    CODES,
    DECISION,
    EXPIRY,
    FILL,
    NONE,
    R_CASH,
    R_CAUSE,
    R_CODE,
    R_FEE,
    R_KIND,
    R_ORDER,
    R_PNL,
    R_PRICE,
    R_QTY,
    R_ROW,
    R_STAMP,
    R_TICKER,
    R_TRADE,
    R_VALUE,
    R_WIDTH,
    SNAPSHOT,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
UNATTRIBUTED: Final = "unattributed"
# One row per round trip: its first fill's place, and sums over its fills.
(C_FIRST, C_HELD, C_QTY, C_COST, C_FEES, C_PNL, C_LAST) = range(7)
C_WIDTH: Final = 7


class Trade(NamedTuple):
    """A closed round trip; money in units, times in microseconds.

    Attributes:
        code: row of the ticker.
        qty: signed shares that were bought, or sold short.
        entry: their mean price; exit: the last fill's.
        pnl: realised, commissions of both sides included.
        fees: of both sides.
        credit: strategy -> share of the credit; the shares sum to 1.
        by: `signal` or `stop`.
    """

    code: int
    qty: int
    opened: int
    closed: int
    entry: int
    exit: int
    pnl: int
    fees: int
    credit: dict[str, float]
    by: str


class Tally:
    """Takes the loop's rows in order.

    Attributes:
        fills: executions.
        codes: code -> what signals asked for and it denied.
        stops: exits that a stop asked for.
        asked: signals.
        expired: orders that ended without a fill.
    """

    def __init__(self, weights: dict[str, float], names: Sequence[str]) -> None:
        """Start empty.

        Args:
            weights: of the strategies, for the credit.
            names: of the strategies, in the order of their votes.
        """
        self._weights = [(s, weights.get(s, 0.0)) for s in names]
        self.fills = self.stops = self.asked = self.expired = 0
        self.codes: Counter[str] = Counter()
        self._snapshots: list[Ints] = []
        self._fills: list[Ints] = []
        self._behind: list[tuple[Ints, Floats]] = []  # accepted orders, and the votes behind them
        self._stopping: list[Ints] = []  # orders that a stop placed

    def take(self, rows: Ints, votes: Floats) -> None:
        """Add rows; votes are those of the step's events."""
        kind = rows[:, R_KIND]
        self._decisions(rows[kind == DECISION], votes)
        self.expired += int((kind == EXPIRY).sum())
        fills = rows[kind == FILL]
        self.fills += len(fills)
        if len(fills):
            self._fills.append(fills)
        seen = rows[kind == SNAPSHOT]
        if len(seen):
            self._snapshots.append(seen[:, [R_STAMP, R_CASH, R_VALUE]])

    def curve(self) -> Ints:
        """Return (stamp, cash, value of positions) of every snapshot, in order."""
        return np.concatenate(self._snapshots) if self._snapshots else np.zeros((0, 3), np.int64)

    def executions(self) -> Ints:
        """Return the rows of all fills, in order."""
        return np.concatenate(self._fills) if self._fills else np.zeros((0, R_WIDTH), np.int64)

    def closed(self) -> Ints:
        """Return one row per closed round trip, in order of their ends."""
        fills = self.executions()
        if not len(fills):
            return np.zeros((0, C_WIDTH), np.int64)
        trips = np.zeros((int(fills[:, R_TRADE].max()) + 1, C_WIDTH), np.int64)
        trips[:, C_FIRST] = trips[:, C_LAST] = -1
        pair(fills, trips)
        ended = trips[trips[:, C_LAST] >= 0]
        return ended[np.argsort(ended[:, C_LAST], kind="stable")]

    def trades(self) -> Iterator[Trade]:
        """Return the closed round trips, in order of their ends."""
        fills = self.executions()
        stopping = {order for orders in self._stopping for order in orders.tolist()}
        behind = {
            order: found
            for orders, votes in self._behind
            for order, found in zip(orders.tolist(), votes.tolist(), strict=True)
        }
        for trip in self.closed().tolist():
            first, last = fills[trip[C_FIRST]], fills[trip[C_LAST]]
            qty, order = trip[C_QTY], int(last[R_ORDER])
            yield Trade(
                int(first[R_TICKER]), qty, int(first[R_STAMP]), int(last[R_STAMP]),
                trip[C_COST] // qty, int(last[R_PRICE]), trip[C_PNL], trip[C_FEES],
                self._credit(behind.get(int(first[R_ORDER])), qty),
                "stop" if order in stopping else "signal",
            )  # fmt: skip

    def _decisions(self, rows: Ints, votes: Floats) -> None:
        stops = rows[:, R_CAUSE] == BY_STOP
        accepted = rows[:, R_CODE] == ACCEPTED
        self.stops += int(stops.sum())
        self.asked += int((~stops).sum())
        # A signal on the bar that stopped the position out is not asked: it is gone.
        beside = np.isin(rows[:, R_ROW], rows[stops, R_ROW])
        denied = ~accepted & ~stops & ~beside
        for code, count in enumerate(np.bincount(rows[denied, R_CODE])):
            if count:
                self.codes[CODES[code]] += int(count)
        self._stopping.append(rows[accepted & stops, R_ORDER])
        asked = rows[accepted & ~stops]
        self._behind.append((asked[:, R_ORDER], votes[asked[:, R_ROW]]))

    def _credit(self, votes: list[float] | None, qty: int) -> dict[str, float]:
        """Split the credit over the strategies that voted the entry's way, as outcomes do."""
        backing = {
            strategy: abs(vote) * weight
            for (strategy, weight), vote in zip(
                self._weights, votes or (), strict=votes is not None
            )
            if vote * qty > 0 and weight > 0
        }
        total = sum(backing.values())
        if total == 0.0:
            return {UNATTRIBUTED: 1.0}
        return {strategy: part / total for strategy, part in backing.items()}


def _compiled(version: str) -> Callable[..., None]:
    """Return the pairing; the version is in the key of the compiler's cache."""

    @njit(cache=True)
    def pair(fills: Ints, trips: Ints) -> None:
        """Put fills together to round trips.

        Args:
            fills: in order.
            trips: (trades, C_WIDTH), C_FIRST and C_LAST at -1, the rest at 0.
        """
        for i in range(fills.shape[0] if version else 0):
            f = fills[i]
            c = trips[f[R_TRADE]]
            if c[C_FIRST] < 0:
                c[C_FIRST] = i
            c[C_FEES] += f[R_FEE]
            c[C_HELD] += f[R_QTY]
            if f[R_PNL] == NONE:
                c[C_QTY] += f[R_QTY]
                c[C_COST] += f[R_QTY] * f[R_PRICE]
            else:
                c[C_PNL] += f[R_PNL]
                if c[C_HELD] == 0:
                    c[C_LAST] = i

    return pair


pair = _compiled(fingerprint(layout))
