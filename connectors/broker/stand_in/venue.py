"""The simulated exchange as Alpaca's paper desk: journaled, told, and at fault where it is planned.

Everything here runs on the server's loop, so that one thing happens after the other.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from connectors.broker.errors import NotAtBroker, OrderRefused
from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.stand_in.faults import Faults
from connectors.broker.stand_in.ids import told
from connectors.broker.stand_in.journal import WORD, Journal, Row
from connectors.broker.stand_in.numbers import uuid_of
from connectors.broker.stand_in.problems import Refusal, not_found, unprocessable
from connectors.broker.stand_in.shapes import Shape, order_shape, update_shape
from connectors.broker.stand_in.split import split
from connectors.broker.stand_in.ticket import Ticket
from connectors.broker.stand_in.tickets import Tickets
from connectors.broker.values import (
    Asset,
    BrokerAccount,
    BrokerFill,
    BrokerPosition,
    NewOrder,
    OrderUpdate,
    Replacement,
)
from messages.market import Bar

Listener = Callable[[dict[str, Any]], None]
STATUSES: Final = {"400": 422, "403": 403, "404": 404, "422": 422}  # HTTP's by the code's beginning


class Venue:
    """The account's orders, and the market that fills them.

    Attributes:
        fills: as they were told, in parts where they were split.
        opened: when the account was.
    """

    def __init__(
        self, exchange: SimulatedExchange, journal: Journal, faults: Faults,
        clock: Callable[[], datetime], listener: Listener,
    ) -> None:  # fmt: skip
        """Open the account.

        Args:
            exchange: fresh; it fills orders.
            journal: told of everything before anybody else.
            faults: of fills and cancels.
            clock: the time.
            listener: told of each update, in Alpaca's JSON.
        """
        self._exchange, self._journal, self._faults = exchange, journal, faults
        self._clock, self._listener = clock, listener
        self._tickets = Tickets(exchange)
        self._late: list[Ticket] = []
        self.fills: list[BrokerFill] = []
        self.opened = clock()
        journal.write(Row(what="opened", at=self.opened, cash=exchange.account().cash))

    # What clients ask for

    def submit(self, asked: NewOrder) -> Ticket:
        """Place an order; raises Refusal where it is not placed."""
        with refusing():
            updates = self._exchange.submit(asked, self._clock())
        ticket = self._tickets.open(told(updates[0]).order, self._clock(), asked)
        self._journal.write(Row(what="order", at=self._clock(), order=ticket.order))
        self._take(updates)
        return ticket

    def cancel(self, ticket: Ticket) -> None:
        """Ask for an order's end; raises Refusal where it cannot end."""
        self._check_open(ticket)
        now, order_id = self._clock(), ticket.order.id
        late = self._faults.strikes("late_cancels", ticket.order.client_order_id) is not None
        self._journal.write(Row(what="cancel", at=now, order_id=order_id))
        if late:
            ticket.cancelling = True
            self._late.append(ticket)
            word = "pending_cancel"
            self._tell(OrderUpdate(kind="OTHER", order=ticket.order, at=now, word=word), now)
            return
        self._cancel(ticket)

    def replace(self, ticket: Ticket, changes: Replacement) -> Ticket:
        """Put another order in an open one's place; raises Refusal where that cannot be."""
        self._check_open(ticket)
        old = ticket.order.id
        with refusing():
            updates = self._exchange.replace(self._tickets.engine_id(old), changes, self._clock())
        new = self._tickets.follow(told(updates[-1]).order, ticket, self._clock())
        self._journal.write(Row(what="replace", at=self._clock(), order=new.order, order_id=old))
        self._take(updates)
        return new

    @contextmanager
    def noting_refusals(self, name: object) -> Iterator[None]:
        """Journal a request that is refused, by the client's id or the order's."""
        try:
            yield
        except Refusal as refusal:
            row = Row(
                what="refused", at=self._clock(), reason=str(refusal)[:WORD],
                client_order_id=name[:WORD] if isinstance(name, str) else "",
            )  # fmt: skip
            self._journal.write(row)
            raise

    # What the market does

    def bar(self, bar: Bar) -> None:
        """Let a new bar meet the orders; cancels that were late come to pass after it."""
        self._take(self._exchange.bar(bar))
        late = [ticket for ticket in self._late if ticket.order.ticker == bar.ticker]
        for ticket in late:
            self._late.remove(ticket)
            ticket.cancelling = False
            if not ticket.order.ended:
                self._cancel(ticket)

    def advance(self) -> None:
        """Let time pass: orders expire."""
        self._take(self._exchange.advance(self._clock()))

    def halt(self, ticker: str, code: str, reason: str) -> None:
        """Halt a ticker."""
        self._take(self._exchange.halt(ticker, self._clock(), code, reason))

    def resume(self, ticker: str) -> None:
        """Let a ticker trade again."""
        self._take(self._exchange.resume(ticker, self._clock()))

    def list_ticker(self, ticker: str) -> None:
        """Let a ticker be traded that was not known before."""
        new = Asset(ticker=ticker, exchange="NASDAQ", tradable=True, shortable=True)
        self._exchange.assets.setdefault(ticker, new)

    # What it can be asked

    @property
    def tickets(self) -> dict[str, Ticket]:
        """Return all orders by id, in the order they were placed."""
        return self._tickets.by_id

    def ticket(self, order_id: str) -> Ticket:
        """Return an order; raises Refusal where there is none."""
        found = self._tickets.by_id.get(order_id)
        if found is None:
            reason = f"order {order_id}"
            raise not_found(reason)
        return found

    def ticket_of(self, client_order_id: str) -> Ticket:
        """Return an order by the client's id; raises Refusal where there is none."""
        with refusing():
            order = self._exchange.order_of(client_order_id)
        return self.ticket(uuid_of(order.id))

    def cancellable(self) -> list[Ticket]:
        """Return the open orders, without those whose cancel is not confirmed yet."""
        return [t for t in self._tickets if not (t.order.ended or t.cancelling)]

    def shape(self, ticket: Ticket, *, nested: bool) -> Shape:
        """Return an order in Alpaca's JSON, as it is now."""
        self._tickets.refresh(ticket)
        legs = [self._tickets.by_id[leg.id] for leg in ticket.order.legs]
        shapes = [self.shape(leg, nested=False) for leg in legs]
        return order_shape(ticket, shapes if nested and shapes else None)

    def waiting(self, ticker: str, side: str) -> int:
        """Return how many shares of a ticker open orders are to buy or sell."""
        orders = [t.order for t in self._tickets if not t.parent and not t.order.ended]
        return sum(o.qty - o.filled for o in orders if o.ticker == ticker and o.side == side)

    def positions(self) -> list[BrokerPosition]:
        """Return what is held."""
        return self._exchange.positions()

    def account(self) -> BrokerAccount:
        """Return the money."""
        return self._exchange.account()

    def assets(self) -> list[Asset]:
        """Return what may be traded, by ticker."""
        return [self._exchange.assets[ticker] for ticker in sorted(self._exchange.assets)]

    def _check_open(self, ticket: Ticket) -> None:
        if ticket.order.ended or ticket.cancelling:
            reason = f'order is already in "{ticket.word}" state'
            raise unprocessable(reason)

    def _cancel(self, ticket: Ticket) -> None:
        with refusing():
            engine_id = self._tickets.engine_id(ticket.order.id)
            self._take(self._exchange.cancel(engine_id, self._clock()))

    def _take(self, updates: list[OrderUpdate]) -> None:
        """Journal what became of orders, and then tell it."""
        now = self._clock()
        groups = [self._parts(told(update)) for update in updates]
        parts = [part for group in groups for part in group]
        rows: list[Row] = []
        for update in parts:
            self._tickets.take(update)
            if update.fill is not None:
                self.fills.append(update.fill)
                rows.append(Row(what="fill", at=now, fill=update.fill))
            elif update.order.ended:
                rows.append(Row(what="end", at=now, order=update.order, order_id=update.order.id))
        self._journal.write(*rows)
        for part in (part for group in groups for part in reversed(group)):
            self._tell(part, now)

    def _parts(self, update: OrderUpdate) -> list[OrderUpdate]:
        """Return the parts that a fill comes in; they are told the last one first."""
        if update.fill is None or update.fill.qty < 2:
            return [update]
        name = update.order.client_order_id
        if self._faults.strikes("split_fills", name) is None:
            return [update]
        return split(update)

    def _tell(self, update: OrderUpdate, now: datetime) -> None:
        ticket = self._tickets.by_id[update.order.id]
        shape = order_shape(replace(ticket, order=update.order))
        name = uuid_of(f"{update.order.id}/{update.kind}/{now.isoformat()}")
        self._listener(update_shape(update, shape, name, self._held(update)))

    def _held(self, update: OrderUpdate) -> int:
        """Return the position after an update: of a part, without the parts that follow it."""
        order = update.order
        held = next((int(p.qty) for p in self.positions() if p.ticker == order.ticker), 0)
        later = self._tickets.by_id[order.id].order.filled - order.filled
        return held - later if order.side == "BUY" else held + later


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what the exchange refuses into Alpaca's answer."""
    try:
        yield
    except NotAtBroker as error:
        raise Refusal(404, 40410000, str(error)) from error
    except OrderRefused as error:
        code = error.broker_code or "42210000"
        raise Refusal(STATUSES.get(code[:3], 422), int(code), error.reason) from error
