"""What a backtest keeps of the rows its loop writes: counts, fills and the equity curve.

Memory grows with the fills and the snapshots, not with the bars.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from operators.columns import records
from operators.columns.records import (
    ACCEPTED,
    BY_DELISTING,
    BY_SIGNAL,
    BY_STOP,
    BY_TARGET,
    CODES,
    DECISION,
    END,
    FILL,
    NONE,
    RECORD,
    SNAPSHOT,
    Rows,
)
from operators.fingerprint import fingerprint
from operators.learning.credit import credit_shares

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
# One row per round trip: the places of its first and last fill, and sums over its fills.
TRIP: Final = np.dtype(
    [(name, np.int64) for name in ("first", "held", "qty", "cost", "fees", "pnl", "last")]
)


BY_THEMSELVES: Final = (
    (BY_STOP, "stop"), (BY_TARGET, "take_profit"), (BY_DELISTING, "delisted"),
)  # fmt: skip


class Trade(NamedTuple):
    """A closed round trip; money in units, times in microseconds.

    Attributes:
        code: row of the ticker.
        qty: signed shares that were bought, or sold short.
        entry: their mean price; exit: the last fill's.
        pnl: realised, commissions of both sides included.
        fees: of both sides.
        credit: strategy -> share of the credit; the shares sum to 1.
        by: `signal`, `stop`, `take_profit` or `delisted`.
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
        stops: exits that a stop asked for; targets: that a target did;
            delisted: that the want of bars did.
        asked: signals.
        cut: entries of which cash did not cover all when they were filled.
    """

    def __init__(self, weights: Mapping[str, float], names: Sequence[str]) -> None:
        """Start empty.

        Args:
            weights: of the strategies, for the credit.
            names: of the strategies, in the order of their votes.
        """
        self._names = names
        self.weigh(weights)
        self.fills = self.stops = self.targets = self.delisted = self.asked = self.cut = 0
        self.codes: Counter[str] = Counter()
        self._snapshots: list[Ints] = []
        self._fills: list[Rows] = []
        # Accepted orders, and the parts of the score behind them: votes x weights.
        self._behind: list[tuple[Ints, Floats]] = []
        self._by: dict[int, str] = {}  # orders that no signal placed -> what did

    def weigh(self, weights: Mapping[str, float]) -> None:
        """Take the weights of what comes from now on."""
        self._weights = np.array([weights.get(name, 0.0) for name in self._names])

    def take(self, rows: Rows, votes: Floats) -> None:
        """Add rows; votes are those of the step's events."""
        kind = rows["kind"]
        # `compress` copies whole rows; a mask in brackets copies them field by field.
        self._decisions(rows.compress(kind == DECISION), votes)
        fills = rows.compress(kind == FILL)
        self.fills += len(fills)
        if len(fills):
            self._fills.append(fills)
        self.cut += int(((kind == END) & (rows["row"] >= 0)).sum())  # without a row: at the close
        seen = rows.compress(kind == SNAPSHOT)
        if len(seen):
            self._snapshots.append(np.stack([seen["stamp"], seen["cash"], seen["value"]], axis=1))

    def curve(self) -> Ints:
        """Return (stamp, cash, value of positions) of every snapshot, in order."""
        return np.concatenate(self._snapshots) if self._snapshots else np.zeros((0, 3), np.int64)

    def executions(self) -> Rows:
        """Return the rows of all fills, in order."""
        return np.concatenate(self._fills) if self._fills else np.zeros(0, RECORD)

    def closed(self) -> Rows:
        """Return one TRIP row per closed round trip, in order of their ends."""
        fills = self.executions()
        if not len(fills):
            return np.zeros(0, TRIP)
        trips = np.zeros(int(fills["trade"].max()) + 1, TRIP)
        trips["first"] = trips["last"] = -1
        pair(fills, trips)
        ended = trips[trips["last"] >= 0]
        return ended[np.argsort(ended["last"], kind="stable")]

    def trades(self) -> Iterator[Trade]:
        """Return the closed round trips, in order of their ends."""
        fills = self.executions()
        behind = {
            order: found
            for orders, votes in self._behind
            for order, found in zip(orders.tolist(), votes.tolist(), strict=True)
        }
        for trip in self.closed():
            first, last = fills[trip["first"]], fills[trip["last"]]
            qty, order = int(trip["qty"]), int(last["order"])
            yield Trade(
                int(first["ticker"]), qty, int(first["stamp"]), int(last["stamp"]),
                int(trip["cost"]) // qty, int(last["price"]), int(trip["pnl"]), int(trip["fees"]),
                self._credit(behind.get(int(first["order"])), qty),
                self._by.get(order, "signal"),
            )  # fmt: skip

    def _decisions(self, rows: Rows, votes: Floats) -> None:
        stops = rows["cause"] != BY_SIGNAL
        accepted = rows["code"] == ACCEPTED
        self.stops += int((rows["cause"] == BY_STOP).sum())
        self.targets += int((rows["cause"] == BY_TARGET).sum())
        self.delisted += int((rows["cause"] == BY_DELISTING).sum())
        self.asked += int((~stops).sum())
        # A signal on the bar that stopped the position out is not asked: it is gone.
        beside = np.isin(rows["row"], rows["row"][stops])
        denied = ~accepted & ~stops & ~beside
        for code, count in enumerate(np.bincount(rows["code"][denied])):
            if count:
                self.codes[CODES[code]] += int(count)
        for cause, word in BY_THEMSELVES:
            orders = rows["order"][accepted & (rows["cause"] == cause)]
            self._by |= dict.fromkeys(orders.tolist(), word)
        asked = accepted & ~stops
        self._behind.append((rows["order"][asked], votes[rows["row"][asked]] * self._weights))

    def _credit(self, parts: list[float] | None, qty: int) -> dict[str, float]:
        """Share the credit over the strategies that voted on the entry, as outcomes do."""
        side = 1 if qty > 0 else -1
        return dict(
            credit_shares(
                [(n, side * p) for n, p in zip(self._names, parts or (), strict=bool(parts))]
            )
        )


def _compiled(version: str) -> Callable[..., None]:
    """Return the pairing; the version is in the key of the compiler's cache."""

    @njit(cache=True)
    def pair(fills: Rows, trips: Rows) -> None:
        """Put fills together to round trips.

        Args:
            fills: RECORD rows, in order.
            trips: TRIP rows by trade, first and last at -1, the rest at 0.
        """
        for i in range(fills.shape[0] if version else 0):
            f = fills[i]
            c = trips[f.trade]
            if c.first < 0:
                c.first = i
            c.fees += f.fee
            c.held += f.qty
            if f.pnl == NONE:
                c.qty += f.qty
                c.cost += f.qty * f.price
            else:
                c.pnl += f.pnl
                if c.held == 0:
                    c.last = i

    return pair


pair = _compiled(fingerprint(records))
