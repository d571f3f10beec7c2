"""Outcomes: each closing fill judged, its credit split over the strategies that voted on the entry.

- R multiple (V. Tharp, 1998) = profit over what the stop put at risk: cost x stop distance.
- Sharpe ratio of a trade, approximately = ROI over the volatility of its life, which its highest
  and lowest price tell: ln(high / low) / (2 sqrt(ln 2)) (M. Parkinson, 1980).
- Excursions: the furthest that the price went with the position, and against it, over its mean
  entry (J. Sweeney, 1996).
- Slippage: what the fills of both sides were worse than the market's price at the decisions.
- Credit: `operators.learning.credit`.
"""

import math
from decimal import Decimal
from typing import NamedTuple

from messages.base import make_id
from messages.learning import Credit, TradeOutcome
from messages.trading import TradeExecution, TradeSignal
from messages.units import DAY_US, SECOND_US, from_money, to_datetime, to_money, to_units
from operators.blocks import Block, Event
from operators.learning.credit import credit_shares, split_profit
from operators.params import RiskParams
from operators.states import State


class OpenTrade(NamedTuple):
    """The open part of a round trip; money in units.

    Attributes:
        stamp: of the first fill; order_id, execution_id, signal_id, side: likewise.
        qty: open shares.
        cost: what the open shares were bought for, or sold for when short; positive.
        slipped: what they cost more than the market's price at the decision.
    """

    stamp: int
    order_id: str
    execution_id: str
    signal_id: str
    side: str
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


Backing = tuple[int, tuple[tuple[str, str, float], ...]]
PARKINSON = 2 * math.sqrt(math.log(2))


class OutcomesState(State):
    """Open round trips and the signals that may still matter.

    Attributes:
        trades: trade id -> its opening fill.
        signals: signal id -> (stamp, ((strategy, vote, weight x strength), ...)).
        swept: stamp at which old signals were last forgotten.
    """

    trades: dict[str, OpenTrade]
    signals: dict[str, Backing]
    swept: int


