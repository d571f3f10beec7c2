"""Why an order is not taken, in the words and numbers that Alpaca has for it."""

from typing import Final, NoReturn

from connectors.broker.errors import OrderDuplicate, OrderRefused
from connectors.broker.values import Asset, Bracket, NewOrder, OrderType
from messages.units import UNITS_PER_DOLLAR

MALFORMED: Final = "40010001"
FORBIDDEN: Final = "40310000"
UNPROCESSABLE: Final = "42210000"
CENT: Final = 100
MAX_ID: Final = 48
LIMITED: Final[frozenset[OrderType]] = frozenset(("LIMIT", "STOP_LIMIT"))
STOPPED: Final[frozenset[OrderType]] = frozenset(("STOP", "STOP_LIMIT"))


def duplicate() -> NoReturn:
    """Refuse a client id that was used before."""
    reason = "client_order_id must be unique"
    raise OrderDuplicate(reason, MALFORMED)


def malformed(reason: str) -> NoReturn:
    """Refuse what is not an order."""
    raise OrderRefused(reason, MALFORMED)


def forbidden(reason: str) -> NoReturn:
    """Refuse what the account may not do."""
    raise OrderRefused(reason, FORBIDDEN)


def unprocessable(reason: str) -> NoReturn:
    """Refuse what cannot be done now, or not so."""
    raise OrderRefused(reason, UNPROCESSABLE)


def check_id(client_order_id: str) -> None:
    """Refuse a client id that is empty or too long."""
    if not 1 <= len(client_order_id) <= MAX_ID:
        malformed(f"client_order_id must have 1 to {MAX_ID} characters")


def check_form(order: NewOrder, asset: Asset | None) -> None:
    """Refuse an order that is wrong whatever the account and the market are like.

    Args:
        order: asked for.
        asset: of its ticker; None where the exchange has none.

    Raises:
        OrderRefused: it is.
    """
    check_id(order.client_order_id)
    if asset is None:
        unprocessable(f'asset "{order.ticker}" not found')
    if not asset.tradable:
        unprocessable(f'asset "{order.ticker}" is not tradable')
    if order.qty <= 0:
        malformed("qty must be > 0")
    check_prices(order.type, order.limit, order.stop)
    check_times(order)


def check_prices(kind: OrderType, limit: int | None, stop: int | None) -> None:
    """Refuse prices that the type of an order lacks, has too many of, or that are none."""
    for name, needs, price in (("limit", LIMITED, limit), ("stop", STOPPED, stop)):
        if (price is not None) != (kind in needs):
            word = kind.lower()
            needed = f"require {name}_price" if price is None else f"must not have {name}_price"
            malformed(f"{word} orders {needed}")
        check_price(f"{name}_price", price)


def check_price(name: str, price: int | None) -> None:
    """Refuse a price that is not above 0, or finer than a cent from a dollar on."""
    if price is None:
        return
    if price <= 0:
        malformed(f"{name} must be > 0")
    if price >= UNITS_PER_DOLLAR and price % CENT:
        reason = "sub-penny increment does not fulfill minimum pricing criteria"
        unprocessable(f"invalid {name} {price / UNITS_PER_DOLLAR}. {reason}")


def check_times(order: NewOrder) -> None:
    """Refuse times in force that do not go with the rest of an order."""
    if order.extended_hours and (order.type != "LIMIT" or order.time_in_force != "DAY"):
        unprocessable("extended hours order must be DAY limit orders")
    if order.time_in_force == "IOC" and (order.type in STOPPED or order.bracket is not None):
        unprocessable("invalid time_in_force: ioc takes market and limit orders alone")


def check_bracket(order: NewOrder, base: int) -> None:
    """Refuse legs on the wrong side of their entry.

    Args:
        order: asked for.
        base: price that it enters at, units; 0 where it is not known.
    """
    legs = order.bracket
    if legs is None:
        return
    if order.type in STOPPED or order.extended_hours:
        unprocessable("bracket orders must be market or limit orders of the regular session")
    check_price("stop_loss.stop_price", legs.stop)
    check_price("take_profit.limit_price", legs.target)
    check_sides(legs, 1 if order.side == "BUY" else -1, base)


def check_sides(legs: Bracket, sign: int, base: int) -> None:
    """Refuse a stop that is not at least a cent before the entry, or a target not so far beyond."""
    if legs.target is not None and sign * legs.target <= sign * legs.stop:
        unprocessable("take_profit.limit_price must be beyond stop_loss.stop_price")
    if base and sign * (base - legs.stop) < CENT:
        unprocessable("stop_loss.stop_price must be at least 0.01 before base_price")
    if base and legs.target is not None and sign * (legs.target - base) < CENT:
        unprocessable("take_profit.limit_price must be at least 0.01 beyond base_price")
