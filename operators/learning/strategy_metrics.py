"""Strategies' metrics: outcomes, signals and bars in, how each strategy has done out.

At each full multiple of a number of minutes while bars come in, and at each session's end. The
figures are those of `operators.metrics`, as in a backtest.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from messages.base import make_id
from messages.control import Command, RunStarted
from messages.learning import StrategyMetric, TradeOutcome, WeightChange
from messages.market import Bar
from messages.trading import TradeSignal
from messages.units import (
    SECOND_US,
    from_money,
    to_datetime,
    to_micros,
    to_money,
    to_units,
)
from operators import metrics
from operators.bar_filter import BarFilter
from operators.blocks import Block, Event
from operators.learning.credit import split_profit
from operators.merge import NO_STAMP
from operators.params import AccountParams, LearningParams
from operators.states import State
from operators.trading.sessions import NEVER, SessionTable
from operators.trading.timers import Timers

DAYS: Final = 252  # sessions in the ratios


class Sums(NamedTuple):
    """What a strategy's outcomes sum to; money in units."""

    trades: int = 0
    wins: int = 0
    outcomes: int = 0
    profit: int = 0
    today: int = 0
    hold: int = 0
    roi: float = 0.0
    votes: int = 0
    hits: int = 0


class PendingVotes(NamedTuple):
    """A signal's votes that wait for the bars after it: (strategy, side) each."""

    price: int
    left: int
    votes: tuple[tuple[str, int], ...]


class MetricsState(State):
    """What the metrics remember.

    Attributes:
        began: stamp of the run's beginning; 0 before it.
        sums: strategy -> sums.
        days: strategy -> credit of each session, units, the newest last.
        weights: strategy -> (holds from, weight), present and coming.
        pending: ticker -> votes that wait.
        closes: ticker -> last close, units.
        last_bars: ticker -> start of its last good bar.
        due, close_due: stamps of the timers; NEVER where not armed.
    """

    began: int
    sums: dict[str, Sums]
    days: dict[str, list[int]]
    weights: dict[str, list[tuple[int, float]]]
    pending: dict[str, list[PendingVotes]]
    closes: dict[str, int]
    last_bars: dict[str, datetime]
    due: int
    close_due: int


