"""Legs that a broker holds beside an entry: learnt, told, and taken back before an exit."""

from typing import Any

import pytest
from msgspec.structs import replace

from connectors.broker.errors import OrderRefused
from connectors.broker.values import (
    Bracket,
    BrokerAccount,
    BrokerFill,
    BrokerOrder,
    OrderUpdate,
    StreamState,
)
from flows.execution.machine import FASTER, OrderMachine
from flows.execution.said import BrokerEvents
from flows.execution.state import MachineState
from flows.execution.tasks import Answer, Cancel, Holdings, LookUp, Reconcile, Submit, Task
from flows.execution.timings import Timings
from messages.control import Command
from messages.trading import OrderRequest, leg_order_id
from messages.units import DAY_US, MINUTE_US, SECOND_US, to_datetime
from operators.states import decode_state, encode_state
from tests.streams import at, command

BEFORE, NOW = at(4), at(5)
SOON = NOW + SECOND_US
WORKS = [("stop", "ACCEPTED"), ("target", "ACCEPTED")]


def order_request(id_: str = "ord-in", **more: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "id": id_, "event_time": to_datetime(NOW), "account": "main", "client_order_id": id_,
        "decision_id": "dec", "ticker": "AAA", "side": "BUY", "qty": 10,
        "valid_until": to_datetime(NOW + MINUTE_US), **more,
    }  # fmt: skip
    return OrderRequest(**fields)


ENTRY = order_request(stop_price=97.0, target_price=110.0)
LEAVING = order_request("ord-out", side="SELL", reduces=True)


def leg(role: str, status: Any = "ACCEPTED", filled: int = 0, id_: str = "") -> BrokerOrder:
    return BrokerOrder(
        id=id_ or role, client_order_id=f"theirs-{id_ or role}", ticker="AAA", side="SELL", qty=10,
        filled=filled, type="STOP" if role == "stop" else "LIMIT", status=status, word="new",
    )  # fmt: skip


def entry(status: Any = "ACCEPTED", filled: int = 0, *legs: BrokerOrder) -> BrokerOrder:
    return BrokerOrder(
        id="entry", client_order_id="ord-in", ticker="AAA", side="BUY", qty=10, filled=filled,
        status=status, word=status.lower(), legs=legs,
    )  # fmt: skip


def update(kind: Any, order: BrokerOrder, qty: int = 0) -> OrderUpdate:
    fill = None
    if qty:
        fill = BrokerFill(
            execution_id=f"exe-{order.id}-{order.filled}", order_id=order.id, ticker="AAA",
            side=order.side, qty=qty, price=100_0000, at=to_datetime(NOW),
        )  # fmt: skip
    return OrderUpdate(kind=kind, order=order, at=to_datetime(NOW), word=kind, fill=fill)


def make_ready(machine: OrderMachine) -> None:
    """Have an account accounted for before anything is asked for."""
    machine.heard(BEFORE, StreamState(up=True, at=to_datetime(BEFORE)))
    [look] = machine.tasks()
    account = BrokerAccount(id="a", currency="USD", cash=1, equity=1, buying_power=1)
    machine.answered(BEFORE, Answer(look, Holdings([], [], account, [])))
    machine.said()


class Sending:
    """A machine that has sent an entry, and what it said of legs."""

    def __init__(self, *legs: BrokerOrder) -> None:
        self.machine = OrderMachine(BrokerEvents("main", "test"), BEFORE, DAY_US)
        make_ready(self.machine)
        self.machine.request(NOW, ENTRY)
        [placed] = self.tasks()
        assert isinstance(placed, Submit)
        assert placed.order.bracket == Bracket(stop=97_0000, target=110_0000)
        self.machine.answered(NOW, Answer(placed, entry("ACCEPTED", 0, *legs)))

    def tasks(self) -> list[Task]:
        return [task for task in self.machine.tasks() if not isinstance(task, Reconcile)]

    def hear(self, kind: Any, order: BrokerOrder, qty: int = 0, now: int = NOW) -> None:
        self.machine.heard(now, update(kind, order, qty))

    def fill(self) -> None:
        self.hear("FILLED", entry("FILLED", 10), 10)

    def legs(self) -> list[tuple[str, str]]:
        """Return what was said of legs."""
        said: list[Any] = [event.body for event in self.machine.said()]
        for body in said:
            if body.leg:
                assert body.order_id == leg_order_id("main", "ord-in", body.leg)
                assert body.leg_of == "ord-in"
        return [(body.leg, body.status) for body in said if body.leg]

    def ends(self) -> list[tuple[str, str, str]]:
        said: list[Any] = [event.body for event in self.machine.said()]
        return [
            (body.order_id, body.status, body.reason)
            for body in said if body.kind == "order" and not body.leg
        ]  # fmt: skip


