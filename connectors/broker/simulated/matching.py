"""Whether a bar meets an order, and at which price: pure functions on units.

A bar tells four prices, and of their order only that the open comes first and the close last. What
is taken from it holds in whichever order the others came.
"""

from enum import IntEnum
from typing import NamedTuple

from connectors.broker.simulated.state import Working
from messages.market import Bar
from messages.units import to_micros, to_units
from operators.params import FillParams
from operators.trading.fills import resting_price


class Moment(IntEnum):
    """Where in a bar something happened."""

    OPEN = 0
    WITHIN = 1
    CLOSE = 2


class Prices(NamedTuple):
    """What of a bar counts for an order.

    Attributes:
        opens: moment of the first price: the close where only that one counts.
    """

    open: int
    high: int
    low: int
    close: int
    opens: Moment = Moment.OPEN


class Met(NamedTuple):
    """A price at which an order is met.

    Attributes:
        price: raw, units.
        slips: the fill is worse than it by the slippage; a limit is never passed.
        triggers: its stop was met; with no price: it goes on as a limit order.
    """

    price: int | None
    moment: Moment
    slips: bool = False
    triggers: bool = False


def prices_of(bar: Bar) -> Prices:
    """Return a whole bar's prices."""
    return Prices(to_units(bar.open), to_units(bar.high), to_units(bar.low), to_units(bar.close))


def only_close(prices: Prices) -> Prices:
    """Return what is known to have come after something within a bar: its close."""
    return Prices(*(prices.close,) * 4, Moment.CLOSE)


def met(order: Working, bar: Bar, since: int, params: FillParams) -> Met | None:
    """Return where a bar meets a waiting order; None where it does not.

    Of a bar that began before the order was there, the close counts alone (`close`), or nothing
    (`next_open`).

    Args:
        order: open.
        bar: new.
        since: when the order was there and its ticker traded, microseconds.
        params: the fill model.
    """
    prices, start = prices_of(bar), to_micros(bar.start)
    if order.type == "MARKET" or (order.type == "STOP" and order.triggered):
        price = resting_price(since, start, prices.open, prices.close, params)
        moment = Moment.CLOSE if params.model == "close" else Moment.OPEN
        return None if price is None else Met(price, moment, slips=True)
    if start < since:
        if params.model == "next_open":
            return None
        prices = only_close(prices)
    return met_by(order, prices)


def met_by(order: Working, prices: Prices) -> Met | None:
    """Return where prices meet an order with a limit or a stop; None where they do not."""
    if order.type == "STOP" and order.stop is not None:
        return stop_met(order.sign, order.stop, prices)
    if order.limit is None:
        return None
    if order.type == "STOP_LIMIT" and order.stop is not None and not order.triggered:
        return stop_limit_met(order.sign, order.stop, order.limit, prices)
    return limit_met(order.sign, order.limit, prices)


def limit_met(sign: int, limit: int, prices: Prices) -> Met | None:
    """Return where a limit is met: at a better open, or at the limit when it is reached.

    Args:
        sign: 1 buys, -1 sells.
        limit: units.
        prices: of the bar.
    """
    if sign * prices.open <= sign * limit:
        return Met(prices.open, prices.opens)
    best = prices.low if sign > 0 else prices.high
    return Met(limit, Moment.WITHIN) if sign * best <= sign * limit else None


def stop_met(sign: int, stop: int, prices: Prices) -> Met | None:
    """Return where a stop is met: at an open beyond it, otherwise at the stop."""
    if sign * prices.open >= sign * stop:
        return Met(prices.open, prices.opens, slips=True, triggers=True)
    worst = prices.high if sign > 0 else prices.low
    if sign * worst < sign * stop:
        return None
    return Met(stop, Moment.WITHIN, slips=True, triggers=True)


def stop_limit_met(sign: int, stop: int, limit: int, prices: Prices) -> Met | None:
    """Return where a stop is met and then its limit; without a price where only the stop is."""
    hit = stop_met(sign, stop, prices)
    if hit is None or hit.price is None:
        return None
    if sign * hit.price <= sign * limit:
        return Met(hit.price, hit.moment, triggers=True)
    # What followed: all of the bar after its open, and the close alone after a moment within it.
    rest = prices if hit.moment == prices.opens else only_close(prices)
    later = limit_met(sign, limit, rest)
    # A close better than the limit came through the limit.
    price = limit if later else None
    return Met(price, later.moment if later else hit.moment, triggers=True)
