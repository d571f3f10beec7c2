"""Whether an order is taken, and what it is at the exchange then."""

from bisect import bisect_right
from typing import Final

from msgspec import structs

from connectors.broker.simulated import refusals
from connectors.broker.simulated.book import Book, reserve_of
from connectors.broker.simulated.filling import UNCOVERED, buying_power
from connectors.broker.simulated.ledger import Ledger
from connectors.broker.simulated.rules import AFTER_HOURS, ExchangeRules
from connectors.broker.simulated.state import Working
from connectors.broker.values import Asset, NewOrder, Replacement
from messages.base import make_id
from operators.params import FillParams
from operators.trading.fills import fill_price
from operators.trading.sessions import NEVER, SessionTable

UNKNOWN_VOLUME: Final = 0  # slips as if the order were all of the bar's volume


class Admission:
    """Judges orders by the account and the open orders."""

    def __init__(
        self, book: Book, ledger: Ledger, assets: dict[str, Asset], sessions: SessionTable,
        params: FillParams, rules: ExchangeRules,
    ) -> None:  # fmt: skip
        """Take what orders are judged by."""
        self._book, self._ledger, self._assets = book, ledger, assets
        self._sessions, self._params, self._rules = sessions, params, rules

    def admitted(self, asked: NewOrder, now: int) -> tuple[Working, list[Working]]:
        """Return an order and its legs as they are when they are placed.

        Raises:
            OrderRefused: it is not taken. OrderDuplicate: its client id was used before.
        """
        if self._book.has(asked.client_order_id):
            refusals.duplicate()
        refusals.check_form(asked, self._assets.get(asked.ticker))
        base = asked.limit or self._ledger.price(asked.ticker)
        refusals.check_bracket(asked, base)
        order = self._judged(self._working(asked, now))
        if asked.bracket is not None and not order.enters:
            refusals.unprocessable("bracket orders must be entry orders")
        legs = self._legs(asked, order)
        return structs.replace(order, legs=tuple(leg.id for leg in legs)), legs

    def replacing(self, old: Working, changes: Replacement, now: int) -> Working:
        """Return the order that takes an open one's place; raises as `admitted`."""
        if self._book.has(changes.client_order_id):
            refusals.duplicate()
        refusals.check_id(changes.client_order_id)
        qty = old.open if changes.qty is None else changes.qty
        if qty <= 0:
            refusals.malformed("qty must be > 0")
        if old.role and qty != old.open:
            refusals.unprocessable("a leg's qty follows from its entry's")
        if old.legs and old.filled:
            refusals.unprocessable("a bracket's entry cannot be replaced once it is filled")
        limit = old.limit if changes.limit is None else changes.limit
        stop = old.stop if changes.stop is None else changes.stop
        refusals.check_prices(old.type, limit, stop)
        new = structs.replace(
            old, id=order_id(changes.client_order_id), client_order_id=changes.client_order_id,
            qty=qty, limit=limit, stop=stop, filled=0, value=0, fills=0, status="ACCEPTED",
            triggered=old.triggered and changes.stop is None, submitted=now, works=now,
            updated=now, replaces=old.id,
        )  # fmt: skip
        return new if new.role else self._judged(new, without=old.id)

    def _working(self, asked: NewOrder, now: int) -> Working:
        return Working(
            id=order_id(asked.client_order_id), client_order_id=asked.client_order_id,
            ticker=asked.ticker, side=asked.side, qty=asked.qty, type=asked.type,
            time_in_force=asked.time_in_force, limit=asked.limit, stop=asked.stop,
            extended_hours=asked.extended_hours, submitted=now, works=now, updated=now,
            expires=self._expiry(asked, now),
        )  # fmt: skip

    def _expiry(self, asked: NewOrder, now: int) -> int:
        """Return the close of the session that an order is good to: the first after it."""
        if asked.time_in_force == "GTC":
            return NEVER
        later = AFTER_HOURS if asked.extended_hours else 0
        closes = self._sessions.closes
        i = bisect_right(closes, now - later)
        return closes[i] + later if i < len(closes) else NEVER

    def _judged(self, order: Working, without: str = "") -> Working:
        """Return an order that the account can bear, and what it reserves of it.

        Args:
            order: asked for.
            without: id of the order that it replaces.
        """
        held = self._ledger.held(order.ticker)
        if held * order.sign < 0:
            free = abs(held) - self._book.closing(order.ticker, order.side, without)
            if order.qty > free:
                sizes = f"(requested: {order.qty}, available: {max(0, free)})"
                refusals.forbidden(f"insufficient qty available for order {sizes}")
            return structs.replace(order, enters=False, reserve=0)
        if order.side == "SELL":
            self._check_short(order.ticker)
        entry = structs.replace(order, enters=True, reserve=self._reserve(order))
        free = buying_power(self._ledger, self._book, self._params, self._rules, without)
        if entry.reserve and reserve_of(entry.qty, entry, self._params.costs) > free:
            refusals.forbidden(UNCOVERED)
        return entry

    def _check_short(self, ticker: str) -> None:
        if not self._rules.short:
            refusals.forbidden("account is not allowed to short")
        if not self._assets[ticker].shortable:
            refusals.unprocessable(f'asset "{ticker}" cannot be sold short')

    def _reserve(self, order: Working) -> int:
        """Return what a share of an entry may cost, units; 0 where no price is known."""
        if order.limit is not None:
            return order.limit
        price = max(order.stop or 0, self._ledger.price(order.ticker))
        if not price:
            return 0
        signed = order.sign * order.qty
        return max(price, fill_price(price, signed, UNKNOWN_VOLUME, self._params))

    def _legs(self, asked: NewOrder, parent: Working) -> list[Working]:
        if asked.bracket is None:
            return []
        common = structs.replace(
            parent, side="SELL" if parent.side == "BUY" else "BUY", held=True, enters=False,
            reserve=0, parent=parent.id, limit=None, stop=None,
        )  # fmt: skip
        name = make_id("leg", parent.client_order_id, "stop")
        legs = [
            structs.replace(
                common, id=order_id(name), client_order_id=name, role="stop", type="STOP",
                stop=asked.bracket.stop,
            )
        ]  # fmt: skip
        if asked.bracket.target is not None:
            name = make_id("leg", parent.client_order_id, "target")
            legs.append(
                structs.replace(
                    common, id=order_id(name), client_order_id=name, role="target", type="LIMIT",
                    limit=asked.bracket.target,
                )
            )  # fmt: skip
        return legs


def order_id(client_order_id: str) -> str:
    """Return the exchange's id of an order: the same for the same client id."""
    return make_id("ord", client_order_id)