def filled() -> Sending:
    """Return a machine whose entry is filled and whose legs work."""
    sending = Sending(leg("stop"), leg("target"))
    sending.fill()
    assert sending.legs() == WORKS
    return sending


def test_legs_work_once_their_entry_has_ended_and_not_before() -> None:
    sending = Sending(leg("stop"), leg("target"))
    sending.hear("PARTIALLY_FILLED", entry("PARTIALLY_FILLED", 4), 4)
    assert sending.legs() == []
    sending.hear("CANCELLED", entry("CANCELLED", 4))
    assert sending.legs() == WORKS


def test_an_entry_without_a_fill_has_no_legs() -> None:
    sending = Sending(leg("stop"), leg("target"))
    sending.hear("CANCELLED", entry("CANCELLED"))
    sending.machine.due(SOON)
    assert (sending.legs(), sending.tasks()) == ([], [])


def test_legs_that_no_answer_named_are_looked_up_by_the_broker_s_id() -> None:
    sending = Sending()
    sending.fill()
    assert sending.legs() == []
    sending.machine.due(NOW)
    [look] = sending.tasks()
    assert look == LookUp("ord-in", "entry")
    sending.machine.answered(NOW, Answer(look, entry("FILLED", 10, leg("stop"), leg("target"))))
    assert sending.legs() == WORKS


def test_a_broker_that_holds_no_legs_is_not_waited_for_for_good() -> None:
    sending = Sending()
    sending.fill()
    now, asked = NOW, 0
    while now < NOW + MINUTE_US:
        sending.machine.due(now)
        for task in sending.tasks():
            asked += 1
            sending.machine.answered(now, Answer(task, entry("FILLED", 10)))
        now += SECOND_US
    assert asked == Timings().looks + 1
    sending.machine.request(now, LEAVING)
    assert [type(task) for task in sending.tasks()] == [Submit]


def test_an_exit_cancels_the_legs_waits_and_sells_what_is_left() -> None:
    sending = filled()
    sending.machine.request(NOW, LEAVING)
    assert sending.tasks() == [Cancel("ord-in", "stop"), Cancel("ord-in", "target")]
    sending.hear("PARTIALLY_FILLED", leg("stop", "PARTIALLY_FILLED", 4), 4)
    sending.hear("CANCELLED", leg("target", "CANCELLED"))
    sending.machine.due(SOON)
    assert not [task for task in sending.tasks() if isinstance(task, Submit)], "one may sell still"
    assert sending.legs() == [("stop", "PARTIALLY_FILLED")], "ends are told together"
    sending.hear("CANCELLED", leg("stop", "CANCELLED", 4), now=SOON)
    assert sending.legs() == [("stop", "CANCELLED"), ("target", "CANCELLED")]
    sending.machine.due(SOON)
    [sold] = sending.tasks()
    assert isinstance(sold, Submit)
    assert (sold.order.qty, sold.order.side) == (6, "SELL")
    out = BrokerOrder(
        id="out", client_order_id="ord-out", ticker="AAA", side="SELL", qty=6, filled=6,
        status="FILLED", word="filled",
    )  # fmt: skip
    sending.hear("FILLED", out, 6)
    assert ("ord-out", "CANCELLED", FASTER) in sending.ends()


def test_a_stop_that_was_faster_leaves_nothing_to_sell() -> None:
    sending = filled()
    sending.machine.request(NOW, LEAVING)
    cancels = sending.tasks()
    for task in cancels:
        sending.machine.answered(NOW, Answer(task, error=OrderRefused("it is filled")))
    sending.hear("FILLED", leg("stop", "FILLED", 10), 10)
    assert sending.legs() == [("stop", "FILLED"), ("stop", "FILLED")]
    sending.hear("CANCELLED", leg("target", "CANCELLED"))
    sending.machine.due(NOW)
    assert not [task for task in sending.tasks() if isinstance(task, Submit)]
    assert sending.ends() == [("ord-out", "CANCELLED", FASTER)]


