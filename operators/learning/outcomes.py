"""Outcomes: each closing fill judged, its credit split over the strategies that voted on the entry.

- R multiple and credit: `operators.learning.round_trips`.
- Sharpe ratio of a trade, approximately = ROI over the volatility of its life, which its highest
  and lowest price tell: ln(high / low) / (2 sqrt(ln 2)) (M. Parkinson, 1980).
- Excursions: the furthest that the price went with the position, and against it, over its mean
  entry (J. Sweeney, 1996).
- Slippage: what the fills of both sides were worse than the market's price at the decisions.
"""

import math
from decimal import Decimal
from typing import Final

from messages.base import make_id
from messages.learning import Credit, TradeOutcome
from messages.trading import TradeExecution, TradeSignal
from messages.units import SECOND_US, from_money, to_datetime, to_money, to_units
from operators.blocks import Block, Event
from operators.learning.credit import split_profit
from operators.learning.round_trips import Filled, Judged, OpenTrade, Parts, RoundTrips
from operators.params import RiskParams
from operators.states import State

PARKINSON: Final = 2 * math.sqrt(math.log(2))


class OutcomesState(State):
    """Open round trips and the signals that may still matter.

    Attributes:
        trades: trade id -> what is open of it.
        signals: signal id -> (stamp, ((strategy, signed weight x strength), ...)).
        swept: stamp at which old signals were last forgotten.
    """

    trades: dict[str, OpenTrade]
    signals: dict[str, tuple[int, Parts]]
    swept: int


class Outcomes:
    """Executions in, one outcome per closing fill out; signals are remembered and pass."""

    def __init__(self, risk: RiskParams, state: OutcomesState | None = None) -> None:
        """Start empty or from a snapshot."""
        kept = (state.trades, state.signals, state.swept) if state else ()
        self._trips = RoundTrips(risk.stop_loss_bps, *kept)

    def step(self, block: Block) -> Block:
        """Take the next batch of executions and signals."""
        out: list[Event] = []
        for event in block.events:
            self._trips.sweep(event.stamp)
            body = event.body
            if isinstance(body, TradeSignal):
                self._trips.vote(event.stamp, body.id, parts_of(body))
                out.append(event)
            elif isinstance(body, TradeExecution):
                if body.price is not None:
                    self._on_fill(event.stamp, body, out)
            else:
                out.append(event)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> OutcomesState:
        """Return open round trips and the signals that may still matter."""
        trips = self._trips
        return OutcomesState(
            trades=dict(trips.trades), signals=dict(trips.signals), swept=trips.swept
        )

    def _on_fill(self, stamp: int, fill: TradeExecution, out: list[Event]) -> None:
        slipped = slippage_of(fill)
        judged = self._trips.fill(
            Filled(
                stamp, fill.trade_id, fill.order_id, fill.id, fill.signal_id, fill.side == "BUY",
                fill.qty, to_units(fill.price or 0.0),
                None if fill.pnl is None else from_money(fill.pnl), slipped,
            )
        )  # fmt: skip
        if judged is not None:
            outcome = _outcome(stamp, judged, fill, slipped)
            out.append(Event(stamp, outcome.strategy, outcome))


def _outcome(stamp: int, judged: Judged, fill: TradeExecution, slipped: int) -> TradeOutcome:
    entry, profit = judged.entry, from_money(fill.pnl or Decimal(0))
    signal = (entry.signal_id,) if entry.signal_id else ()
    shares = tuple(
        Credit(strategy, share, to_money(part))
        for (strategy, share), part in zip(
            judged.shares, split_profit(profit, judged.shares), strict=True
        )
    )
    with_it, against_it = excursions(entry, fill)
    return TradeOutcome(
        id=make_id("out", fill.id),
        causes=(entry.execution_id, fill.id, *signal),
        event_time=to_datetime(stamp),
        account=fill.account,
        ticker=fill.ticker,
        direction="LONG" if entry.long else "SHORT",
        qty=fill.qty,
        entry_order_id=entry.order_id,
        exit_order_id=fill.order_id,
        signal_id=entry.signal_id,
        realized_pnl=fill.pnl or to_money(0),
        roi=judged.roi,
        hold_seconds=(stamp - entry.stamp) // SECOND_US,
        risk_adjusted_return=judged.r,
        strategy=max(shares, key=lambda c: c.share).strategy,
        credits=shares,
        closes=judged.closes,
        trade_sharpe=trade_sharpe(judged.roi, fill),
        favourable=with_it,
        adverse=against_it,
        slippage=to_money(entry.slipped + slipped),
    )


def parts_of(signal: TradeSignal) -> Parts:
    """Return each strategy's signed part of a signal's score: weight x strength, LONG positive."""
    return tuple(
        (s.strategy, s.weight * s.strength if s.vote == "LONG" else -s.weight * s.strength)
        for s in signal.strategy_sources
    )


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
    with_it, against_it = (up, down) if entry.long else (down, up)
    return max(0.0, with_it), max(0.0, against_it)


def trade_sharpe(roi: float, fill: TradeExecution) -> float | None:
    """Return ROI over the volatility of a position's life; None where the price stood still."""
    if not fill.high or not fill.low or fill.high <= fill.low:
        return None
    return roi * PARKINSON / math.log(fill.high / fill.low)
