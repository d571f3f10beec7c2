"""Alpaca as a broker, by alpaca-py's trading client."""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from connectors.broker.alpaca.account import (
    account_of,
    asset_of,
    calendar_of,
    clock_of,
    positions_of,
)
from connectors.broker.alpaca.asking import Door, Trading, usable
from connectors.broker.alpaca.keys import Access
from connectors.broker.alpaca.numbers import unusable
from connectors.broker.alpaca.order_stream import AlpacaOrderStream
from connectors.broker.alpaca.orders import asked, asked_instead, order_of
from connectors.broker.alpaca.paging import fills_by_page, merged, orders_by_page
from connectors.broker.alpaca.streaming import StreamTimes
from connectors.broker.errors import NotAtBroker, OrderRefused
from connectors.broker.params import BrokerParams
from connectors.broker.values import (
    Asset,
    BrokerAccount,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
    Capabilities,
    MarketClock,
    NewOrder,
    Replacement,
    TradingDay,
)

ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
TICKER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]{0,31}")
MAX_CLIENT_ID: Final = 48


class AlpacaBroker:
    """A paper account at Alpaca; may be used from any thread.

    Attributes:
        name, capabilities: as the seam says.
    """

    name = "alpaca"

    def __init__(self, params: BrokerParams, times: StreamTimes | None = None) -> None:
        """Check keys and addresses; nothing is opened before something is asked.

        Args:
            params: settings.
            times: of its stream; None for those that suit Alpaca.

        Raises:
            BrokerAccessDenied: keys are missing, or they or an address are not paper's.
        """
        self.capabilities = Capabilities(
            types=frozenset(("MARKET", "LIMIT", "STOP", "STOP_LIMIT")),
            times_in_force=frozenset(("DAY", "GTC", "IOC")),
            brackets=True,
            replaces=True,
            short=True,
            extended_hours=True,
            per_minute=params.per_minute,
        )
        self._access, self._times = Access(params), times or StreamTimes()
        self._door = Door(self._access, params.per_minute, params.reserve, params.timeout_seconds)
        self._client = Trading(self._access, self._door)

    def submit(self, order: NewOrder) -> BrokerOrder:
        """Place an order, once; raises as the seam says."""
        _refuse_impossible(order.client_order_id, order.qty)
        answer = self._door.change(partial(self._client.post, "/orders", asked(order)))
        return usable(partial(_named, answer, order.client_order_id))

    def cancel(self, order_id: str) -> None:
        """Ask for the end of an order; it may use the part of the limit that is kept for it."""
        path = f"/orders/{_id(order_id)}"
        self._door.change(partial(self._client.delete, path), urgent=True)

    def replace(self, order_id: str, changes: Replacement) -> BrokerOrder:
        """Ask for another order in the place of an open one; returns the new one."""
        _refuse_impossible(changes.client_order_id, 1 if changes.qty is None else changes.qty)
        path = f"/orders/{_id(order_id)}"
        answer = self._door.change(partial(self._client.patch, path, asked_instead(changes)))
        return usable(partial(_named, answer, changes.client_order_id))

    def order(self, order_id: str) -> BrokerOrder:
        """Return an order by Alpaca's id, its legs included."""
        found = order_of(self._ask(f"/orders/{_id(order_id)}", {"nested": "true"}))
        if found.id != order_id:
            raise unusable("order", found.id)
        return found

    def order_of(self, client_order_id: str) -> BrokerOrder:
        """Return an order by our id."""
        if not client_order_id:
            reason = "Alpaca has no order without an id."
            raise NotAtBroker(reason)
        asked_for = {"client_order_id": client_order_id, "nested": "true"}
        return _named(self._ask("/orders:by_client_order_id", asked_for), client_order_id)

    def orders(self, *, since: datetime | None = None) -> list[BrokerOrder]:
        """Return the open orders, oldest first; with `since` also what was placed from then on."""
        ask = self._pages("/orders")
        still_open = orders_by_page(ask, "open", None)
        if since is None:
            return merged(still_open)
        return merged(still_open, orders_by_page(ask, "all", since))

    def fills(self, since: datetime) -> list[BrokerFill]:
        """Return the executions since then, oldest first; of whole shares only."""
        return fills_by_page(self._pages("/account/activities/FILL"), since)

    def positions(self) -> list[BrokerPosition]:
        """Return what is held, by ticker; fractions are shown."""
        return positions_of(self._ask("/positions"))

    def account(self) -> BrokerAccount:
        """Return the money."""
        return account_of(self._ask("/account"))

    def clock(self) -> MarketClock:
        """Return Alpaca's time."""
        return clock_of(self._ask("/clock"))

    def calendar(self, first: date, last: date) -> list[TradingDay]:
        """Return the sessions of some days, both included."""
        days = {"start": first.isoformat(), "end": last.isoformat()}
        return calendar_of(self._ask("/calendar", days), first, last)

    def asset(self, ticker: str) -> Asset:
        """Return what may be done with a ticker."""
        if TICKER.fullmatch(ticker) is None:
            reason = f"Alpaca has no ticker {ticker[:40]!r}."
            raise NotAtBroker(reason)
        return asset_of(self._ask(f"/assets/{quote(ticker, safe='')}"))

    def updates(self) -> AlpacaOrderStream:
        """Listen from now on to what becomes of orders."""
        return AlpacaOrderStream(self._access, self._times)

    def close(self) -> None:
        """Let go of connections; what waits for the limit is let go too."""
        self._door.closed.set()
        self._client.close()

    def _pages(self, path: str) -> Callable[[dict[str, Any]], Any]:
        return self._door.paging(partial(self._client.get, path))

    def _ask(self, path: str, params: dict[str, Any] | None = None) -> Any:
        return self._door.read(partial(self._client.get, path, params))


def _id(order_id: str) -> str:
    """Return an id that can stand in a path; another would name something else there.

    Raises:
        NotAtBroker: Alpaca cannot have it.
    """
    if ID.fullmatch(order_id) is None:
        reason = f"Alpaca has no order {order_id[:40]!r}."
        raise NotAtBroker(reason)
    return order_id


def _named(answer: object, client_order_id: str) -> BrokerOrder:
    """Read an order, which must be the one that was asked about."""
    found = order_of(answer)
    if found.client_order_id != client_order_id:
        raise unusable("client_order_id", found.client_order_id)
    return found


def _refuse_impossible(client_order_id: str, qty: int) -> None:
    """Refuse what would be another order at Alpaca than the one that is meant.

    Raises:
        OrderRefused: nothing was sent.
    """
    if not 1 <= len(client_order_id) <= MAX_CLIENT_ID:
        reason = f"a client order id has 1 to {MAX_CLIENT_ID} characters"
        raise OrderRefused(reason)
    if qty < 1 or qty != int(qty):
        reason = "only whole shares are traded, one at least"
        raise OrderRefused(reason)