def test_an_exit_takes_an_entry_back_that_is_filled_in_part() -> None:
    sending = Sending(leg("stop"), leg("target"))
    sending.hear("PARTIALLY_FILLED", entry("PARTIALLY_FILLED", 4), 4)
    sending.tasks()
    sending.machine.request(NOW, replace(LEAVING, qty=4))
    assert sending.tasks() == [Cancel("ord-in", "entry")]
    sending.hear("CANCELLED", entry("CANCELLED", 4))
    assert sending.legs() == [], "they are not to work"
    assert sending.tasks() == [Cancel("ord-in", "stop"), Cancel("ord-in", "target")]
    for role in ("stop", "target"):
        sending.hear("CANCELLED", leg(role, "CANCELLED"))
    sending.machine.due(NOW)
    [sold] = sending.tasks()
    assert isinstance(sold, Submit)
    assert sold.order.qty == 4


def test_an_exit_leaves_alone_what_was_entered_after_it() -> None:
    """A process that died may go on with an exit that a leg had made superfluous long since."""
    sending = filled()
    sending.machine.request(NOW, LEAVING)
    later = order_request("ord-later", stop_price=97.0)
    sending.machine.request(NOW, later)
    sending.tasks()
    bought = replace(entry("FILLED", 10), id="later", client_order_id="ord-later")
    sending.hear("FILLED", bought, 10)
    sending.hear("FILLED", leg("stop", "FILLED", 10), 10)
    sending.hear("CANCELLED", leg("target", "CANCELLED"))
    sending.machine.due(NOW)
    assert [t for t in sending.tasks() if not isinstance(t, LookUp)] == []
    assert ("ord-out", "CANCELLED", FASTER) in sending.ends()


def test_legs_that_expire_are_told_as_ended_together() -> None:
    sending = filled()
    sending.hear("EXPIRED", leg("stop", "EXPIRED"))
    assert sending.legs() == []
    sending.hear("EXPIRED", leg("target", "EXPIRED"))
    assert sending.legs() == [("stop", "EXPIRED"), ("target", "EXPIRED")]


def test_one_leg_alone_is_cancelled() -> None:
    sending = filled()
    sending.hear("REJECTED", leg("stop", "REJECTED"))
    sending.machine.due(SOON)
    [look] = sending.tasks()
    found = entry("FILLED", 10, leg("stop", "REJECTED"), leg("target"))
    sending.machine.answered(SOON, Answer(look, found))
    assert sending.tasks() == [Cancel("ord-in", "target")]


def test_a_leg_that_was_replaced_by_hand_is_found_and_taken_back() -> None:
    sending = filled()
    sending.hear("REPLACED", leg("stop", "REPLACED"))
    sending.machine.due(SOON)
    [look] = sending.tasks()
    found = entry("FILLED", 10, leg("stop", id_="moved"), leg("target"))
    sending.machine.answered(SOON, Answer(look, found))
    assert sending.tasks() == [Cancel("ord-in", "target"), Cancel("ord-in", "moved")]


def test_a_fill_that_comes_before_its_entry_s_is_found_again() -> None:
    sending = Sending(leg("stop"), leg("target"))
    sending.hear("FILLED", leg("stop", "FILLED", 10), 10)
    assert sending.legs() == []
    assert sending.machine.next_due <= NOW + Timings().look_again


def test_a_reset_cancels_legs() -> None:
    sending = filled()
    body = command(5, "reset_account").body
    assert isinstance(body, Command)
    sending.machine.command(NOW, body)
    assert sending.tasks() == [Cancel("ord-in", "stop"), Cancel("ord-in", "target")]


@pytest.mark.parametrize("kind", ["halt", "reduce", "pause"])
def test_no_halt_takes_the_stop_away(kind: Any) -> None:
    sending = filled()
    body = command(5, kind).body
    assert isinstance(body, Command)
    sending.machine.command(NOW, body)
    assert sending.tasks() == []


def test_whoever_begins_again_looks_the_legs_up() -> None:
    state = decode_state(encode_state(filled().machine.snapshot()), MachineState)
    machine = OrderMachine(BrokerEvents("main", "test"), SOON, DAY_US, state)
    machine.due(SOON)
    assert LookUp("ord-in", "entry") in machine.tasks()


def test_the_order_of_a_leg_is_not_sent() -> None:
    sending = filled()
    sending.machine.request(NOW, replace(LEAVING, leg_of="ord-in", leg="stop"))
    assert sending.tasks() == []
