"""Stops at the broker, over a bad connection: one protector a position, nothing sold twice."""

from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.simulated.rules import ExchangeRules, listed
from connectors.broker.values import BrokerOrder
from flows.execution.state import MachineState
from flows.execution.tasks import Answer, Submit, Task
from flows.execution.timings import Timings
from messages.broker import BrokerEvent
from messages.codec import encode
from messages.trading import Decision, OrderRequest, TradeExecution
from messages.units import SECOND_US, to_datetime, to_dollars
from operators.blocks import Block, Event
from operators.params import AccountParams, FillParams, Params, RiskParams
from operators.states import decode_state, encode_state
from operators.trading.desk import Desk
from operators.trading.desk_state import DeskState
from stack.audit.broker import check_broker
from stack.audit.topic_reader import TopicRecord
from tests.property.test_order_machine import HASTY, World, relaxed
from tests.streams import CLOSE, DAY, TICKERS, at, bar, bodies, command, signal

CASH = 100_000
FREE = FillParams(slippage_bps=0, commission_per_share=0)
BARS = 40


def params_of(target: int, short: bool) -> Params:
    return Params(
        risk=RiskParams(
            position_bps=250, stop_loss_bps=40, take_profit_bps=target, cooldown_minutes=0,
            participation_bps=10_000, allow_short=short,
        ),
        fills=FREE, account=AccountParams(name="main", start_cash=CASH),
    )  # fmt: skip


class Traded(World):
    """A desk that has its stops at the exchange, and what it said; its stamps never go back."""

    def __init__(
        self, seed: int, params: Params, *, bad: float, crashes: bool, times: Timings
    ) -> None:
        super().__init__(seed, bad=bad, crashes=crashes, times=times)
        self.params, self.stamp = params, self.now
        self.exchange = SimulatedExchange(
            FREE, CASH * 10_000, DAY, listed(*TICKERS),
            ExchangeRules(participation_bps=1, short=True, leverage=4),
        )  # fmt: skip
        self.desk = Desk(params, DAY, outside=True, brackets=True)
        self.out: list[Event] = []
        self.let_in: dict[str, Event] = {}
        self.prices = dict.fromkeys(TICKERS, 100_0000)

    def step(self, body: Any) -> None:
        """Have the desk take a fact; what it asks for goes to the machine."""
        self.stamp = max(self.stamp + 1, self.now)
        state = decode_state(encode_state(self.desk.snapshot()), DeskState)
        self.desk = Desk(self.params, DAY, state, outside=True, brackets=True)
        said = self.desk.step(Block([Event(self.stamp, "", body)], self.stamp)).events
        self.out += said
        self.log += bodies(said, OrderRequest)
        watched = {d.id: d for d in bodies(said, Decision) if d.cause in ("stop", "take_profit")}
        for request in bodies(said, OrderRequest):
            if request.decision_id in watched and not request.leg_of:
                assert request.ticker not in self.at_broker(), "two watch one position"

    def _hear(self) -> None:
        super()._hear()
        for id_, body in list(self.told.items()):
            if id_ not in self.let_in:
                self.step(body)
                self.let_in[id_] = Event(self.stamp, "", body)

    def market(self, minute: int) -> None:
        self.now = max(self.now, at(minute))
        for ticker, last in self.prices.items():
            price = last + self.dice.randrange(-40, 41) * 100
            self.prices[ticker] = price
            high, low = max(last, price) + 500, min(last, price) - 500
            body: Any = bar(
                minute, ticker, price, volume=100_000, open=to_dollars(last),
                high=to_dollars(high), low=to_dollars(low),
            ).body  # fmt: skip
            self._spread(self.exchange.bar(body))
            self.step(body)
        self._arrive(self.now)

    def opinion(self) -> None:
        ticker = self.dice.choice(TICKERS)
        body: Any = signal(0, ticker, self.dice.choice(("LONG", "SHORT"))).body
        id_ = f"sig-{len(self.out)}-{self.stamp}"
        self.step(msgspec.structs.replace(body, id=id_, event_time=to_datetime(self.now)))

    def order(self, kind: Any, ticker: str = "") -> None:
        made: Any = command(0, kind).body
        made = msgspec.structs.replace(made, id=f"cmd-{self.stamp}", ticker=ticker)
        self.log.append(made)
        self.step(made)

    def turn(self) -> None:
        super().turn()
        for position in self.exchange.positions():
            ours = [r for r in self.requests() if r.ticker == position.ticker and not r.reduces]
            sides = {r.side for r in ours}
            assert ("BUY" if position.qty > 0 else "SELL") in sides, "sold twice"

    def _note(self, task: Task) -> None:
        """See nothing sent after a halt here: a halt's entries may be short ones."""

    def _at_exchange(self, task: Task) -> Answer:
        if isinstance(task, Submit) and task.order.bracket is None:
            legs = [o for o in self.exchange.orders() if o.ticker == task.order.ticker]
            known = {o.client_order_id for o in legs}
            assert not legs or task.order.client_order_id in known, "two protectors at once"
        return super()._at_exchange(task)

    def at_broker(self) -> set[str]:
        """Return the tickers whose legs work by what the desk was told."""
        told = [e.body for e in self.let_in.values() if isinstance(e.body, BrokerEvent)]
        legs = [e for e in told if e.leg and e.kind == "order"]
        over = {e.leg_of for e in legs if e.status != "ACCEPTED"}
        return {str(e.ticker) for e in legs if e.leg_of not in over}

    def requests(self) -> list[OrderRequest]:
        return [fact for fact in self.log if isinstance(fact, OrderRequest)]

    def held(self) -> dict[str, int]:
        return {p.ticker: int(p.qty) for p in self.exchange.positions() if p.qty}

    def calm_before_the_close(self) -> None:
        self.bad = 0.0
        self.listen(up=True)
        for _ in range(150):
            self.turn()
            self.wait(SECOND_US)

    def working_legs(self) -> list[BrokerOrder]:
        """Return the open orders at the exchange that are no order of the desk's own."""
        ours = {r.client_order_id for r in self.requests()}
        top = [o for o in self.exchange.orders() if o.client_order_id not in ours]
        nested = [leg for o in self.exchange.orders() for leg in o.legs if not leg.ended]
        return list({o.id: o for o in (*top, *nested)}.values())


