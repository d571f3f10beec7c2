"""A flow that lost its snapshot: what the log has of its orders is neither sent nor done again."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from connectors.broker.errors import NotAtBroker
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
from flows.execution.tasks import Answer, Holdings, LookUp, Reconcile, Submit, Task
from flows.execution.told import NOTHING, Told
from messages.broker import BrokerEvent
from messages.control import Command
from messages.trading import OrderRequest
from messages.units import MINUTE_US, SECOND_US, to_datetime
from tests.property.test_order_machine import order_request
from tests.streams import at, command

NOW = at(1)
MONEY = BrokerAccount(id="a", currency="USD", cash=0, equity=0, buying_power=0)
Shares = dict[str, str]


class Life:
    """A machine between a log and a broker; another one can go on from the log alone."""

    def __init__(self, log: Sequence[BrokerEvent] = (), now: int = NOW) -> None:
        self.now, self.log = now, list(log)
        told = Told.of(log) if log else NOTHING
        self.machine = OrderMachine(BrokerEvents("main", "test"), now, MINUTE_US, told=told)
        self.machine.heard(now, StreamState(up=True, at=to_datetime(now)))

    def looks(self, shares: Shares) -> list[Task]:
        """Answer what is asked about everything; returns what else is asked."""
        self.now += 5 * SECOND_US
        self.machine.due(self.now)
        others: list[Task] = []
        for task in self.machine.tasks():
            if isinstance(task, Reconcile):
                there = [
                    BrokerPosition(ticker=t, qty=Decimal(q), average=Decimal(1))
                    for t, q in shares.items()
                ]
                found = Holdings([], [], MONEY, there)
                self.machine.answered(self.now, Answer(task, found))
            else:
                others.append(task)
        self.log += [e.body for e in self.machine.said() if isinstance(e.body, BrokerEvent)]
        return others

    def fills(self, request: OrderRequest) -> None:
        self.machine.request(self.now, request)
        [placed] = self.machine.tasks()
        assert isinstance(placed, Submit)
        there = BrokerOrder(
            id=f"their {request.id}", client_order_id=request.id, ticker=request.ticker,
            side=request.side, qty=request.qty, status="ACCEPTED", word="new",
        )  # fmt: skip
        self.machine.answered(self.now, Answer(placed, there))
        done = replace(there, status="FILLED", filled=there.qty)
        fill = BrokerFill(
            execution_id=f"exe {request.id}", order_id=there.id, ticker=there.ticker,
            side=there.side, qty=there.qty, price=100_0000, at=to_datetime(self.now),
        )  # fmt: skip
        moment = to_datetime(self.now)
        self.machine.heard(
            self.now, OrderUpdate(kind="FILLED", order=done, at=moment, word="fill", fill=fill)
        )

    def last(self, kind: str) -> BrokerEvent:
        return next(event for event in reversed(self.log) if event.kind == kind)


def adopt(minute: float) -> Command:
    body: Any = command(minute, "reset_account").body
    return body  # type: ignore[no-any-return]


def test_shares_of_ours_are_not_held_besides_once_the_snapshot_is_lost() -> None:
    life = Life()
    life.looks({"AAA": "3"})
    bought = order_request(1, life.now + 1)
    life.fills(bought)
    held = {"AAA": "3", bought.ticker: str(bought.qty)}
    life.looks(held)
    again = Life(life.log, life.now + MINUTE_US)
    again.looks(held)  # before the log has given out the request
    again.machine.request(again.now, bought)
    assert again.looks(held) == [], "of an order that has ended nothing is asked"
    assert again.last("reconciled").unmanaged == ("AAA 3",)
    assert [event.kind for event in again.log].count("adopted") == 1
    assert again.machine.snapshot().held == {bought.ticker: bought.qty}


def test_an_adoption_that_was_carried_out_is_not_carried_out_again() -> None:
    life = Life()
    life.looks({})
    before = order_request(1, life.now + 1)
    life.fills(before)
    life.looks({before.ticker: "11"})
    asked, overtaken = adopt(1.5), adopt(1.4)
    life.now += MINUTE_US
    life.machine.command(life.now, overtaken)
    life.machine.command(life.now, asked)
    life.looks({before.ticker: "5"})
    bought = order_request(2, life.now + 1)
    life.fills(bought)
    held = {before.ticker: "5", bought.ticker: str(bought.qty)}
    life.looks(held)
    again = Life(life.log, life.now + MINUTE_US)
    for each in (overtaken, asked):
        again.machine.command(again.now, each)
    for request in (before, bought):
        again.machine.request(again.now, request)
    again.looks(held)
    assert [event.kind for event in again.log].count("adopted") == 2
    assert again.last("reconciled").unmanaged == (f"{before.ticker} 5",)


def test_an_exit_that_was_refused_is_not_sent_again() -> None:
    life = Life()
    life.looks({})
    refused = order_request(1, life.now + 1, reduces=True)
    life.machine.request(life.now, refused)
    assert [type(task) for task in life.machine.tasks()][-1] is Submit
    life.machine._end(life.now, life.machine._lives[refused.id], "REJECTED", "no such shares")
    life.looks({})
    again = Life(life.log, life.now + MINUTE_US)
    again.machine.request(again.now, refused)
    assert again.looks({}) == []
    assert again.machine.snapshot().lives[0].ended_at


def test_an_order_that_has_not_ended_is_looked_up() -> None:
    life = Life()
    life.looks({})
    exits = order_request(1, life.now + 1, reduces=True)
    life.machine.request(life.now, exits)
    life.looks({})
    again = Life(life.log, life.now + MINUTE_US)
    again.machine.request(again.now, exits)
    [look] = again.looks({})
    assert isinstance(look, LookUp)
    again.machine.answered(again.now, Answer(look, error=NotAtBroker("no such order")))
    assert [type(task) for task in again.machine.tasks()] == [Submit]


def test_legs_come_back_from_what_was_told() -> None:
    """What a leg closed is counted, and the broker is asked which of them still work."""
    asked = at(2)
    request = replace(order_request(1, asked), stop_price=97.0, target_price=110.0)
    told = BrokerEvents("main", "test")
    entry = BrokerFill(
        execution_id="in", order_id="their entry", ticker=request.ticker, side="BUY",
        qty=request.qty, price=100_0000, at=to_datetime(asked),
    )  # fmt: skip
    out = replace(entry, execution_id="out", order_id="their stop", side="SELL", qty=4)
    said = [
        told.fill(asked, request, entry, "FILLED"),
        told.order(asked, request, "FILLED", "their entry"),
        told.leg_order(asked, request, "stop", "ACCEPTED", "their stop"),
        told.leg_order(asked, request, "target", "ACCEPTED", "their target"),
        told.leg_fill(asked, request, "stop", out, "PARTIALLY_FILLED"),
    ]
    life = Life([event.body for event in said], at(3))  # type: ignore[misc]  # broker events
    life.machine.request(life.now, request)
    held = life.machine.snapshot().held
    assert held == {request.ticker: request.qty - 4}
    [bracket] = [each.bracket for each in life.machine.snapshot().lives]
    assert bracket is not None
    assert [(leg.id, leg.role, leg.filled, leg.executions) for leg in bracket.legs] == [
        ("their stop", "stop", 4, ["out"]), ("their target", "target", 0, []),
    ]  # fmt: skip
    asks = life.looks({request.ticker: str(request.qty - 4)})
    assert asks == [LookUp(request.client_order_id, "their entry")]
    assert "drift" not in [event.kind for event in life.log]
    life.machine.heard(life.now, _update("FILLED", out))
    assert life.machine.said() == [], "a fill that was told is the same fill"


def _update(kind: Any, fill: BrokerFill) -> OrderUpdate:
    order = BrokerOrder(
        id=fill.order_id, client_order_id="theirs", ticker=fill.ticker, side=fill.side, qty=11,
        filled=fill.qty, type="STOP", status="PARTIALLY_FILLED", word="partial_fill",
    )  # fmt: skip
    return OrderUpdate(kind=kind, order=order, at=fill.at, word=kind, fill=fill)
