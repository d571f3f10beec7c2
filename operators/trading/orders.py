"""The order book: the account's accepted orders that have not ended."""

from collections.abc import Container, Iterable
from typing import NamedTuple

from messages.trading import OrderStatus


class Order(NamedTuple):
    """An accepted order that has not ended.

    Attributes:
        qty: signed shares asked for.
        filled: signed shares filled so far.
        fills: how often it was filled.
        reserve: an entry: units that each open share reserves; an exit: 0.
        decided: stamp of the decision.
        price: the market's when it was decided, units; UNKNOWN without one.
    """

    id: str
    ticker: str
    qty: int
    filled: int
    fills: int
    reserve: int
    decided: int
    signal_id: str
    trade_id: str
    price: int

    @property
    def open(self) -> int:
        """Return the signed shares that are still to be filled."""
        return self.qty - self.filled

    @property
    def notional(self) -> int:
        """Return what the order reserves, units; 0 for an exit."""
        return abs(self.open) * self.reserve

    @property
    def enters(self) -> bool:
        """Tell whether it opens or adds to a position."""
        return self.reserve > 0


class OrderBook:
    """Orders by id, in the order they were placed.

    An order is placed, filled in one or more parts, and ends FILLED, CANCELLED or EXPIRED.
    """

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        """Start empty, or with the orders of a snapshot."""
        self._orders = {order.id: order for order in orders}

    def __len__(self) -> int:
        """Return how many orders are open."""
        return len(self._orders)

    def __contains__(self, order_id: str) -> bool:
        """Tell whether an order is open."""
        return order_id in self._orders

    def __getitem__(self, order_id: str) -> Order:
        """Return an open order; KeyError where there is none."""
        return self._orders[order_id]

    def place(self, order: Order) -> None:
        """Add an accepted order."""
        self._orders[order.id] = order

    def open_orders(self) -> list[Order]:
        """Return all orders, in the order they were placed."""
        return list(self._orders.values())

    def of(self, ticker: str) -> list[Order]:
        """Return the orders of a ticker, in the order they were placed."""
        return [order for order in self._orders.values() if order.ticker == ticker]

    def entries(self, ticker: str) -> int:
        """Return how many entries of a ticker are open."""
        return sum(order.enters for order in self.of(ticker)) if self._orders else 0

    def entering(self) -> set[str]:
        """Return the tickers with an open entry."""
        return {order.ticker for order in self._orders.values() if order.enters}

    def reserved(self) -> int:
        """Return what open entries reserve, units."""
        return sum(order.notional for order in self._orders.values()) if self._orders else 0

    def is_exiting(self, ticker: str, besides: Container[str] = ()) -> bool:
        """Tell whether an exit of a ticker is open, besides some orders."""
        return any(not (order.enters or order.id in besides) for order in self.of(ticker))

    def fill(self, order_id: str, qty: int) -> tuple[Order, OrderStatus]:
        """Take a fill; the order leaves the book when nothing of it is left.

        Args:
            order_id: of an open order.
            qty: signed shares, at most those still to be filled.

        Returns:
            The order after the fill, and FILLED or PARTIALLY_FILLED.

        Raises:
            KeyError: there is no such open order.
            ValueError: it is more than what is open, or on the other side.
        """
        order = self._orders[order_id]
        if not qty or (qty > 0) != (order.open > 0) or abs(qty) > abs(order.open):
            reason = f"order {order_id} has {order.open} shares open, a fill has {qty}"
            raise ValueError(reason)
        order = order._replace(filled=order.filled + qty, fills=order.fills + 1)
        if order.open:
            self._orders[order_id] = order
            return order, "PARTIALLY_FILLED"
        del self._orders[order_id]
        return order, "FILLED"

    def end(self, order_id: str) -> None:
        """Take an order out that ends without a further fill."""
        del self._orders[order_id]