def live_through(world: Traded) -> None:
    for minute in range(2, 2 + BARS):
        world.market(minute)
        for _ in range(world.dice.randrange(1, 6)):
            chance = world.dice.random()
            if chance < 0.4:
                world.opinion()
            elif chance < 0.45:
                world.order("close_position", world.dice.choice(TICKERS))
            elif chance < 0.47:
                world.order(world.dice.choice(("reduce", "halt", "flatten")))
            elif chance < 0.55:
                world.order("resume")
            if world.crashes and world.happens(0.15):
                world.crash()
            if world.happens(0.3):
                world.listen(up=not world.happens(world.bad))
            world.turn()
            if world.happens(0.1):
                world.keep()
            world.wait(world.dice.randrange(1, 8) * SECOND_US)


def same_books(world: Traded) -> None:
    assert {t: p.qty for t, p in world.desk.account.positions.items()} == world.held()
    assert world.desk.account.cash == world.exchange.account().cash
    since = to_datetime(at(0)) - timedelta(days=1)
    theirs = {f.execution_id: (f.ticker, f.side, f.qty) for f in world.exchange.fills(since)}
    told = [e for e in world.told.values() if e.kind == "fill"]
    assert Counter(f.execution_id for f in told) == dict.fromkeys(theirs, 1)
    assert {f.execution_id: (f.ticker, f.side, f.qty) for f in told} == theirs
    booked = [e for e in bodies(world.out, TradeExecution) if e.price is not None]
    assert len(booked) == len(theirs)


def audited(world: Traded) -> None:
    """Have the auditor go over it; every decision, order and execution is a link of a chain."""
    heard = list(world.let_in.values())
    topics = [heard, *(
        [e for e in world.out if isinstance(e.body, kind)]
        for kind in (Decision, OrderRequest, TradeExecution)
    )]  # fmt: skip
    check_broker(*(_records(each) for each in topics))
    accepted = Counter(d.id for d in bodies(world.out, Decision) if d.accepted)
    assert Counter(r.decision_id for r in world.requests()) == accepted
    assert {e.order_id for e in bodies(world.out, TradeExecution)} <= {
        r.id for r in world.requests()
    }


def _records(events: list[Event]) -> list[TopicRecord]:
    return [
        TopicRecord(
            partition=0, offset=n, stamp=e.stamp, appended_ms=0, ours=True,
            body=msgspec.json.decode(encode(e.body)),  # type: ignore[arg-type]  # a message
        )
        for n, e in enumerate(events)
    ]  # fmt: skip


@relaxed
@given(
    seed=st.integers(0, 10**9), bad=st.sampled_from([0.0, 0.2, 0.5, 0.8]),
    crashes=st.booleans(), target=st.sampled_from([0, 40]), short=st.booleans(),
    times=st.sampled_from([Timings(), HASTY]),
)  # fmt: skip
def test_one_protector_a_position_and_nothing_is_sold_twice(
    seed: int, bad: float, crashes: bool, target: int, short: bool, times: Timings
) -> None:
    world = Traded(seed, params_of(target, short), bad=bad, crashes=crashes, times=times)
    live_through(world)
    world.calm_before_the_close()
    same_books(world)
    for leg in world.working_legs():
        held = world.held().get(leg.ticker, 0)
        waits = [o for o in world.exchange.orders() if o.legs and o.ticker == leg.ticker]
        assert waits or leg.qty - leg.filled <= abs(held), "a leg without a position"
    protected = {leg.ticker for leg in world.working_legs() if leg.word != "held"}
    for ticker, position in world.desk.account.positions.items():
        watched = not world.desk._legs.protects(ticker, position.qty)
        assert watched or ticker in protected, "a position that nobody watches"

    world.now = max(world.now, CLOSE)
    for _ in range(150):
        world.wait(SECOND_US)
        world.turn()
    assert world.working_legs() == []
    same_books(world)
    machine: MachineState = world.machine.snapshot()
    assert machine.ready
    assert {t: q for t, q in machine.held.items() if q} == world.held()
    assert not world.desk.snapshot().orders
    for ticker, position in world.desk.account.positions.items():
        assert not world.desk._legs.protects(ticker, position.qty), "legs end with their day"
    audited(world)
