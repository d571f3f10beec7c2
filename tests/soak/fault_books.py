"""The desk's books beside the stand-in's journal, which knows nothing of Tidewire."""

from collections import Counter
from typing import NamedTuple

from connectors.broker.stand_in.faults import Kind
from connectors.broker.stand_in.journal import Books
from connectors.broker.values import BrokerOrder
from flows.execution.machine import FASTER
from messages.broker import BrokerEvent
from messages.trading import OrderRequest
from messages.units import to_units
from tests.soak.fault_desk import ClosedLoop

ENDS = ("CANCELLED", "REJECTED", "EXPIRED")


class Outcome(NamedTuple):
    """What came of a run.

    Attributes:
        struck: times that the fault did.
        orders, fills: in the journal.
        doubles: orders beyond the first under one id.
        lost: orders and fills that one side knows and the other does not.
        wrong: what else the books differ in, and everything lost, in words.
        seconds: that it took.
    """

    kind: Kind
    seed: int
    struck: int
    orders: int
    fills: int
    doubles: int
    lost: int
    wrong: tuple[str, ...]
    seconds: float

    @property
    def good(self) -> bool:
        """Tell whether it is as it must be, and says something: the fault was met by orders."""
        says = min(self.struck, self.orders, self.fills) > 0
        return says and not (self.doubles or self.lost or self.wrong)


def no_end(kind: Kind, seed: int, why: str) -> Outcome:
    """Return what came of a run that did not come to rest."""
    return Outcome(kind, seed, 0, 0, 0, 0, 0, (why,), 0.0)


def outcome(kind: Kind, seed: int, loop: ClosedLoop, books: Books, seconds: float) -> Outcome:
    """Compare, once nothing is open."""
    lost = [*_lost_orders(loop, books), *_lost_fills(loop, books)]
    return Outcome(
        kind=kind, seed=seed, struck=books.count("fault", kind), orders=len(books.orders),
        fills=len(books.fills), doubles=sum(n - 1 for n in books.doubles.values()),
        lost=len(lost), wrong=(*lost, *_differences(loop, books)), seconds=seconds,
    )  # fmt: skip


def _lost_orders(loop: ClosedLoop, books: Books) -> list[str]:
    """Return the orders that only one side has; what was not placed must have been told so."""
    refused = {row.client_order_id for row in books.rows if row.what == "refused"}
    ours = {request.client_order_id: request for request in loop.requests}
    beside = set(_legs(books))
    known = {*ours, *beside}
    found = [f"{name} is at the broker alone" for name in books.orders if name not in known]
    for name, request in ours.items():
        ends = [e.status for e in _told(loop, name) if e.status in ENDS]
        if name in books.orders or request.leg_of:
            continue
        if _placed(loop, name):
            found.append(f"{name} is not there, and was told of")
        elif ends == ["REJECTED"] and name not in refused:
            found.append(f"{name} was rejected by nobody")
        elif len(ends) != 1 or (request.reduces and not _is_over(loop, name)):
            found.append(f"{name} is not there, and told as {ends}")
    return found


def _is_over(loop: ClosedLoop, name: str) -> bool:
    """Tell whether an exit was refused, or a leg at the broker was faster with all of it."""
    return any(e.status == "REJECTED" or e.reason == FASTER for e in _told(loop, name))


def _legs(books: Books) -> dict[str, BrokerOrder]:
    """Return the legs that the broker holds beside entries, by its names for them."""
    entries = [row.order for row in books.rows if row.what == "order" and row.order is not None]
    return {leg.client_order_id: leg for entry in entries for leg in entry.legs}


def _legs_alone(books: Books, ended: set[str]) -> list[str]:
    """Return the legs that are still there, and have no position of their ticker."""
    return [
        f"leg {name} is open without a position" for name, leg in _legs(books).items()
        if name not in ended and leg.ticker not in books.positions
    ]  # fmt: skip


def _placed(loop: ClosedLoop, name: str) -> bool:
    """Tell whether it was said that an order is at the broker."""
    return any(e.kind == "fill" or e.broker_order_id for e in _told(loop, name))


def _told(loop: ClosedLoop, name: str) -> list[BrokerEvent]:
    return [e for e in loop.said if e.order_id == name and e.kind in ("order", "fill")]


def _lost_fills(loop: ClosedLoop, books: Books) -> list[str]:
    """Return the executions that only one side has booked, or in other numbers."""
    told = loop.desk.snapshot().broker
    ours = Counter(e for ids in (told.told if told else {}).values() for e in ids)
    theirs = {f.execution_id: (f.ticker, f.side, f.qty, f.price) for f in books.fills}
    said = {
        e.execution_id: (e.ticker, e.side, e.qty, to_units(e.price or 0.0))
        for e in loop.said if e.kind == "fill"
    }  # fmt: skip
    found = [f"fill {e} is booked {n} times" for e, n in ours.items() if e not in theirs or n > 1]
    for execution, numbers in theirs.items():
        if execution not in ours:
            found.append(f"fill {execution} is not booked")
        elif said.get(execution) != numbers:
            found.append(f"fill {execution} is {numbers}, told as {said.get(execution)}")
    return found


def _differences(loop: ClosedLoop, books: Books) -> list[str]:
    """Return what else is not the same: shares, cash to its last unit, and how orders ended."""
    account = loop.desk.account
    held = {ticker: p.qty for ticker, p in sorted(account.positions.items())}
    found = [f"{len(loop.unusable)} records unusable"] if loop.unusable else []
    if held != books.positions:
        found.append(f"positions {held}, at the broker {books.positions}")
    if account.cash != books.cash:
        found.append(f"cash {account.cash}, at the broker {books.cash}")
    ended = {
        r.order.client_order_id: r.order.status for r in books.rows if r.what == "end" and r.order
    }
    filled = {name for name, leg in _legs(books).items() if _is_filled(leg, books)}
    found += _legs_alone(books, {*ended, *filled})
    for request in loop.requests:
        if request.client_order_id in books.orders:
            found += _end_of(request, ended.get(request.client_order_id), loop, books)
    return found


def _is_filled(leg: BrokerOrder, books: Books) -> bool:
    """Tell whether a leg has closed all that its entry was filled."""
    entry = next(e for e in books.rows if e.order and leg.id in {x.id for x in e.order.legs})
    bought = books.fills_of(entry.order.client_order_id) if entry.order else []
    closed = books.fills_of(leg.client_order_id)
    return bool(closed) and sum(f.qty for f in closed) == sum(f.qty for f in bought)


def _end_of(
    request: OrderRequest, there: str | None, loop: ClosedLoop, books: Books
) -> list[str]:  # fmt: skip
    name = request.client_order_id
    filled = sum(fill.qty for fill in books.fills_of(name))
    ends = [e.status for e in _told(loop, name) if e.kind == "order" and e.status in ENDS]
    [sent, *_] = books.orders[name]
    if there is None and filled != sent.qty:
        return [f"{name} is open at the broker"]
    if sent.qty < request.qty:  # a leg was faster with the rest
        return [] if ends == ["CANCELLED"] else [f"{name} was cut, told {ends}"]
    if filled == request.qty:
        return []  # its fills say so
    return [] if ends[-1:] == [there] else [f"{name} ended {there}, told {ends}"]
