"""The step that sends orders: requests in, broker events out, a halt past the log's order."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, TestingSource, run_main

from connectors.broker.simulated.broker import SimulatedBroker
from connectors.broker.values import BrokerOrder, NewOrder
from connectors.envelope import Barrier, Envelope
from connectors.kafka.bell import Bell
from flows.execution.said import BrokerEvents
from flows.execution.state import MachineState
from flows.execution.step import STEP, ExecutionStep
from flows.execution.worker import THREADS
from messages.broker import BrokerEvent
from messages.control import Command
from messages.trading import OrderRequest
from messages.units import SECOND_US, to_datetime, to_micros
from operators.blocks import Block, Event
from operators.states import decode_state
from tests.streams import bar, command
from tests.unit.execution.test_worker import broker
from tests.waiting import eventually


def request(n: int, age_s: int = 0) -> Event:
    now = to_micros(datetime.now(UTC)) - age_s * SECOND_US
    body = OrderRequest(
        id=f"ord-{n}", event_time=to_datetime(now), account="main", client_order_id=f"ord-{n}",
        decision_id=f"dec-{n}", ticker="AAA", side="BUY", qty=10,
        valid_until=to_datetime(now + 30 * SECOND_US),
    )  # fmt: skip
    return Event(now, "main", body)


class Sending:
    """A step at a simulated broker, and what it has said so far."""

    def __init__(self, there: SimulatedBroker, state: bytes | None = None) -> None:
        self.there, self.waiting = there, list[Command]()
        self.step = ExecutionStep(
            lambda: there, BrokerEvents("main", "simulated"), 3_600, 50, Bell(), self._commands,
            state,
        )  # fmt: skip
        self.out: list[Envelope] = []

    def _commands(self) -> list[Command]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def give(self, *events: Event) -> None:
        self.out += self.step.on_batch([Envelope(Block(list(events), events[-1].stamp))])[0]

    def until(self, found: Callable[[], Any]) -> Any:
        def look() -> Any:
            self.out += self.step.on_notify()[0]
            return found()

        return eventually(look)

    def said(self, kind: str) -> list[BrokerEvent]:
        bodies = [event.body for envelope in self.out for event in envelope.block.events]
        return [b for b in bodies if isinstance(b, BrokerEvent) and b.kind == kind]


def test_a_request_is_placed_and_its_fill_said() -> None:
    sending = Sending(broker())
    sending.until(lambda: sending.said("reconciled"))
    sending.give(request(1))
    sending.until(lambda: [e for e in sending.said("order") if e.status == "ACCEPTED"])
    second: Any = bar(2, "AAA", 101_0000).body
    sending.there.bar(second)
    [fill] = sending.until(lambda: sending.said("fill"))
    assert (fill.order_id, fill.qty, fill.price) == ("ord-1", 10, 101.0)
    stamps = [e.stamp for envelope in sending.out for e in envelope.block.events]
    assert stamps == sorted(stamps)
    assert all(e.stamp == v.block.frontier for v in sending.out for e in v.block.events)


def test_an_entry_that_is_too_old_is_not_sent() -> None:
    sending = Sending(broker())
    sending.give(request(1, age_s=60))
    state = decode_state(sending.step.snapshot(), MachineState)
    assert [life.request.id for life in state.lives] == ["ord-1"]
    sending.until(lambda: sending.said("reconciled"))
    assert sending.there.orders() == []


def test_a_halt_overtakes_what_waits_in_the_log() -> None:
    sending = Sending(broker())
    sending.until(lambda: sending.said("reconciled"))
    halt = command(1, "halt").body
    assert isinstance(halt, Command)
    sending.waiting.append(halt)
    sending.until(lambda: not sending.waiting)
    sending.give(request(1), command(1, "halt"))
    [end] = sending.until(lambda: sending.said("order"))
    assert (end.status, end.order_id) == ("CANCELLED", "ord-1")
    assert sending.there.orders() == []


class Hanging(SimulatedBroker):
    """A broker that takes no order before it is let go on."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.go_on, self.taken = threading.Event(), list[NewOrder]()

    def submit(self, order: NewOrder) -> BrokerOrder:
        self.taken.append(order)
        self.go_on.wait(60)
        return super().submit(order)


def test_a_halt_overtakes_what_waits_behind_a_broker_that_hangs() -> None:
    there = broker(Hanging)
    assert isinstance(there, Hanging)
    sending = Sending(there)
    sending.until(lambda: sending.said("reconciled"))
    sending.give(*(request(n) for n in range(THREADS + 3)))
    sending.until(lambda: len(there.taken) == THREADS)
    halt = command(1, "halt").body
    assert isinstance(halt, Command)
    sending.waiting.append(halt)
    sending.until(lambda: not sending.waiting)
    there.go_on.set()

    def ends() -> list[BrokerEvent]:
        return [each for each in sending.said("order") if each.status == "CANCELLED"]

    sending.until(lambda: len(ends()) == THREADS + 3)
    assert len(there.taken) == THREADS


def test_a_barrier_carries_all_that_is_known() -> None:
    sending = Sending(broker())
    sending.until(lambda: sending.said("reconciled"))
    sending.give(request(1))
    sending.until(lambda: sending.said("order"))
    kept, _ = sending.step.on_batch([Envelope(Block([], 5), Barrier(5, b"", {}))])
    [barrier] = [e.barrier for e in kept if e.barrier is not None]
    assert barrier.boundary == 5
    again = Sending(sending.there, barrier.steps[STEP])
    again.until(lambda: again.said("reconciled"))
    again.give(request(1))
    assert again.said("order") == []
    assert len(sending.there.orders()) == 1


def test_what_is_known_of_orders_outlives_a_clean_stop(tmp_path: Path) -> None:
    there, states = broker(), list[bytes | None]()

    def executing(state: bytes | None) -> ExecutionStep:
        states.append(state)
        events = BrokerEvents("main", "simulated")
        return ExecutionStep(lambda: there, events, 3_600, 50, Bell(), list, state)

    first = ("main", Envelope(Block([request(1)], 1)))
    given: list[Any] = [first, TestingSource.EOF(), ("main", Envelope(Block([], 2)))]
    init_db_dir(tmp_path, 1)  # type: ignore[no-untyped-call]
    for _ in range(2):  # it goes on after the end of the first time
        flow = Dataflow("execute")
        requests = op.input("log", flow, TestingSource(given))
        op.output("out", op.stateful_batch(STEP, requests, executing), TestingSink([]))
        kept: Any = RecoveryConfig(str(tmp_path), timedelta(0))  # type: ignore[no-untyped-call]
        run_main(flow, recovery_config=kept)  # type: ignore[no-untyped-call]
    fresh, known = states
    assert fresh is None
    assert known is not None
    assert [life.request.id for life in decode_state(known, MachineState).lives] == ["ord-1"]
