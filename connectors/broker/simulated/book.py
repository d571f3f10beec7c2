"""All orders of a simulated exchange, by what they are asked for."""

from collections.abc import Iterable, Iterator

from connectors.broker.errors import NotAtBroker
from connectors.broker.simulated.state import Working
from connectors.broker.values import BrokerOrder
from operators.costs import Costs
from operators.trading.arithmetic import commission_of


class Book:
    """Orders, open and ended, in the order they were placed."""

    def __init__(self, orders: Iterable[Working] = ()) -> None:
        """Start empty, or with the orders of a snapshot."""
        self._orders: dict[str, Working] = {}
        self._ids: dict[str, str] = {}  # by client id
        self._open: dict[str, None] = {}  # ids
        self._open_of: dict[str, dict[str, None]] = {}  # by ticker
        for order in orders:
            self.put(order)

    def put(self, order: Working) -> None:
        """Add an order, or have it as it is now."""
        self._orders[order.id] = order
        self._ids[order.client_order_id] = order.id
        for ids in (self._open, self._open_of.setdefault(order.ticker, {})):
            if order.open:
                ids[order.id] = None
            else:
                ids.pop(order.id, None)

    def __getitem__(self, order_id: str) -> Working:
        """Return an order.

        Raises:
            NotAtBroker: there is none of this id.
        """
        if order_id not in self._orders:
            what = f"There is no order {order_id} at the broker."
            raise NotAtBroker(what)
        return self._orders[order_id]

    def __iter__(self) -> Iterator[Working]:
        """Go through all orders."""
        return iter(self._orders.values())

    def has(self, client_order_id: str) -> bool:
        """Tell whether an order of this client id was placed."""
        return client_order_id in self._ids

    def of_client(self, client_order_id: str) -> Working:
        """Return the order of a client id; raises as `[]`."""
        if client_order_id not in self._ids:
            what = f"There is no order with the client id {client_order_id} at the broker."
            raise NotAtBroker(what)
        return self._orders[self._ids[client_order_id]]

    def open_of(self, ticker: str) -> list[Working]:
        """Return a ticker's open orders, held ones too."""
        return [self._orders[order_id] for order_id in self._open_of.get(ticker, ())]

    def open(self) -> list[Working]:
        """Return all open orders, oldest first."""
        return [self._orders[order_id] for order_id in self._open]

    def legs(self, parent: Working) -> list[Working]:
        """Return the legs of an entry."""
        return [self._orders[leg] for leg in parent.legs]

    def shown(self, order: Working) -> BrokerOrder:
        """Return an order with its legs, as the broker tells it."""
        return order.shown(tuple(leg.shown() for leg in self.legs(order)))

    def reserved(self, costs: Costs, without: str = "") -> int:
        """Return the buying power that open orders reserve, units.

        Args:
            costs: of the broker.
            without: an order that does not count.
        """
        return sum(
            reserve_of(order.open, order, costs)
            for order in self.open() if order.reserve and order.id != without
        )  # fmt: skip

    def closing(self, ticker: str, side: str, without: str = "") -> int:
        """Return how many shares open orders are about to close.

        Of a bracket's legs one closes; while they wait, what their entry has of its shares.

        Args:
            ticker: of the position.
            side: of the orders.
            without: an order that does not count.
        """
        by_group: dict[str, int] = {}
        for order in self.open_of(ticker):
            if order.side == side and not (order.enters or order.id == without):
                group = order.parent or order.id
                qty = self[order.parent].filled if order.held else order.open
                by_group[group] = max(by_group.get(group, 0), qty)
        return sum(by_group.values())


def reserve_of(qty: int, order: Working, costs: Costs) -> int:
    """Return the buying power that some shares of an order reserve, commission included."""
    return qty * order.reserve + commission_of(order.reserve, order.sign * qty, costs)
