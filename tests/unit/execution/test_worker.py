"""The threads that ask a broker: every task is answered, and no fault of theirs is silent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from connectors.broker.base import Broker
from connectors.broker.errors import (
    BrokerAway,
    NotAtBroker,
    OrderDuplicate,
    OrderRefused,
    OutcomeUnknown,
)
from connectors.broker.simulated.broker import SimulatedBroker
from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.simulated.rules import listed
from connectors.broker.values import BrokerOrder, NewOrder, OrderUpdate, StreamState
from flows.execution.tasks import Answer, Cancel, Holdings, LookUp, Reconcile, Submit, Task
from flows.execution.worker import THREADS, BrokerWorker, News
from messages.units import to_datetime
from operators.params import FillParams
from tests.streams import DAY, OPEN, bar
from tests.waiting import eventually

ORDER = NewOrder(client_order_id="ord-1", ticker="AAA", side="BUY", qty=10)


class Heard:
    """A worker, and all that was heard of it so far."""

    def __init__(self, connect: Callable[[], Broker]) -> None:
        self.rings: list[int] = []
        self.worker = BrokerWorker(connect, lambda: self.rings.append(1))
        self.all: list[News] = []

    def until(self, found: Callable[[], Any]) -> Any:
        def look() -> Any:
            self.all += self.worker.news()
            return found()

        return eventually(look)

    def answer(self, task: Task) -> Answer:
        """Have a task done and return its answer."""
        self.worker.do(task)
        answers: Callable[[], list[Answer]] = lambda: [  # noqa: E731 - a view of what is heard
            each for each in self.all if isinstance(each, Answer) and each.task is task
        ]
        [found] = self.until(answers)
        assert isinstance(found, Answer)
        return found

    def states(self) -> list[StreamState]:
        return [each for each in self.all if isinstance(each, StreamState)]


def broker(kind: type[SimulatedBroker] = SimulatedBroker) -> SimulatedBroker:
    params = FillParams(slippage_bps=0, commission_per_share=0)
    made = kind(SimulatedExchange(params, 10**9, DAY, listed("AAA", "BBB")))
    first: Any = bar(1, "AAA", 100_0000).body
    made.bar(first)
    return made


def test_each_task_is_answered_by_what_the_broker_says() -> None:
    there = broker()
    heard = Heard(lambda: there)
    placed = heard.answer(Submit(ORDER))
    assert isinstance(placed.found, BrokerOrder)
    assert placed.found.client_order_id == "ord-1"
    assert isinstance(heard.answer(Submit(ORDER)).error, OrderDuplicate)
    assert heard.answer(LookUp("ord-1")).found == placed.found
    assert isinstance(heard.answer(LookUp("ord-2")).error, NotAtBroker)
    assert heard.answer(Cancel("ord-1", placed.found.id)) == Answer(
        Cancel("ord-1", placed.found.id)
    )
    since = to_datetime(OPEN) - timedelta(hours=1)
    found = heard.answer(Reconcile(since)).found
    assert isinstance(found, Holdings)
    assert [order.status for order in found.orders] == ["CANCELLED"]
    assert (found.fills, found.positions, found.account.cash) == ([], [], 10**9)
    heard.worker.close()


def test_what_waited_for_too_long_is_not_sent() -> None:
    there = broker()
    heard = Heard(lambda: there)
    late = heard.answer(Submit(ORDER, datetime.now(UTC) - timedelta(seconds=1)))
    assert isinstance(late.error, BrokerAway)
    assert there.orders() == []
    assert heard.answer(Submit(ORDER, datetime.now(UTC) + timedelta(hours=1))).error is None
    heard.worker.close()


def test_no_question_that_hangs_holds_up_a_change() -> None:
    answers = Event()

    class Silent(SimulatedBroker):
        def order_of(self, client_order_id: str) -> BrokerOrder:
            answers.wait()
            return super().order_of(client_order_id)

    there = broker(Silent)
    heard = Heard(lambda: there)
    for n in range(2 * THREADS):
        heard.worker.do(LookUp(f"ord-{n}"))
    placed = heard.answer(Submit(ORDER)).found
    assert isinstance(placed, BrokerOrder)
    assert heard.answer(Cancel("ord-1", placed.id)).error is None
    answers.set()
    heard.worker.close()


def test_updates_are_heard_and_ring() -> None:
    there = broker()
    heard = Heard(lambda: there)
    heard.until(lambda: [state for state in heard.states() if state.up])
    there.submit(ORDER)
    second: Any = bar(2, "AAA", 101_0000).body
    there.bar(second)
    fills = heard.until(
        lambda: [e for e in heard.all if isinstance(e, OrderUpdate) and e.fill is not None]
    )
    assert [each.fill.qty for each in fills] == [10]
    assert heard.rings
    heard.worker.close()


def test_a_broker_that_cannot_be_reached_is_said_and_tried_again() -> None:
    there, tries = broker(), list[int]()

    def connect() -> Broker:
        tries.append(1)
        if len(tries) < 3:
            reason = "no such host"
            raise BrokerAway(reason)
        return there

    heard = Heard(connect)
    heard.worker.do(Submit(ORDER))  # waits for a broker, and is done then
    heard.until(lambda: [state for state in heard.states() if state.up])
    assert [state.reason for state in heard.states() if not state.up] == ["no such host"] * 2
    heard.until(lambda: [each for each in heard.all if isinstance(each, Answer)])
    assert there.order_of("ord-1").qty == 10
    heard.worker.close()


@pytest.mark.filterwarnings("error")
def test_a_fault_of_the_connector_leaves_the_outcome_unknown() -> None:
    class Faulty(SimulatedBroker):
        def submit(self, order: NewOrder) -> BrokerOrder:
            super().submit(order)
            reason = "a bug"
            raise ZeroDivisionError(reason)

    params = FillParams()
    there = Faulty(SimulatedExchange(params, 10**9, DAY, listed("AAA")))
    first: Any = bar(1, "AAA", 100_0000).body
    there.bar(first)
    heard = Heard(lambda: there)
    answer = heard.answer(Submit(ORDER))
    assert isinstance(answer.error, OutcomeUnknown)
    assert "ZeroDivisionError: a bug" in str(answer.error)
    assert isinstance(heard.answer(LookUp("ord-1")).found, BrokerOrder), "the threads live on"
    heard.worker.close()


def test_an_entry_in_what_the_broker_does_not_trade_is_never_sent() -> None:
    there = broker()
    heard = Heard(lambda: there)
    later = datetime.now(UTC) + timedelta(hours=1)
    unknown = NewOrder(client_order_id="ord-2", ticker="NOSUCH", side="BUY", qty=10)
    answer = heard.answer(Submit(unknown, later))
    assert isinstance(answer.error, OrderRefused)
    assert "the broker has no NOSUCH" in str(answer.error)
    assert heard.answer(Submit(ORDER, later)).error is None
    assert [o.client_order_id for o in there.orders()] == ["ord-1"]
