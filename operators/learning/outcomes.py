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

from msgspec.structs import replace

from messages.base import make_id
from messages.learning import Credit, TradeOutcome
from messages.trading import (
    AccountReset,
    ClosingProfit,
    ExecutionCorrected,
    TradeExecution,
    TradeSignal,
)
from messages.units import SECOND_US, from_money, to_datetime, to_micros, to_money, to_units
from operators.blocks import Block, Event
from operators.learning.credit import split_profit
from operators.learning.round_trips import NO_VOTES, Judged, OpenTrade, Parts, RoundTrips
from operators.params import RiskParams
from operators.states import State

NOTHING: Final = to_money(0)
PARKINSON: Final = 2 * math.sqrt(math.log(2))


class Told(State):
    """A ticker's round trip, or its last one: its fills, and what was said of the closing ones.

    Attributes:
        votes: signed parts of the score behind its entry.
    """

    fills: list[TradeExecution]
    outcomes: list[TradeOutcome]
    votes: Parts


class OutcomesState(State):
    """Open round trips and the signals that may still matter.

    Attributes:
        trades: trade id -> what is open of it.
        signals: signal id -> (stamp, ((strategy, signed weight x strength), ...)).
        swept: stamp at which old signals were last forgotten.
        told: ticker -> its round trip, or its last one.
    """

    trades: dict[str, OpenTrade]
    signals: dict[str, tuple[int, Parts]]
    swept: int
    told: dict[str, Told]


class Outcomes:
    """Executions in, one outcome per closing fill out; signals are remembered and pass.

    A corrected execution makes the outcomes of its round trip anew: those that are others now are
    said again, as revisions.
    """

    def __init__(self, risk: RiskParams, state: OutcomesState | None = None) -> None:
        """Start empty or from a snapshot."""
        kept = (state.trades, state.signals, state.swept) if state else ()
        self._stop = risk.stop_loss_bps
        self._trips = RoundTrips(self._stop, *kept)
        self._told = dict(state.told if state else {})

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
            elif isinstance(body, ExecutionCorrected):
                self._on_correction(event.stamp, body, out)
            elif isinstance(body, AccountReset):
                self._trips.forget()
                self._told = {}
            else:
                out.append(event)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> OutcomesState:
        """Return open round trips and the signals that may still matter."""
        trips = self._trips
        return OutcomesState(
            trades=dict(trips.trades), signals=dict(trips.signals), swept=trips.swept,
            told=dict(self._told),
        )  # fmt: skip

    def _on_fill(self, stamp: int, fill: TradeExecution, out: list[Event]) -> None:
        judged = _fill(self._trips, stamp, fill)
        told = self._told.get(fill.ticker)
        if told is None or told.fills[0].trade_id != fill.trade_id:
            _, votes = self._trips.signals.get(fill.signal_id, (0, ()))
            told = Told(fills=[], outcomes=[], votes=votes)
        outcomes = list(told.outcomes)
        if judged is not None:
            outcomes.append(_outcome(stamp, judged, fill))
            out.append(Event(stamp, outcomes[-1].strategy, outcomes[-1]))
        self._told[fill.ticker] = Told(
            fills=[*told.fills, fill], outcomes=outcomes, votes=told.votes
        )

    def _on_correction(self, stamp: int, body: ExecutionCorrected, out: list[Event]) -> None:
        """Judge a round trip's closing fills anew, one of its fills having been another."""
        told = self._told.get(body.ticker)
        if told is None or told.fills[0].trade_id != body.trade_id:
            return
        profits = {p.execution_id: p for p in body.profits}
        fills = [_after(fill, body, profits.get(fill.id)) for fill in told.fills]
        trips = RoundTrips(self._stop)
        votes = told.votes or self._trips.signals.get(fills[0].signal_id, NO_VOTES)[1]
        for fill in fills:
            if fill.signal_id:
                trips.vote(0, fill.signal_id, votes)
        before = {outcome.causes[1]: outcome for outcome in told.outcomes}
        outcomes: list[TradeOutcome] = []
        for fill in fills:
            known = before.get(fill.id)
            judged = _fill(trips, to_micros(fill.timestamp), fill) if fill.qty else None
            outcome = _revised(stamp, body.id, known, judged, fill)
            if outcome is None:
                continue
            outcomes.append(outcome)
            if outcome is not known:
                out.append(Event(stamp, outcome.strategy, outcome))
        if body.trade_id in self._trips.trades or body.trade_id in trips.trades:
            self._trips.trades.pop(body.trade_id, None)
            self._trips.trades.update(trips.trades)
        self._told[body.ticker] = Told(fills=fills, outcomes=outcomes, votes=votes)


def _fill(trips: RoundTrips, stamp: int, fill: TradeExecution) -> Judged | None:
    return trips.fill(
        stamp, fill.trade_id, fill.order_id, fill.id, fill.signal_id,
        fill.qty if fill.side == "BUY" else -fill.qty, to_units(fill.price or 0.0),
        None if fill.pnl is None else from_money(fill.pnl), slippage_of(fill),
    )  # fmt: skip


def _after(
    fill: TradeExecution, body: ExecutionCorrected, profit: ClosingProfit | None
) -> TradeExecution:
    """Return a fill of a round trip as it is after a correction."""
    pnl = None if profit is None else profit.pnl
    if fill.id != body.execution_id:
        return fill if fill.pnl == pnl else replace(fill, pnl=pnl)
    return replace(fill, qty=body.qty, price=body.price, commission=body.commission, pnl=pnl)


def _revised(
    stamp: int, cause: str, known: TradeOutcome | None, judged: Judged | None, fill: TradeExecution
) -> TradeOutcome | None:
    """Return an outcome after a correction: as it was told, its next revision, or a first one."""
    made = _outcome(to_micros(fill.timestamp), judged, fill) if judged is not None else None
    if known is None:
        if made is None:
            return None
        return replace(made, causes=(*made.causes, cause), event_time=to_datetime(stamp))
    if made is None:  # busted: it has closed nothing
        made = replace(
            known, realized_pnl=NOTHING, roi=0.0, risk_adjusted_return=0.0, qty=0, closes=False,
            credits=tuple(replace(c, pnl=NOTHING) for c in known.credits),
        )  # fmt: skip
    said = (known.qty, known.realized_pnl, known.roi, known.closes)
    if said == (made.qty, made.realized_pnl, made.roi, made.closes):
        return known
    revision = known.revision + 1
    return replace(
        made, id=make_id("out", fill.id, revision), event_time=to_datetime(stamp),
        causes=(*known.causes[:2], cause, known.id), revision=revision, replaces=known.id,
        replaced_qty=known.qty, replaced_pnl=known.realized_pnl, replaced_roi=known.roi,
        replaced_return=known.risk_adjusted_return, replaced_closes=known.closes,
    )  # fmt: skip


def _outcome(stamp: int, judged: Judged, fill: TradeExecution) -> TradeOutcome:
    """Return the outcome of a closing fill."""
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
        slippage=to_money(entry.slipped + slippage_of(fill)),
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
