"""Orders filled in parts: every unit accounted for, one outcome per closing fill."""

import random
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messages.learning import TradeOutcome
from messages.trading import (
    Decision,
    OrderRequest,
    PortfolioSnapshot,
    PositionChanged,
    TradeExecution,
    TradeSignal,
)
from messages.units import from_money, to_units
from operators.blocks import Block, Event
from operators.learning.outcomes import Outcomes
from operators.params import AccountParams, FillParams, Params, RiskParams
from operators.trading.desk import Desk
from operators.trading.events import execution_id
from operators.trading.fills import SimulatedBroker
from operators.trading.orders import Order
from tests.streams import DAY, END, at, bar, bodies, desk_input, signal


class InParts(SimulatedBroker):
    """Fills a random part of an order at each bar."""

    def __init__(self, params: FillParams, seed: int) -> None:
        super().__init__(params)
        self._dice = random.Random(seed)

    def shares_of(self, order: Order, _volume: int) -> int:
        part = self._dice.randint(0, abs(order.open))
        return part if order.open > 0 else -part


def trade(events: list[Event], params: Params, seed: int | None) -> tuple[Desk, list[Event]]:
    """Run a desk, and the outcomes of what it does, as flows/learn reads them."""
    broker = None if seed is None else InParts(params.fills, seed)
    desk = Desk(params, DAY, broker=broker)
    said = desk.step(Block(events, END, ended=True)).events
    read = [e for e in events if isinstance(e.body, TradeSignal)]
    read += [e for e in said if isinstance(e.body, TradeExecution)]
    read.sort(key=lambda e: (e.stamp, isinstance(e.body, TradeExecution)))
    outcomes = Outcomes(params.risk).step(Block(read, END, ended=True)).events
    return desk, [*said, *outcomes]


relaxed = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


@relaxed
@given(events=desk_input(), seed=st.integers(0, 99), short=st.booleans(), fee=st.integers(0, 300))
def test_every_unit_is_somewhere(events: list[Event], seed: int, short: bool, fee: int) -> None:
    params = Params(
        risk=RiskParams(allow_short=short, cooldown_minutes=0, participation_bps=10_000),
        fills=FillParams(slippage_bps=3, commission_per_share=fee),
        account=AccountParams(start_cash=50_000),
    )
    desk, said = trade(events, params, seed)
    executions, orders = bodies(said, TradeExecution), bodies(said, OrderRequest)
    filled = {o.id: 0 for o in orders}
    parts = dict.fromkeys(filled, 0)
    cash, done = 50_000 * 10_000, set()
    for e in executions:
        assert e.order_id not in done, "an order that has ended is not filled"
        parts[e.order_id] += 1
        assert e.id == execution_id(e.order_id, parts[e.order_id])
        if e.price is not None:
            filled[e.order_id] += e.qty
            sign = 1 if e.side == "BUY" else -1
            cash -= sign * e.qty * to_units(e.price) + from_money(e.commission)
        if e.status != "PARTIALLY_FILLED":
            done.add(e.order_id)
    for o in orders:
        assert filled[o.id] <= o.qty
        last = [e.status for e in executions if e.order_id == o.id][-1:]
        assert (filled[o.id] == o.qty) == (last == ["FILLED"])
    account = desk.account
    assert account.cash == cash
    assert account.equity == cash + sum(
        p.qty * account.marks[t] for t, p in account.positions.items()
    )
    outcomes = bodies(said, TradeOutcome)
    assert sum(from_money(o.realized_pnl) for o in outcomes) == account.realized
    assert [o.realized_pnl for o in outcomes] == [e.pnl for e in executions if e.pnl is not None]
    for o in outcomes:
        assert sum((c.pnl for c in o.credits), Decimal(0)) == o.realized_pnl
    last_snapshot = bodies(said, PortfolioSnapshot)[-1]
    assert from_money(last_snapshot.equity) == account.equity
    changed = {p.ticker: p.qty for p in bodies(said, PositionChanged)}
    assert {t: q for t, q in changed.items() if q} == {
        t: p.qty for t, p in account.positions.items()
    }
    answered = [d.signal_id for d in bodies(said, Decision) if d.cause == "signal"]
    assert sorted(answered) == sorted(s.id for s in bodies(events, TradeSignal))


class Halves(SimulatedBroker):
    """Fills half of an order at a time."""

    def shares_of(self, order: Order, _volume: int) -> int:
        half = -(-abs(order.qty) // 2)
        part = min(half, abs(order.open))
        return part if order.open > 0 else -part


def story(broker: SimulatedBroker | None) -> list[Event]:
    params = Params(
        fills=FillParams(slippage_bps=0, commission_per_share=0),
        account=AccountParams(start_cash=100_000),
    )
    prices = [100_0000, 100_0000, 102_0000, 110_0000, 110_0000, 106_0000]
    events = [bar(m + 1, "AAA", p) for m, p in enumerate(prices)]
    events += [signal(2, "AAA", "LONG"), signal(4, "AAA", "SHORT")]
    events.sort(key=lambda e: (e.stamp, e.key))
    desk = Desk(params, DAY, broker=broker)
    said = desk.step(Block(events, at(7))).events
    read = [e for e in events if isinstance(e.body, TradeSignal)]
    read += [e for e in said if isinstance(e.body, TradeExecution)]
    read.sort(key=lambda e: (e.stamp, isinstance(e.body, TradeExecution)))
    return [*said, *Outcomes(params.risk).step(Block(read, at(7))).events]


def test_two_entry_fills_and_two_exit_fills_make_two_outcomes_at_average_cost() -> None:
    said = story(Halves(FillParams(slippage_bps=0, commission_per_share=0)))
    assert [(e.side, e.qty, e.price, e.status) for e in bodies(said, TradeExecution)] == [
        ("BUY", 25, 100.0, "PARTIALLY_FILLED"), ("BUY", 25, 102.0, "FILLED"),
        ("SELL", 25, 110.0, "PARTIALLY_FILLED"), ("SELL", 25, 110.0, "FILLED"),
    ]  # fmt: skip
    # 50 shares at 101 on average
    assert [(o.qty, o.realized_pnl) for o in bodies(said, TradeOutcome)] == [
        (25, Decimal("225.0000")), (25, Decimal("225.0000")),
    ]  # fmt: skip
    assert [o.roi for o in bodies(said, TradeOutcome)] == [225 / (25 * 101)] * 2
    entry = bodies(said, TradeExecution)[0]
    assert {o.causes[0] for o in bodies(said, TradeOutcome)} == {entry.id}


def test_whole_fills_make_one_outcome() -> None:
    said = story(None)
    assert [(o.qty, o.realized_pnl) for o in bodies(said, TradeOutcome)] == [
        (50, Decimal("500.0000"))
    ]