class Outcomes:
    """Executions in, one outcome per closing fill out; signals are remembered and pass."""

    def __init__(self, risk: RiskParams, state: OutcomesState | None = None) -> None:
        """Start empty or from a snapshot."""
        self._risk = risk
        self._trades = dict(state.trades if state else {})
        self._signals = dict(state.signals if state else {})
        self._swept = state.swept if state else 0

    def step(self, block: Block) -> Block:
        """Take the next batch of executions and signals."""
        out: list[Event] = []
        for event in block.events:
            self._sweep(event.stamp)
            body = event.body
            if isinstance(body, TradeSignal):
                votes = tuple(
                    (s.strategy, s.vote, s.weight * s.strength) for s in body.strategy_sources
                )
                self._signals[body.id] = (event.stamp, votes)
                out.append(event)
            elif isinstance(body, TradeExecution):
                if body.price is not None:
                    self._on_fill(event.stamp, body, out)
            else:
                out.append(event)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> OutcomesState:
        """Return open round trips and the signals that may still matter."""
        return OutcomesState(
            trades=dict(self._trades), signals=dict(self._signals), swept=self._swept
        )

    def _on_fill(self, stamp: int, fill: TradeExecution, out: list[Event]) -> None:
        """Add an opening fill to its round trip; judge a closing one by its share of the entry."""
        entry = self._trades.get(fill.trade_id)
        value = fill.qty * to_units(fill.price or 0.0)
        if entry is None:
            self._trades[fill.trade_id] = OpenTrade(
                stamp, fill.order_id, fill.id, fill.signal_id, fill.side, fill.qty, value,
                slippage_of(fill),
            )  # fmt: skip
        elif fill.pnl is None:
            self._trades[fill.trade_id] = entry._replace(
                qty=entry.qty + fill.qty, cost=entry.cost + value,
                slipped=entry.slipped + slippage_of(fill),
            )  # fmt: skip
        else:
            closes = fill.qty >= entry.qty
            outcome = self._judge(stamp, entry.part(fill.qty), fill, fill.pnl, closes=closes)
            out.append(Event(stamp, outcome.strategy, outcome))
            if closes:
                del self._trades[fill.trade_id]
            else:
                self._trades[fill.trade_id] = entry.less(fill.qty)

    def _judge(
        self, stamp: int, entry: OpenTrade, fill: TradeExecution, pnl: Decimal, *, closes: bool
    ) -> TradeOutcome:
        """Judge a fill that closes all of `entry`, a part of its round trip or the whole."""
        direction = "LONG" if entry.side == "BUY" else "SHORT"
        profit, cost = from_money(pnl), entry.cost
        at_risk = cost * self._risk.stop_loss_bps / 10_000
        shares = self._credits(entry.signal_id, direction, profit)
        roi = profit / cost if cost else 0.0
        with_it, against_it = excursions(entry, fill)
        return TradeOutcome(
            id=make_id("out", fill.id),
            causes=(entry.execution_id, fill.id, *((entry.signal_id,) if entry.signal_id else ())),
            event_time=to_datetime(stamp),
            account=fill.account,
            ticker=fill.ticker,
            direction=direction,  # type: ignore[arg-type]  # one of the two words
            qty=fill.qty,
            entry_order_id=entry.order_id,
            exit_order_id=fill.order_id,
            signal_id=entry.signal_id,
            realized_pnl=pnl,
            roi=roi,
            hold_seconds=(stamp - entry.stamp) // SECOND_US,
            risk_adjusted_return=profit / at_risk if at_risk else 0.0,
            strategy=max(shares, key=lambda c: c.share).strategy,
            credits=shares,
            closes=closes,
            trade_sharpe=trade_sharpe(roi, fill),
            favourable=with_it,
            adverse=against_it,
            slippage=to_money(entry.slipped + slippage_of(fill)),
        )

    def _credits(self, signal_id: str, direction: str, profit: int) -> tuple[Credit, ...]:
        _, votes = self._signals.get(signal_id, (0, ()))
        shares = credit_shares([(s, x if vote == direction else -x) for s, vote, x in votes])
        return tuple(
            Credit(strategy, share, to_money(part))
            for (strategy, share), part in zip(shares, split_profit(profit, shares), strict=True)
        )

    def _sweep(self, stamp: int) -> None:
        """Once a day, forget signals older than a day that no open trade came from."""
        if stamp - self._swept < DAY_US:
            return
        self._swept = stamp
        wanted = {e.signal_id for e in self._trades.values()}
        self._signals = {
            s: kept for s, kept in self._signals.items() if kept[0] > stamp - DAY_US or s in wanted
        }


def slippage_of(fill: TradeExecution) -> int:
    """Return what a fill was worse than the market's price at its decision, units."""
    if fill.decision_price is None or fill.price is None:
        return 0
    worse = to_units(fill.price) - to_units(fill.decision_price)
    return fill.qty * (worse if fill.side == "BUY" else -worse)


def excursions(entry: OpenTrade, fill: TradeExecution) -> tuple[float, float]:
    """Return how far the price went with a position, and against it, over its mean entry."""
    if fill.high is None or fill.low is None or not entry.cost:
        return 0.0, 0.0
    mean = entry.cost / entry.qty
    up, down = to_units(fill.high) / mean - 1, 1 - to_units(fill.low) / mean
    with_it, against_it = (up, down) if entry.side == "BUY" else (down, up)
    return max(0.0, with_it), max(0.0, against_it)


def trade_sharpe(roi: float, fill: TradeExecution) -> float | None:
    """Return ROI over the volatility of a position's life; None where the price stood still."""
    if not fill.high or not fill.low or fill.high <= fill.low:
        return None
    return roi * PARKINSON / math.log(fill.high / fill.low)
