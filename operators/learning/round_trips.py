"""Round trips: fills put together to trades, each closing fill judged.

- R multiple (V. Tharp, 1998) = profit over what the stop put at risk: cost x stop distance.
- Credit: `operators.learning.credit`.

In units and microseconds; messages are made of it by `operators.learning.outcomes`.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from messages.units import DAY_US
from operators.learning.credit import credit_shares

NO_VOTES: Final = (0, ())
Parts = tuple[tuple[str, float], ...]  # strategy, signed part of a signal's score: LONG positive


class OpenTrade(NamedTuple):
    """The open part of a round trip; money in units.

    Attributes:
        stamp: of the first fill; order_id, execution_id, signal_id: likewise.
        long: it was bought; otherwise sold short.
        qty: open shares.
        cost: what the open shares were bought for, or sold for when short; positive.
        slipped: what they cost more than the market's price at the decision.
        parts: of the score of the signal behind it; empty where they are to be looked up.
    """

    stamp: int
    order_id: str
    execution_id: str
    signal_id: str
    long: bool
    qty: int
    cost: int
    slipped: int
    parts: Parts = ()

    def less(self, qty: int) -> "OpenTrade":
        """Return what stays open of it after a part was closed; shares are rounded down."""
        part = self.part(qty)
        return self._replace(
            qty=self.qty - qty, cost=self.cost - part.cost, slipped=self.slipped - part.slipped
        )

    def part(self, qty: int) -> "OpenTrade":
        """Return so many of its shares, with their part of the sums, as the account parts them."""
        if qty >= self.qty:
            return self
        cost, slipped = self.cost * qty // self.qty, self.slipped * qty // self.qty
        return self._replace(qty=qty, cost=cost, slipped=slipped)


class Judged(NamedTuple):
    """A closing fill, judged.

    Attributes:
        entry: the part of the round trip that it closes.
        closes: it closes all that was open.
        roi: profit over cost.
        r: profit over what the stop put at risk.
        shares: (strategy, share of the credit) each.
    """

    entry: OpenTrade
    closes: bool
    roi: float
    r: float
    shares: list[tuple[str, float]]


class RoundTrips:
    """Open round trips by their ids, and what voted for the signals behind them.

    Attributes:
        trades: trade id -> what is open of it.
        signals: signal id -> (stamp, parts of its score).
        swept: stamp at which old signals were last forgotten.
    """

    def __init__(
        self, stop_loss_bps: int, trades: dict[str, OpenTrade] | None = None,
        signals: dict[str, tuple[int, Parts]] | None = None, swept: int = 0,
    ) -> None:  # fmt: skip
        """Start empty or from what was kept."""
        self._stop = stop_loss_bps
        self.trades = dict(trades or {})
        self.signals = dict(signals or {})
        self.swept = swept

    def vote(self, stamp: int, signal_id: str, parts: Parts) -> None:
        """Remember what voted for a signal."""
        self.signals[signal_id] = (stamp, parts)

    def fill(
        self, stamp: int, trade: str, order: str, execution: str, signal: str, qty: int,
        price: int, pnl: int | None, slipped: int, parts: Parts = (),
    ) -> Judged | None:  # fmt: skip
        """Add an opening fill to its round trip; judge a closing one.

        Args:
            stamp: of the fill.
            trade: id of the round trip; order, execution, signal: of the fill.
            order: see above.
            execution: see above.
            signal: see above.
            qty: signed shares.
            price: of each, units.
            pnl: realised by it, units; None when it opens or adds.
            slipped: what it was worse than the market's price at the decision, units.
            parts: of the signal's score, where they are known; otherwise they are looked up.
        """
        entry = self.trades.get(trade)
        if entry is None:
            long, qty = qty > 0, abs(qty)
            self.trades[trade] = OpenTrade(
                stamp, order, execution, signal, long, qty, qty * price, slipped, parts
            )
            return None
        qty = abs(qty)
        if pnl is None:
            self.trades[trade] = entry._replace(
                qty=entry.qty + qty, cost=entry.cost + qty * price, slipped=entry.slipped + slipped
            )
            return None
        if qty >= entry.qty:
            del self.trades[trade]
            return self._judge(entry, pnl, closes=True)
        self.trades[trade] = entry.less(qty)
        return self._judge(entry.part(qty), pnl, closes=False)

    def forget(self) -> None:
        """Forget what is open: the account has begun anew."""
        self.trades = {}

    def sweep(self, stamp: int) -> None:
        """Once a day, forget signals older than a day that no open trade came from."""
        if stamp - self.swept < DAY_US:
            return
        self.swept = stamp
        wanted = {e.signal_id for e in self.trades.values()}
        self.signals = {
            s: kept for s, kept in self.signals.items() if kept[0] > stamp - DAY_US or s in wanted
        }

    def _judge(self, entry: OpenTrade, profit: int, *, closes: bool) -> Judged:
        cost = entry.cost
        at_risk = cost * self._stop / 10_000
        parts: Sequence[tuple[str, float]] = entry.parts
        if not parts:
            parts = self.signals.get(entry.signal_id, NO_VOTES)[1]
        if not entry.long:
            parts = [(strategy, -part) for strategy, part in parts]
        return Judged(
            entry, closes, profit / cost if cost else 0.0, profit / at_risk if at_risk else 0.0,
            credit_shares(parts),
        )  # fmt: skip
