"""The order machine against an exchange and a bad connection: nothing lost, nothing doubled."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.broker.errors import (
    BrokerAway,
    BrokerError,
    OrderDuplicate,
    OutcomeUnknown,
    RateLimited,
)
from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.simulated.rules import ExchangeRules, listed
from connectors.broker.values import OrderUpdate, StreamState
from flows.execution.machine import OrderMachine
from flows.execution.said import BrokerEvents
from flows.execution.state import NEVER, MachineState
from flows.execution.tasks import Answer, Cancel, Holdings, LookUp, Reconcile, Submit, Task
from flows.execution.timings import Timings
from messages.base import make_id
from messages.broker import BrokerEvent
from messages.control import Command
from messages.trading import OrderRequest
from messages.units import MINUTE_US, SECOND_US, to_datetime
from operators.params import FillParams
from operators.states import decode_state, encode_state
from tests.streams import CLOSE, DAY, TICKERS, at, bar, command

LOOK_EVERY_US = MINUTE_US
HASTY = Timings(
    back_off=(SECOND_US // 2, SECOND_US), settled=3 * SECOND_US, look_again=SECOND_US // 2, looks=2
)
ENDS = {"FILLED", "CANCELLED", "REJECTED", "EXPIRED"}
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def order_request(n: int, now: int, *, reduces: bool = False) -> OrderRequest:
    id_ = make_id("ord", n)
    return OrderRequest(
        id=id_, event_time=to_datetime(now), account="main", client_order_id=id_,
        decision_id=f"dec-{n}", ticker=TICKERS[n % 3], side="SELL" if reduces else "BUY",
        qty=10 + n, valid_until=to_datetime(now + 30 * SECOND_US), reduces=reduces,
    )  # fmt: skip


class World:
    """An exchange, a connection that fails by a seed, and a machine that may die."""

    def __init__(
        self, seed: int, *, bad: float, crashes: bool, times: Timings | None = None
    ) -> None:
        self.times = times or Timings()
        self.dice, self.bad, self.crashes = random.Random(seed), bad, crashes
        self.exchange = SimulatedExchange(
            FillParams(slippage_bps=0, commission_per_share=0), 10**10, DAY, listed(*TICKERS),
            ExchangeRules(participation_bps=1, short=True),
        )  # fmt: skip
        self.now = at(1)
        self.log: list[OrderRequest | Command] = []
        self.read = 0
        self.told: dict[str, BrokerEvent] = {}
        self.updates: list[OrderUpdate] = []
        self.listening = False
        self.late: list[tuple[int, Submit]] = []  # on their way: when they arrive
        self.entries_since_halt: list[str] = []
        self.halted = False
        self.machine = self._machine(None)
        self.kept: tuple[bytes, int] = (encode_state(self.machine.snapshot()), 0)

    def _machine(self, state: MachineState | None) -> OrderMachine:
        events = BrokerEvents("main", "test")
        return OrderMachine(events, self.now, LOOK_EVERY_US, state, self.times)

    def happens(self, share: float) -> bool:
        return self.dice.random() < share

    def wait(self, micros: int) -> None:
        self.now += micros
        self._arrive(self.now)
        self._spread(self.exchange.advance(to_datetime(self.now)))

    def _spread(self, updates: list[OrderUpdate]) -> None:
        if not self.listening:
            return  # what nobody hears is not told again
        for update in updates:
            self.updates.append(update)
            if self.happens(self.bad):
                self.updates.insert(self.dice.randrange(len(self.updates)), update)

    def market(self, minute: int) -> None:
        for n, ticker in enumerate(TICKERS):
            body: Any = bar(minute, ticker, 100_0000 + n, volume=100_000).body
            self._spread(self.exchange.bar(body))
        self.now = max(self.now, at(minute))
        self._arrive(self.now)

    def listen(self, *, up: bool) -> None:
        if up != self.listening:
            self.listening = up
            self.updates.clear()
            self.machine.heard(self.now, StreamState(up=up, at=to_datetime(self.now)))

    def crash(self) -> None:
        """Go on from the last snapshot; what was under way is lost, at either end."""
        self.listening = False
        self.updates.clear()
        for task in self.machine.tasks():
            if self.happens(0.5):
                self._at_exchange(task)
        state, self.read = decode_state(self.kept[0], MachineState), self.kept[1]
        self.machine = self._machine(state)

    def keep(self) -> None:
        self._hear()
        self.kept = (encode_state(self.machine.snapshot()), self.read)

    def _hear(self) -> None:
        for event in self.machine.said():
            assert isinstance(event.body, BrokerEvent)
            self.told.setdefault(event.body.id, event.body)

    def turn(self) -> None:
        """Let everything happen that is to happen at this moment."""
        while self.read < len(self.log):
            fact = self.log[self.read]
            self.read += 1
            if isinstance(fact, Command):
                self.machine.command(self.now, fact)
            else:
                self.machine.request(self.now, fact)
        while self.updates and not self.happens(self.bad / 2):
            place = self.dice.randrange(len(self.updates)) if self.happens(self.bad) else 0
            self.machine.heard(self.now, self.updates.pop(place))
        self.machine.due(self.now)
        for _ in range(20):
            tasks = self.machine.tasks()
            if not tasks:
                break
            for task in tasks:
                self._note(task)
                self.machine.answered(self.now, self._answer(task))
        self._hear()

    def _arrive(self, now: int) -> None:
        for each in [each for each in self.late if each[0] <= now]:
            self.late.remove(each)
            self._at_exchange(each[1])

    def _note(self, task: Task) -> None:
        if self.halted and isinstance(task, Submit) and task.order.side == "BUY":
            self.entries_since_halt.append(task.order.client_order_id)

    def _answer(self, task: Task) -> Answer:
        if not self.happens(self.bad):
            return self._at_exchange(task)
        fault = self.dice.randrange(4)
        if fault == 0:
            return Answer(task, error=BrokerAway("no connection"))
        if fault == 1:
            return Answer(task, error=RateLimited("too often", 3.0))
        if isinstance(task, LookUp | Reconcile):
            return Answer(task, error=BrokerAway("no answer"))
        if fault == 2:
            self._at_exchange(task)
        elif isinstance(task, Submit):
            arrives = self.now + self.dice.randrange(self.times.settled * 5 // 6)
            self.late.append((arrives, task))  # when nobody expects it
        return Answer(task, error=OutcomeUnknown("504"))

    def _at_exchange(self, task: Task) -> Answer:
        moment = to_datetime(self.now)
        try:
            if isinstance(task, Submit):
                self._spread(self.exchange.submit(task.order, moment))
                return Answer(task, self.exchange.order_of(task.order.client_order_id))
            if isinstance(task, Cancel):
                self._spread(self.exchange.cancel(task.broker_order_id, moment))
                return Answer(task)
            if isinstance(task, LookUp):
                return Answer(task, self.exchange.order_of(task.order_id))
            found = Holdings(
                self.exchange.orders(since=task.since), self.exchange.fills(task.since),
                self.exchange.account(), self.exchange.positions(),
            )  # fmt: skip
            return Answer(task, found)
        except BrokerError as error:
            return Answer(task, error=error)

    def calm(self) -> None:
        """Let the connection be good until nothing is left to be done."""
        self.bad = 0.0
        self.listen(up=True)
        for _ in range(200):
            self.turn()
            self.wait(SECOND_US)
        if self.machine.snapshot().blocked:
            entries = [o for o in self.exchange.orders() if o.side == "BUY"]
            assert entries == [], "a halt leaves no entry open"
        self.now = max(self.now, CLOSE)
        for _ in range(200):
            self.wait(SECOND_US)
            self.turn()

    def events(self, kind: str) -> list[BrokerEvent]:
        return [event for event in self.told.values() if event.kind == kind]


def live_through(world: World, orders: int, *, halt_at: int | None) -> None:
    """Ask for orders while the market moves and the connection fails; then let it be calm."""
    n = 0
    for minute in range(2, 42):
        world.market(minute)
        if minute == halt_at:
            body = command(minute, "halt").body
            assert isinstance(body, Command)
            world.log.append(body)
        for _ in range(world.dice.randrange(1, 8)):
            if world.happens(0.2) and n < orders:
                world.log.append(order_request(n, world.now, reduces=n % 5 == 4))
                n += 1
            if world.crashes and world.happens(0.15):
                world.crash()
            if world.happens(0.3):
                world.listen(up=not world.happens(world.bad))
            world.turn()
            if halt_at is not None and minute >= halt_at and world.read == len(world.log):
                world.halted = True
            if world.happens(0.1):
                world.keep()
            world.wait(world.dice.randrange(1, 8) * SECOND_US)
    world.halted = False
    world.calm()


@relaxed
@given(
    seed=st.integers(0, 10**9), orders=st.integers(1, 40),
    bad=st.sampled_from([0.0, 0.2, 0.5, 0.8]),
    crashes=st.booleans(), halt_at=st.none() | st.integers(3, 40),
    times=st.sampled_from([Timings(), HASTY]),
)  # fmt: skip
def test_every_order_is_placed_once_and_every_fill_told_once(
    seed: int, orders: int, bad: float, crashes: bool, halt_at: int | None, times: Timings
) -> None:
    world = World(seed, bad=bad, crashes=crashes, times=times)
    live_through(world, orders, halt_at=halt_at)
    requests = [fact for fact in world.log if isinstance(fact, OrderRequest)]
    since = to_datetime(at(0)) - timedelta(days=1)

    # Every execution of the exchange is told once, in its own numbers.
    theirs = {f.execution_id: (f.ticker, f.side, f.qty) for f in world.exchange.fills(since)}
    ours = Counter(f.execution_id for f in world.events("fill"))
    assert ours == dict.fromkeys(theirs, 1)
    told = {f.execution_id: (f.ticker, f.side, f.qty) for f in world.events("fill")}
    assert told == theirs

    # Every request has one end, and it is the exchange's.
    at_exchange = {o.client_order_id: o for o in world.exchange.orders(since=since)}
    assert set(at_exchange) <= {r.client_order_id for r in requests}
    for request in requests:
        filled = sum(f.qty for f in world.events("fill") if f.order_id == request.id)
        said = [e.status for e in world.events("order") if e.order_id == request.id]
        ends = [status for status in said if status in ENDS]
        there = at_exchange.get(request.id)
        if there is None:
            assert len(ends) == 1, said
            assert not filled
        elif filled == request.qty:
            assert there.status == "FILLED"
        else:
            assert ends[-1:] == [there.status], (said, there.status)
        if request.reduces:
            assert there is not None or ends == ["REJECTED"], "an exit is sent, however late"

    # A halt lets no entry out; and after all of it the account is accounted for.
    assert world.entries_since_halt == []
    assert world.machine.snapshot().ready
    last = [e.kind for e in world.told.values() if e.kind in ("drift", "reconciled")][-1:]
    assert last == ["reconciled"]
    held = {p.ticker: int(p.qty) for p in world.exchange.positions() if p.qty}
    assert {t: q for t, q in world.machine.snapshot().held.items() if q} == held


def test_a_good_connection_costs_one_request_an_order() -> None:
    world = World(3, bad=0.0, crashes=False)
    world.listen(up=True)
    world.turn()
    world.wait(SECOND_US)  # what is asked for before the account is known is not sent
    world.log.append(order_request(0, world.now))
    world.machine.request(world.now, world.log[0])  # type: ignore[arg-type]
    tasks = world.machine.tasks()
    assert [type(task) for task in tasks] == [Submit]
    assert world.machine.next_due > world.now
    assert world.machine.next_due < NEVER
    assert isinstance(world._answer(tasks[0]).error, type(None) | OrderDuplicate)
