"""The columnar loop beside the closed loop of messages: the same input, the same decisions."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from connectors.user_strategies import own_strategies
from flows.backtest.learning import Learner
from flows.backtest.run import Ran, end_backtest, trade_by_cycles
from flows.backtest.tally import Tally
from flows.closed_loop import ClosedLoop
from messages.learning import LearningAdjustment, WeightChange
from messages.market import Bar
from messages.news import ScoredArticle
from messages.trading import Decision, PortfolioSnapshot, TradeExecution
from messages.units import from_money, to_micros, to_units
from operators.blocks import Event
from operators.columns.bars import BarColumns
from operators.columns.loop import ColumnLoop
from operators.columns.records import CODES, DECISION, END, FILL, NONE
from operators.merge import cut
from operators.params import Params
from operators.trading.sessions import SessionTable
from tests.learning import begun

Said = list[tuple[Any, ...]]


def by_messages(params: Params, sessions: SessionTable, events: list[Event], end: int) -> Said:
    """Run the closed loop of messages; returns what it decided and did, in order."""
    loop, said = ClosedLoop(params, sessions), list[tuple[Any, ...]]()
    for block in cut(events, 10**9, end, ended=True):
        said += [row for e in loop.step(block) if (row := _row(e)) is not None]
    return said


def by_columns(
    params: Params, sessions: SessionTable, events: list[Event], end: int, sizes: Iterable[int]
) -> Said:
    """Run the columnar loop over blocks of about the given sizes."""
    weights = {e.body.strategy: e.body.new for e in events if isinstance(e.body, WeightChange)}
    loop = ColumnLoop(params, sessions, weights, own=own_strategies(params))
    inputs, said = [e for e in events if isinstance(e.body, Bar | ScoredArticle)], Said()
    for block in cut(inputs, sizes, end, ended=True):
        bars = columns_of(loop, [e for e in block.events if isinstance(e.body, Bar)])
        scored = [e for e in block.events if isinstance(e.body, ScoredArticle)]
        for rows in loop.advance(bars, scored):
            said += _rows(loop, rows)
    return said + _rows(loop, loop.pass_time(end, ended=True))


def learnt_by_messages(
    params: Params, sessions: SessionTable, events: list[Event], end: int, sizes: Iterable[int]
) -> tuple[Said, Said]:
    """Run the closed loop with learning; returns what it did, and what each cycle came to."""
    weights, heard = parted(events)
    loop = ClosedLoop(params, sessions, first_weights=weights)
    said, learnt = Said(), Said()
    for block in cut([begun(heard[0].stamp), *heard], sizes, end, ended=True):
        for event in loop.step(block):
            said += [row] if (row := _row(event)) is not None else []
            b = event.body
            if isinstance(b, LearningAdjustment):
                learnt.append((b.strategy, b.old, b.new, b.reward, b.trades, b.guardrail))
    return said, learnt


def learnt_by_columns(
    params: Params, sessions: SessionTable, events: list[Event], end: int, sizes: Iterable[int]
) -> tuple[Said, Said]:
    """Do the same over columns, as a backtest does."""
    weights, heard = parted(events)
    loop = ColumnLoop(params, sessions, weights, own=own_strategies(params))
    names = loop.strategies.names
    learner = Learner(params, sessions, weights, names)
    tally = _Recording(loop, weights, names)
    ran = Ran(loop, tally, weights, params, learner=learner)
    learner.enter(learner.cycle_of(heard[0].stamp), heard[0].stamp)
    for block in cut(heard, sizes, end, ended=True):
        bars = columns_of(loop, [e for e in block.events if isinstance(e.body, Bar)])
        trade_by_cycles(
            ran, learner, bars, [e for e in block.events if isinstance(e.body, ScoredArticle)]
        )
    ran.last = end
    end_backtest(ran)
    learnt = [(a.strategy, a.old, a.new, a.reward, a.trades, a.guardrail) for a in learner.adjusted]
    return tally.said, learnt


class _Recording(Tally):
    """A tally that keeps every row."""

    def __init__(self, loop: ColumnLoop, weights: dict[str, float], names: Sequence[str]) -> None:
        super().__init__(weights, names)
        self.said = Said()
        self._loop = loop

    def take(self, rows: Any, votes: Any) -> None:
        super().take(rows, votes)
        self.said += _rows(self._loop, rows)


def parted(events: list[Event]) -> tuple[dict[str, float], list[Event]]:
    """Return first weights, and the bars and articles."""
    weights = {e.body.strategy: e.body.new for e in events if isinstance(e.body, WeightChange)}
    return weights, [e for e in events if isinstance(e.body, Bar | ScoredArticle)]


def columns_of(loop: ColumnLoop, bars: list[Event]) -> BarColumns:
    """Return bar messages as columns."""
    rows = [
        (
            loop.row(b.ticker), e.stamp, to_micros(b.start), to_micros(b.event_time),
            to_units(b.open), to_units(b.high), to_units(b.low), to_units(b.close), b.volume,
        )
        for e in bars
        if isinstance(b := e.body, Bar)
    ]  # fmt: skip
    table = np.array(rows, np.int64).reshape(len(rows), 9)
    return BarColumns(*(np.ascontiguousarray(table[:, i]) for i in range(9)))


def _row(event: Event) -> tuple[Any, ...] | None:
    b = event.body
    if isinstance(b, Decision):
        return ("decision", event.stamp, b.ticker, b.side, b.cause, b.code)
    if isinstance(b, TradeExecution):
        pnl = None if b.pnl is None else from_money(b.pnl)
        price = None if b.price is None else to_units(b.price)
        return (
            "execution",
            event.stamp,
            b.ticker,
            b.side,
            b.qty,
            price,
            from_money(b.commission),
            pnl,
        )
    if isinstance(b, PortfolioSnapshot):
        money = (from_money(b.cash), from_money(b.positions_value), from_money(b.realized_pnl))
        return ("snapshot", event.stamp, *money, b.open_positions)
    return None


def _rows(loop: ColumnLoop, rows: Any) -> Said:
    names, said = loop.strategies.tickers, Said()
    for values in rows.tolist():
        r = dict(zip(rows.dtype.names, values, strict=True))
        ticker = names[r["ticker"]] if r["ticker"] >= 0 else ""
        side = "BUY" if r["qty"] > 0 else "SELL"
        if r["kind"] == DECISION:
            cause = ("signal", "stop", "take_profit", "delisted")[r["cause"]]
            said.append(("decision", r["stamp"], ticker, side, cause, CODES[r["code"]]))
        elif r["kind"] == FILL:
            pnl = None if r["pnl"] == NONE else r["pnl"]
            fill = (abs(r["qty"]), r["price"], r["fee"], pnl)
            said.append(("execution", r["stamp"], ticker, side, *fill))
        elif r["kind"] == END:
            said.append(("execution", r["stamp"], ticker, side, 0, None, 0, None))
        else:
            money = (r["cash"], r["value"], r["realized"])
            said.append(("snapshot", r["stamp"], *money, r["held"]))
    return said
