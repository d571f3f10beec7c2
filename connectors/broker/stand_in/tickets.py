"""All orders of the stand-in, in the order they were placed."""

from collections.abc import Iterator
from datetime import datetime

from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.stand_in.ids import told_order
from connectors.broker.stand_in.ticket import OrderClass, Ticket
from connectors.broker.values import BrokerOrder, NewOrder, OrderUpdate


class Tickets:
    """Orders by the id that clients know.

    Attributes:
        by_id: all of them, legs too.
    """

    def __init__(self, exchange: SimulatedExchange) -> None:
        """Begin without orders; the exchange is asked how one is now."""
        self._exchange = exchange
        self.by_id: dict[str, Ticket] = {}
        self._engine_ids: dict[str, str] = {}

    def __iter__(self) -> Iterator[Ticket]:
        """Go through all of them."""
        return iter(self.by_id.values())

    def engine_id(self, order_id: str) -> str:
        """Return the exchange's own id of an order."""
        return self._engine_ids[order_id]

    def open(self, order: BrokerOrder, at: datetime, asked: NewOrder) -> Ticket:
        """Add an order that was placed, and its legs."""
        kind: OrderClass = "simple"
        if asked.bracket is not None:
            kind = "oto" if asked.bracket.target is None else "bracket"
        intent = self._intent(order)
        ticket = Ticket(order, at, kind, intent, asked.extended_hours)
        self._add(ticket)
        for leg in order.legs:
            self._add(Ticket(leg, at, kind, _closing(leg), parent=order.id))
        return ticket

    def follow(self, order: BrokerOrder, old: Ticket, at: datetime) -> Ticket:
        """Add an order that took another one's place; it inherits the legs."""
        ticket = Ticket(
            order, at, old.order_class, old.intent, old.extended_hours, parent=old.parent
        )  # fmt: skip
        self._add(ticket)
        for leg in order.legs:
            self.by_id[leg.id].parent = order.id
        return ticket

    def take(self, update: OrderUpdate) -> None:
        """Take what became of an order."""
        self.by_id[update.order.id].take(update.order, update.at)

    def refresh(self, ticket: Ticket) -> None:
        """Have an order, and its legs, as they are now: not every change is told."""
        order = told_order(self._exchange.order(self.engine_id(ticket.order.id)))
        ticket.take(order, order.updated_at or ticket.created_at)

    def _add(self, ticket: Ticket) -> None:
        order = ticket.order
        self.by_id[order.id] = ticket
        self._engine_ids[order.id] = self._exchange.order_of(order.client_order_id).id

    def _intent(self, order: BrokerOrder) -> str:
        held = next((p.qty for p in self._exchange.positions() if p.ticker == order.ticker), 0)
        closes = held < 0 if order.side == "BUY" else held > 0
        return _closing(order) if closes else f"{order.side.lower()}_to_open"


def _closing(order: BrokerOrder) -> str:
    return f"{order.side.lower()}_to_close"
