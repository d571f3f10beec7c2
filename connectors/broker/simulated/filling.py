"""What a new bar does to the open orders of its ticker."""

from datetime import datetime

from connectors.broker.simulated.book import Book
from connectors.broker.simulated.ledger import Ledger
from connectors.broker.simulated.life_cycle import LifeCycle
from connectors.broker.simulated.matching import (
    Met,
    Moment,
    Prices,
    met,
    met_by,
    only_close,
    prices_of,
)
from connectors.broker.simulated.rules import ExchangeRules
from connectors.broker.simulated.state import Working
from connectors.broker.values import BrokerFill
from messages.base import make_id
from messages.market import Bar
from messages.trading import OrderStatus
from messages.units import to_datetime, to_micros
from operators.params import FillParams
from operators.trading.fills import commission, fill_price

UNCOVERED = "insufficient buying power"


class Filling:
    """One bar's fills: orders are met in the order they were placed."""

    def __init__(
        self, bar: Bar, now: int, resumed: int, *, regular: bool, book: Book, ledger: Ledger,
        life: LifeCycle, params: FillParams, rules: ExchangeRules,
    ) -> None:  # fmt: skip
        """Take the bar and what it changes.

        Args:
            bar: new, of a ticker that trades.
            now: when it is known, microseconds.
            resumed: when the ticker began to trade again; 0 if it was not halted.
            regular: it lies in a regular session.
            book: of orders; ledger, life: of the exchange.
            ledger: of the account.
            life: of the orders.
            params: the fill model and costs.
            rules: of the exchange.
        """
        self._bar, self._now, self._resumed, self._regular = bar, now, resumed, regular
        self._book, self._ledger, self._life = book, ledger, life
        self._params, self._rules = params, rules
        self._room = rules.room(bar.volume)
        self._brackets: set[str] = set()  # entries whose legs the bar has met

    def run(self) -> None:
        """Fill what the bar meets."""
        for waiting in self._book.open_of(self._bar.ticker):
            order = self._book[waiting.id]
            if not order.open or order.held or not (self._regular or order.extended_hours):
                continue
            if not order.role:
                self._meet(order)
            elif order.parent not in self._brackets:
                self._meet_legs(order.parent, None)

    def _meet(self, order: Working) -> None:
        since = max(order.works, self._resumed)
        found = met(order, self._bar, since, self._params)
        if found is not None:
            self._take(order, found)
        counts = self._params.model == "close" or to_micros(self._bar.start) >= since
        left = self._book[order.id]
        if order.time_in_force == "IOC" and counts and left.open:
            self._life.ended(left, "CANCELLED", self._now)
        if found is not None and order.legs:
            self._meet_legs(order.id, found.moment)

    def _meet_legs(self, parent: str, entered: Moment | None) -> None:
        """Meet the working legs of an entry: the one that comes first, and of two the stop.

        Args:
            parent: id of the entry.
            entered: in this bar, where; None if it was before.
        """
        self._brackets.add(parent)
        legs = [x for x in self._book.legs(self._book[parent]) if x.open and not x.held]
        found = [(hit, leg) for leg in legs if (hit := self._leg_met(leg, entered)) is not None]
        if found:
            hit, leg = min(found, key=lambda each: (each[0].moment, each[1].role != "stop"))
            self._take(leg, hit)

    def _leg_met(self, leg: Working, entered: Moment | None) -> Met | None:
        if entered is None:
            return met(leg, self._bar, max(leg.works, self._resumed), self._params)
        if entered is Moment.CLOSE:
            return None
        return met_by(leg, self._after(entered))

    def _after(self, moment: Moment) -> Prices:
        """Return what of the bar comes after an entry in it."""
        whole = prices_of(self._bar)
        return whole if moment is Moment.OPEN else only_close(whole)

    def _take(self, order: Working, found: Met) -> None:
        """Fill as much of an order as there is room for."""
        if found.triggers and not order.triggered:
            order = self._life.triggered(order)
        qty = order.open if self._room is None else min(order.open, self._room)
        if found.price is None or not qty:
            return
        signed, price = order.sign * qty, found.price
        if found.slips:
            price = fill_price(price, signed, self._bar.volume, self._params)
        fee = commission(price, signed, self._params)
        if not self._covered(order, price, qty * price + fee):
            status: OrderStatus = "CANCELLED" if order.filled else "REJECTED"
            self._life.ended(order, status, self._now, UNCOVERED)
            return
        if self._room is not None:
            self._room -= qty
        fill = self._fill(order, qty, price, to_datetime(self._now))
        self._ledger.book(fill, fee)
        self._life.filled(order, fill, self._now, known=to_micros(self._bar.event_time))

    def _fill(self, order: Working, qty: int, price: int, at: datetime) -> BrokerFill:
        return BrokerFill(
            execution_id=make_id("exe", order.id, order.fills), order_id=order.id,
            ticker=order.ticker, side=order.side, qty=qty, price=price, at=at,
        )  # fmt: skip

    def _covered(self, order: Working, price: int, cost: int) -> bool:
        """Tell whether the account can bear a fill.

        A cash account pays it from what no other order reserves, whatever was known when the order
        was placed. One with credit has it for the price that was reserved, and for a worse one
        where its buying power allows that.
        """
        if not order.enters or (self._rules.credit and price <= order.reserve):
            return True
        rest = buying_power(self._ledger, self._book, self._params, self._rules, order.id)
        return cost <= rest


def buying_power(
    ledger: Ledger, book: Book, params: FillParams, rules: ExchangeRules, without: str = ""
) -> int:
    """Return what new orders may reserve, units: the levered equity less positions and orders.

    Without leverage and short positions it is the cash that no open order reserves.

    Args:
        ledger: of the account.
        book: of its orders.
        params: costs.
        rules: leverage.
        without: id of an order that does not count.
    """
    free = rules.leverage * ledger.equity - ledger.exposure
    return max(0, free - book.reserved(params.costs, without))