class StrategyMetrics:
    """Outcomes, weights, signals and bars in; metrics beside what passes out."""

    def __init__(
        self, params: LearningParams, account: AccountParams, sessions: SessionTable,
        names: Sequence[str], state: MetricsState | None = None,
    ) -> None:  # fmt: skip
        """Start empty or from a snapshot; `names` are the strategies."""
        self._cash, self._names = account.start_cash * 10_000, list(names)
        self._horizon, every = params.horizon_bars, params.metrics_minutes
        self._began = state.began if state else 0
        self._sums = dict(state.sums) if state else dict.fromkeys(names, Sums())
        self._days = {s: list(d) for s, d in (state.days if state else {}).items()}
        self._weights = {s: list(w) for s, w in (state.weights if state else {}).items()}
        self._pending = {t: list(p) for t, p in (state.pending if state else {}).items()}
        self._closes = dict(state.closes if state else {})
        self._filter = BarFilter(state.last_bars if state else None)
        due, close = (state.due, state.close_due) if state else (NEVER, NEVER)
        self._timers = Timers(every, sessions, due, close)
        self._told = NO_STAMP

    def step(self, block: Block) -> Block:
        """Take the next batch; outcomes, adjustments and weights pass, and what was unreadable."""
        out: list[Event] = []
        for event in block.events:
            body, stamp = event.body, event.stamp
            if isinstance(body, WeightChange):  # its topic is ahead of time
                holds = to_micros(body.effective_from)
                self._weights.setdefault(body.strategy, []).append((holds, body.new))
                out.append(event)
                continue
            self._fire(stamp, out)
            if isinstance(body, Bar):
                if self._filter.reason_against(body, stamp) is None:
                    self._on_bar(stamp, body)
            elif isinstance(body, TradeSignal):
                self._on_signal(body)
            elif isinstance(body, RunStarted):
                self._began = self._began or stamp
            elif isinstance(body, Command):
                continue
            else:
                if isinstance(body, TradeOutcome):
                    self._on_outcome(body)
                out.append(event)
        self._fire(block.frontier if block.ended else block.frontier - 1, out)
        if block.ended and self._timers.close != NEVER and self._told < block.frontier:
            self._publish(block.frontier, out)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> MetricsState:
        """Return sums, sessions, and what waits for bars."""
        return MetricsState(
            began=self._began, sums=dict(self._sums),
            days={s: list(d) for s, d in self._days.items()},
            weights={s: list(w) for s, w in self._weights.items()},
            pending={t: list(p) for t, p in self._pending.items()}, closes=dict(self._closes),
            last_bars=self._filter.snapshot(), due=self._timers.periodic,
            close_due=self._timers.close,
        )  # fmt: skip

    def _fire(self, stamp: int, out: list[Event]) -> None:
        """Publish what is due up to a stamp."""
        for due, session_ended in self._timers.fire(stamp):
            self._publish(due, out)
            if session_ended:
                self._begin_session()

    def _begin_session(self) -> None:
        for strategy in self._names:
            days = self._days.setdefault(strategy, [])
            days.append(self._sums[strategy].today)
            del days[:-DAYS]
            self._sums[strategy] = self._sums[strategy]._replace(today=0)

    def _on_bar(self, stamp: int, bar: Bar) -> None:
        self._timers.arm(stamp)
        close = self._closes[bar.ticker] = to_units(bar.close)
        if bar.backfilled:
            return  # it may be of a time before the votes
        waiting = self._pending.pop(bar.ticker, None)
        if waiting is None:
            return
        left = [p for votes in waiting if (p := self._after(votes, close)) is not None]
        if left:
            self._pending[bar.ticker] = left

    def _after(self, pending: PendingVotes, close: int) -> PendingVotes | None:
        """Return what still waits after a bar; count the votes whose bars are all there."""
        if pending.left > 1:
            return pending._replace(left=pending.left - 1)
        for strategy, side in pending.votes:
            sums = self._sums[strategy]
            hit = (close - pending.price) * side > 0
            self._sums[strategy] = sums._replace(votes=sums.votes + 1, hits=sums.hits + hit)
        return None

    def _on_signal(self, signal: TradeSignal) -> None:
        price = self._closes.get(signal.ticker)
        votes = tuple(
            (s.strategy, 1 if s.vote == "LONG" else -1)
            for s in signal.strategy_sources
            if s.strategy in self._sums
        )
        if price is not None and votes:
            waiting = PendingVotes(price, self._horizon, votes)
            self._pending.setdefault(signal.ticker, []).append(waiting)

    def _on_outcome(self, outcome: TradeOutcome) -> None:
        shares = [(c.strategy, c.share) for c in outcome.credits]
        before = split_profit(from_money(outcome.replaced_pnl or Decimal(0)), shares)
        for credit, replaced in zip(outcome.credits, before, strict=True):
            sums = self._sums.get(credit.strategy)
            if sums is None:
                continue
            profit = from_money(credit.pnl)
            more = (outcome.qty > 0) - (outcome.replaced_qty > 0)  # -1: it was busted
            self._sums[credit.strategy] = sums._replace(
                trades=sums.trades + outcome.closes - outcome.replaced_closes,
                wins=sums.wins + (profit > 0) - (replaced > 0),
                outcomes=sums.outcomes + more,
                profit=sums.profit + profit - replaced,
                today=sums.today + profit - replaced,
                hold=sums.hold + more * outcome.hold_seconds,
                roi=sums.roi + outcome.roi - outcome.replaced_roi,
            )

    def _publish(self, stamp: int, out: list[Event]) -> None:
        self._told = stamp
        out += [Event(stamp, s, self._metric(stamp, s)) for s in self._names]

    def _metric(self, stamp: int, strategy: str) -> StrategyMetric:
        sums = self._sums[strategy]
        days = [*self._days.get(strategy, ()), sums.today]
        returns = [credit / self._cash for credit in days]
        count = sums.outcomes
        return StrategyMetric(
            id=make_id("met", strategy, stamp), event_time=to_datetime(stamp), strategy=strategy,
            window_seconds=max(0, stamp - self._began) // SECOND_US, trades=sums.trades,
            wins=sums.wins, realized_pnl=to_money(sums.profit),
            mean_roi=sums.roi / count if count else None, sharpe=metrics.sharpe(returns),
            max_drawdown=metrics.drawdown(returns).depth,
            mean_hold_seconds=sums.hold / count if count else None,
            weight=self._weight(stamp, strategy), votes=sums.votes, hits=sums.hits,
        )  # fmt: skip

    def _weight(self, stamp: int, strategy: str) -> float:
        """Return the weight in force, and forget the ones before it."""
        known = self._weights.get(strategy, [])
        while len(known) > 1 and known[1][0] <= stamp:
            known.pop(0)
        return known[0][1] if known and known[0][0] <= stamp else 0.0
