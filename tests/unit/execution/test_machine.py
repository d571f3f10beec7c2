"""What the machine asks for when a broker is slow, vague or in between: no more than helps."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from connectors.broker.errors import NotAtBroker, OrderRefused, OutcomeUnknown
from connectors.broker.values import (
    BrokerAccount,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
    OrderUpdate,
    StreamState,
)
from flows.execution.machine import OrderMachine
from flows.execution.said import BrokerEvents
from flows.execution.state import MachineState
from flows.execution.tasks import Answer, Cancel, Holdings, LookUp, Reconcile, Submit, Task
from flows.execution.timings import Timings
from messages.control import Command
from messages.trading import OrderRequest
from messages.units import MINUTE_US, SECOND_US, to_datetime
from operators.states import decode_state, encode_state
from tests.streams import at, command

NOW = at(5)
MONEY = BrokerAccount(id="a", currency="USD", cash=0, equity=0, buying_power=0)


def request(*, reduces: bool = False) -> OrderRequest:
    return OrderRequest(
        id="ord-1", event_time=to_datetime(NOW), account="main", client_order_id="ord-1",
        decision_id="dec-1", ticker="AAA", side="SELL" if reduces else "BUY", qty=10,
        valid_until=to_datetime(NOW) + timedelta(seconds=30), reduces=reduces,
    )  # fmt: skip


def there(status: Any = "ACCEPTED", filled: int = 0, **more: Any) -> BrokerOrder:
    return BrokerOrder(
        id="theirs", client_order_id="ord-1", ticker="AAA", side="BUY", qty=10, filled=filled,
        status=status, word=status.lower(), **more,
    )  # fmt: skip


def update(kind: Any, order: BrokerOrder, fill: BrokerFill | None = None) -> OrderUpdate:
    return OrderUpdate(kind=kind, order=order, at=to_datetime(NOW), word=kind, fill=fill)


def fill(side: Any = "SELL") -> BrokerFill:
    return BrokerFill(
        execution_id="exe-1", order_id="theirs", ticker="AAA", side=side, qty=10, price=100_0000,
        at=to_datetime(NOW),
    )  # fmt: skip


def machine() -> OrderMachine:
    return OrderMachine(BrokerEvents("main", "test"), NOW, MINUTE_US)


def ready() -> OrderMachine:
    """Return a machine that hears updates and has accounted for everything."""
    made, before = machine(), NOW - SECOND_US
    made.heard(before, StreamState(up=True, at=to_datetime(before)))
    [look] = made.tasks()
    made.answered(before, Answer(look, held([], [], 30)))
    assert [kind for kind, _ in said(made)] == ["stream_up", "adopted", "reconciled"]
    return made


def kinds(tasks: list[Task]) -> list[type[Task]]:
    return [type(task) for task in tasks]


def said(machine: OrderMachine) -> list[tuple[str, str | None]]:
    return [(e.body.kind, e.body.status) for e in machine.said()]  # type: ignore[attr-defined]


def stop(kind: Any = "reduce") -> Command:
    body = command(5, kind).body
    assert isinstance(body, Command)
    return body


def test_a_halt_takes_back_an_entry_that_was_not_sent_yet() -> None:
    sends = machine()
    sends.request(NOW, request())
    sends.command(NOW, stop("halt"))
    assert sends.tasks() == []
    assert said(sends) == [("order", "CANCELLED")]
    leaves = ready()
    leaves.request(NOW, request(reduces=True))
    leaves.command(NOW, stop("halt"))
    assert kinds(leaves.tasks()) == [Submit]


def test_an_entry_waits_until_the_account_is_accounted_for_and_an_exit_does_not() -> None:
    for reduces in (False, True):
        sends = ready()
        sends.heard(NOW, StreamState(up=False, reason="cut", at=to_datetime(NOW)))
        sends.request(NOW, request(reduces=reduces))
        assert kinds(sends.tasks()) == ([Submit] if reduces else [])
        now = NOW + SECOND_US
        sends.heard(now, StreamState(up=True, at=to_datetime(now)))
        [look] = sends.tasks()
        sends.answered(now, Answer(look, held([], [], 30)))
        sends.due(now)
        assert kinds(sends.tasks()) == ([] if reduces else [Submit])


def test_an_entry_that_waited_for_the_account_in_vain_expires() -> None:
    sends = machine()
    sends.request(NOW, request())
    sends.due(NOW + SECOND_US)
    assert (sends.tasks(), said(sends)) == ([], [])
    sends.due(NOW + MINUTE_US)
    assert (sends.tasks(), said(sends)) == ([], [("order", "EXPIRED")])


def test_an_entry_is_sent_for_as_long_as_it_holds_and_an_exit_however_late() -> None:
    for reduces in (False, True):
        sends = ready()
        sends.request(NOW, request(reduces=reduces))
        [task] = sends.tasks()
        assert isinstance(task, Submit)
        assert task.until == (None if reduces else request().valid_until)


def test_a_refusal_is_no_end_while_the_same_order_may_still_be_on_its_way() -> None:
    sends = ready()
    sends.request(NOW, request())
    [placed] = sends.tasks()
    sends.answered(NOW, Answer(placed, error=OutcomeUnknown("cut")))
    now = NOW + SECOND_US
    sends.due(now)
    [look] = sends.tasks()
    sends.answered(now, Answer(look, error=NotAtBroker("no such order")))
    [again] = sends.tasks()
    assert isinstance(again, Submit)
    sends.answered(now, Answer(again, error=OrderRefused("no buying power")))
    assert said(sends) == [("order", "UNKNOWN")]
    now = NOW + MINUTE_US
    sends.due(now)
    look = next(task for task in sends.tasks() if isinstance(task, LookUp))
    sends.answered(now, Answer(look, error=NotAtBroker("no such order")))
    assert said(sends) == [("order", "EXPIRED")]


def test_a_cancel_that_is_not_taken_is_asked_for_less_and_less_often() -> None:
    sends, asked = ready(), list[Task]()
    sends.request(NOW, request())
    [placed] = sends.tasks()
    sends.answered(NOW, Answer(placed, there()))
    sends.command(NOW, stop())
    for second in range(120):
        now = NOW + second * SECOND_US
        sends.due(now)
        while tasks := sends.tasks():
            asked += tasks
            for task in tasks:
                refused = OrderRefused('order is already in "pending_cancel" state')
                cancels = isinstance(task, Cancel)
                answer = Answer(task, error=refused) if cancels else Answer(task, there())
                sends.answered(now, answer)
    asked_of_the_order = [task for task in asked if isinstance(task, Cancel | LookUp)]
    assert len(asked_of_the_order) <= 2 * (len(Timings().back_off) + 4)
    sends.heard(NOW + 2 * MINUTE_US, update("CANCELLED", there("CANCELLED")))
    assert said(sends)[-1] == ("order", "CANCELLED")


def test_an_update_whose_status_nobody_knows_has_its_order_looked_up() -> None:
    sends = ready()
    sends.request(NOW, request())
    [placed] = sends.tasks()
    sends.answered(NOW, Answer(placed, there()))
    sends.heard(NOW, update("CANCELLED", there("UNKNOWN")))
    sends.due(NOW)
    [look] = sends.tasks()
    assert look == LookUp("ord-1")
    sends.answered(NOW, Answer(look, there("UNKNOWN")))
    sends.due(NOW)
    assert sends.tasks() == [], "a word that stays unknown is not asked about again and again"
    sends.heard(NOW, update("CANCELLED", there("UNKNOWN")))
    sends.due(NOW)
    sends.answered(NOW, Answer(sends.tasks()[0], there("CANCELLED")))
    assert said(sends)[-1] == ("order", "CANCELLED")


def test_a_fill_within_the_first_look_is_not_taken_for_what_was_there_before() -> None:
    sends = OrderMachine(BrokerEvents("main", "test"), NOW + 1, MINUTE_US)
    sends.request(NOW, request(reduces=True))
    [placed] = sends.tasks()
    assert isinstance(placed, LookUp), "a process that has died may have sent it"
    order = replace(there(), side="SELL")
    sends.answered(NOW, Answer(placed, order))
    sends.heard(NOW, StreamState(up=True, at=to_datetime(NOW)))
    [look] = sends.tasks()
    # Orders and fills were asked for before the fill, positions after it: 20 of 30 are left.
    sends.answered(NOW, Answer(look, held([order], [], 20)))
    assert said(sends)[-1][0] == "stream_up", "nothing is settled while two looks may differ"
    done = replace(order, status="FILLED", filled=10)
    sends.heard(NOW, update("FILLED", done, fill()))
    now = NOW + Timings().look_again
    sends.due(now)
    [look] = sends.tasks()
    assert isinstance(look, Reconcile)
    sends.answered(now, Answer(look, held([done], [fill()], 20)))
    assert said(sends)[-1][0] == "reconciled"
    assert sends.snapshot().unmanaged == {"AAA": Decimal(30)}


def test_nothing_is_sent_to_another_account_than_the_run_s() -> None:
    first = ready()
    kept = decode_state(encode_state(first.snapshot()), MachineState)
    assert kept.account_id == MONEY.id
    again = OrderMachine(BrokerEvents("main", "test"), NOW, MINUTE_US, kept)
    again.heard(NOW, StreamState(up=True, at=to_datetime(NOW)))
    later = NOW + SECOND_US
    again.request(later, request(reduces=True))
    [look] = again.tasks()
    assert isinstance(look, Reconcile), "not even an exit, before it is known whose keys they are"
    strange = held([], [], 30)._replace(account=replace(MONEY, id="another"))
    again.answered(later, Answer(look, strange))
    [_, told] = [e.body for e in again.said()]
    assert "of account another, and this run trades" in told.reason  # type: ignore[attr-defined]
    for minute in (1, 2):
        now = later + minute * MINUTE_US
        again.due(now)
        [look] = again.tasks()
        again.answered(now, Answer(look, strange))
    assert again.said() == [], "it is said once"
    now = later + 3 * MINUTE_US
    again.due(now)
    [look] = again.tasks()
    again.answered(now, Answer(look, held([], [], 30)))
    again.due(now + SECOND_US)
    assert kinds(again.tasks()) == [Submit]


def test_an_execution_that_was_not_ordered_stops_entries() -> None:
    sends = ready()
    sends.request(NOW, request())
    [placed] = sends.tasks()
    sends.answered(NOW, Answer(placed, there()))
    said(sends)
    more = replace(fill(), qty=1_000)
    sends.heard(NOW, update("FILLED", replace(there(), status="FILLED", filled=1_000), more))
    assert [kind for kind, _ in said(sends)][:2] == ["fill", "drift"]


def held(orders: list[BrokerOrder], fills: list[BrokerFill], qty: int) -> Holdings:
    position = BrokerPosition(ticker="AAA", qty=Decimal(qty), average=Decimal(100))
    return Holdings(orders, fills, MONEY, [position])
