"""An account is adopted as the broker has it: at first, and by a command, once nothing is open."""

from decimal import Decimal
from typing import Any

from connectors.broker.errors import NotAtBroker
from connectors.broker.values import BrokerAccount, BrokerOrder, BrokerPosition, StreamState
from flows.execution.machine import OrderMachine
from flows.execution.said import BrokerEvents
from flows.execution.state import MachineState
from flows.execution.tasks import Answer, Holdings, LookUp, Reconcile, Submit, Task
from messages.broker import BrokerEvent
from messages.control import Command
from messages.trading import OrderRequest
from messages.units import MINUTE_US, SECOND_US, to_datetime
from operators.states import decode_state, encode_state
from tests.property.test_order_machine import order_request
from tests.streams import at, command

NOW = at(1)


class Adopting:
    """A machine whose broker answers what it is told to."""

    def __init__(self, shares: dict[str, str], state: MachineState | None = None) -> None:
        self.shares, self.now = shares, NOW
        self.machine = OrderMachine(BrokerEvents("main", "test"), NOW, MINUTE_US, state)
        self.machine.heard(NOW, StreamState(up=True, at=to_datetime(NOW)))

    def look(self) -> list[BrokerEvent]:
        """Answer what is asked about everything; returns what is said."""
        self.now += 5 * SECOND_US
        self.machine.due(self.now)
        for task in self.machine.tasks():
            if isinstance(task, Reconcile):
                self.machine.answered(self.now, Answer(task, self._holdings()))
            elif isinstance(task, LookUp):
                self.machine.answered(self.now, Answer(task, error=NotAtBroker("no such order")))
        return self.said()

    def said(self) -> list[BrokerEvent]:
        return [e.body for e in self.machine.said() if isinstance(e.body, BrokerEvent)]

    def command(self) -> Command:
        body: Any = command(1, "reset_account").body
        self.machine.command(self.now, body)
        found: Command = body
        return found

    def ask(self, request: OrderRequest) -> list[Task]:
        self.machine.request(self.now, request)
        return self.machine.tasks()

    def _holdings(self) -> Holdings:
        account = BrokerAccount(
            id="acc", currency="USD", cash=12_345_6789, equity=20_000_0000,
            buying_power=12_345_6789,
        )  # fmt: skip
        positions = [
            BrokerPosition(ticker=t, qty=Decimal(q), average=Decimal(1)) for t, q in
            self.shares.items()
        ]  # fmt: skip
        return Holdings([], [], account, positions)


def kinds(events: list[BrokerEvent]) -> list[str]:
    return [event.kind for event in events]


def test_the_first_look_adopts_what_is_there() -> None:
    adopting = Adopting({"AAA": "10.5"})
    first, second = [e for e in adopting.look() if e.kind != "stream_up"]
    assert (first.kind, second.kind) == ("adopted", "reconciled")
    assert first.cash == second.cash == Decimal("12345.6789")
    assert first.unmanaged == second.unmanaged == ("AAA 10.5",)
    assert kinds(adopting.look()) == []


def test_a_command_adopts_once_no_order_is_open() -> None:
    adopting = Adopting({})
    adopting.look()
    late = order_request(1, adopting.now + SECOND_US)
    assert [type(t) for t in adopting.ask(late)] == [Submit]
    adopting.shares = {"AAA": "3"}
    asked = adopting.command()
    [waits] = adopting.said()
    assert (waits.kind, waits.causes) == ("drift", (asked.id,)), "nothing is entered meanwhile"
    assert kinds(adopting.look()) == []
    adopting.machine._end(adopting.now, adopting.machine._lives[late.id], "REJECTED")
    found = [e for e in adopting.look() if e.kind != "order"]
    assert kinds(found) == ["adopted", "reconciled"]
    assert (found[0].causes, found[0].unmanaged) == ((asked.id,), ("AAA 3",))


def test_an_order_that_the_broker_has_no_more_holds_up_no_adoption() -> None:
    """A paper account that its owner had begun anew knows none of its orders."""
    adopting = Adopting({})
    adopting.look()
    [placed] = adopting.ask(order_request(1, adopting.now + SECOND_US))
    assert isinstance(placed, Submit)
    there = BrokerOrder(
        id="theirs", client_order_id=placed.order.client_order_id, ticker=placed.order.ticker,
        side="BUY", qty=placed.order.qty, status="ACCEPTED", word="new",
    )  # fmt: skip
    adopting.machine.answered(adopting.now, Answer(placed, there))
    adopting.now += MINUTE_US
    assert kinds(adopting.look()) == ["order"], "without a command it is believed to be there"
    adopting.command()
    assert kinds(adopting.look()) == ["drift", "order"]
    assert kinds(adopting.look()) == ["adopted", "reconciled"]


def test_what_was_decided_before_is_not_sent_any_more() -> None:
    adopting = Adopting({})
    adopting.look()
    assert adopting.ask(order_request(1, adopting.now)) == []
    [end] = adopting.said()
    assert (end.kind, end.status) == ("order", "CANCELLED")
    assert [type(t) for t in adopting.ask(order_request(2, adopting.now + 1))] == [Submit]


def test_an_adoption_that_waits_outlives_its_process() -> None:
    adopting = Adopting({})
    adopting.look()
    adopting.ask(order_request(1, adopting.now + 1))
    asked = adopting.command()
    kept = decode_state(encode_state(adopting.machine.snapshot()), MachineState)
    again = Adopting({}, kept)
    again.machine.command(again.now, asked)
    again.machine._end(again.now, again.machine._lives[kept.lives[0].request.id], "REJECTED")
    again.said()
    assert kinds(again.look()) == ["adopted", "reconciled"]
    assert kinds(again.look()) == []


def test_an_adoption_told_twice_has_one_id() -> None:
    first, again = Adopting({"AAA": "1"}), Adopting({"AAA": "2"})
    assert first.look()[1].id == again.look()[1].id
