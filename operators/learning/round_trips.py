"""Round trips: fills put together to trades, each closing fill judged.

- R multiple (V. Tharp, 1998) = profit over what the stop put at risk: cost x stop distance.
- Credit: `operators.learning.credit`.

In units and microseconds; messages are made of it by `operators.learning.outcomes`.
"""

from typing import NamedTuple

from messages.units import DAY_US
from operators.learning.credit import credit_shares


class OpenTrade(NamedTuple):
    """The open part of a round trip; money in units.

    Attributes:
        stamp: of the first fill; order_id, execution_id, signal_id: likewise.
        long: it was bought; otherwise sold short.
        qty: open shares.
        cost: what the open shares were bought for, or sold for when short; positive.
        slipped: what they cost more than the market's price at the decision.
    """

    stamp: int
    order_id: str
    execution_id: str
    signal_id: str
    long: bool
    qty: int
    cost: int
    slipped: int

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


class Filled(NamedTuple):
    """What a round trip needs to know of a fill; money in units.

    Attributes:
        pnl: realised by it; None when it opens or adds.
        slipped: what it was worse than the market's price at the decision.
    """

    stamp: int
    trade_id: str
    order_id: str
    execution_id: str
    signal_id: str
    buys: bool
    qty: int
    price: int
    pnl: int | None
    slipped: int


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


Parts = tuple[tuple[str, float], ...]  # strategy, signed part of a signal's score: LONG positive


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

    def fill(self, fill: Filled) -> Judged | None:
        """Add an opening fill to its round trip; judge a closing one."""
        entry = self.trades.get(fill.trade_id)
        value = fill.qty * fill.price
        if entry is None:
            self.trades[fill.trade_id] = OpenTrade(
                fill.stamp, fill.order_id, fill.execution_id, fill.signal_id, fill.buys, fill.qty,
                value, fill.slipped,
            )  # fmt: skip
            return None
        if fill.pnl is None:
            self.trades[fill.trade_id] = entry._replace(
                qty=entry.qty + fill.qty, cost=entry.cost + value,
                slipped=entry.slipped + fill.slipped,
            )  # fmt: skip
            return None
        closes = fill.qty >= entry.qty
        if closes:
            del self.trades[fill.trade_id]
        else:
            self.trades[fill.trade_id] = entry.less(fill.qty)
        return self._judge(entry.part(fill.qty), fill.pnl, closes=closes)

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
        _, parts = self.signals.get(entry.signal_id, (0, ()))
        oriented = parts if entry.long else [(strategy, -part) for strategy, part in parts]
        return Judged(
            entry, closes, profit / cost if cost else 0.0, profit / at_risk if at_risk else 0.0,
            credit_shares(oriented),
        )  # fmt: skip
