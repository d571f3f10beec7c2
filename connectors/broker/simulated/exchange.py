"""A matching engine at bar resolution: a pure function of what it is told, in that order.

It has no clock, no thread and no randomness. Whoever drives it says what time it is, feeds bars as
they become known, and tells the end of a session when its last bars are in.

    exchange = SimulatedExchange(FillParams(), 1_000_000_000, sessions, listed("AAPL"))
    exchange.submit(NewOrder(client_order_id="a", ticker="AAPL", side="BUY", qty=10), at)
    for update in exchange.bar(bar): ...

Rules, where the paper desk has the same ones they are its own functions:

- A market order is filled at the close of the first bar known after it (`close`), or at the open of
  the first that starts at or after it (`next_open`); a limit at a better open or when the bar
  reaches it, never worse; a stop at an open beyond it, otherwise at the stop; market and stop
  orders slip.
- An order that a bar would fill for more than the account has is rejected there, or cancelled where
  it was filled in part: a cash account's cash is never below 0.
- A halted ticker fills nothing. Orders for it are taken and wait, as brokers pass them on to be
  queued for the reopening; an IOC order cannot wait and is cancelled.
- Orders of the regular session wait for its bars; DAY orders expire at its close.
"""

from collections.abc import Iterable
from datetime import datetime

from connectors.broker.errors import NotAtBroker
from connectors.broker.simulated import refusals
from connectors.broker.simulated.admission import Admission
from connectors.broker.simulated.book import Book
from connectors.broker.simulated.filling import Filling, buying_power
from connectors.broker.simulated.ledger import Ledger
from connectors.broker.simulated.life_cycle import LifeCycle
from connectors.broker.simulated.rules import ExchangeRules, by_ticker
from connectors.broker.simulated.state import ExchangeState, Halt, LastTrade, Working
from connectors.broker.values import (
    Asset,
    BrokerAccount,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
    NewOrder,
    OrderUpdate,
    Replacement,
)
from messages.market import Bar
from messages.trading import OrderStatus
from messages.units import to_datetime, to_micros, to_units
from operators.params import FillParams
from operators.trading.sessions import SessionTable


class SimulatedExchange:
    """One account at a simulated exchange; what changes something returns what became of orders.

    Time never goes back: an earlier one than was told before counts as that one.

    Attributes:
        rules: what it allows.
        sessions: its calendar.
        assets: by ticker.
    """

    def __init__(
        self, params: FillParams, cash: int, sessions: SessionTable, assets: Iterable[Asset],
        rules: ExchangeRules | None = None, state: ExchangeState | None = None,
    ) -> None:  # fmt: skip
        """Open an account, or go on with one.

        Args:
            params: fill model and costs.
            cash: that it begins with, units; a snapshot has its own.
            sessions: regular ones.
            assets: what may be traded.
            rules: what is allowed; those of a cash account if None.
            state: a snapshot to go on from.
        """
        self.rules, self.sessions = rules or ExchangeRules(), sessions
        self.assets, self._params = by_ticker(assets), params
        kept = state or ExchangeState(
            at=0, cash=cash, orders=[], booked=[], holdings={}, last={}
        )  # fmt: skip
        self._now, self._halts, self._resumed = kept.at, dict(kept.halts), dict(kept.resumed)
        self._book = Book(kept.orders)
        self._ledger = Ledger(kept.cash, kept.holdings, kept.last, kept.booked)
        self._life = LifeCycle(self._book)
        self._admission = Admission(
            self._book, self._ledger, self.assets, sessions, params, self.rules
        )

    def snapshot(self) -> ExchangeState:
        """Return all that it knows."""
        ledger = self._ledger
        return ExchangeState(
            at=self._now, cash=ledger.cash, orders=list(self._book), booked=list(ledger.fills),
            holdings=dict(ledger.holdings), last=dict(ledger.last), halts=dict(self._halts),
            resumed=dict(self._resumed),
        )  # fmt: skip

    # What happens at the market

    def bar(self, bar: Bar) -> list[OrderUpdate]:
        """Meet a new bar; it is known at its end.

        A revised bar, and one that does not end after the ticker's last one, change nothing; a
        back-filled one has a price and fills nothing.
        """
        known, last = to_micros(bar.event_time), self._ledger.last.get(bar.ticker)
        if bar.revision or (last is not None and known <= last.known):
            return []
        self._expire(to_micros(bar.start))
        self._now = max(self._now, known)
        self._ledger.last[bar.ticker] = LastTrade(price=to_units(bar.close), known=known)
        if not bar.backfilled and bar.ticker not in self._halts:
            Filling(
                bar, self._now, self._resumed.get(bar.ticker, 0), regular=self._regular(bar),
                book=self._book, ledger=self._ledger, life=self._life, params=self._params,
                rules=self.rules,
            ).run()  # fmt: skip
        return self._life.taken()

    def advance(self, at: datetime) -> list[OrderUpdate]:
        """Let time pass: orders expire at the closes up to now, that moment included."""
        self._expire(self._time(at))
        return self._life.taken()

    def halt(
        self, ticker: str, at: datetime, code: str = "", reason: str = ""
    ) -> list[OrderUpdate]:
        """Halt a ticker; IOC orders for it are cancelled.

        Args:
            ticker: that trades.
            at: now.
            code: the exchange's.
            reason: the exchange's.
        """
        now = self._time(at)
        self._halts[ticker] = Halt(at=now, code=code, reason=reason)
        for order in self._book.open_of(ticker):
            self._cancel_if_hurried(order, now)
        return self._life.taken()

    def resume(self, ticker: str, at: datetime) -> list[OrderUpdate]:
        """Let a ticker trade again: its orders meet bars that begin from now on."""
        now = self._time(at)
        if self._halts.pop(ticker, None) is not None:
            self._resumed[ticker] = now
        return self._life.taken()

    # What the account asks for

    def submit(self, asked: NewOrder, at: datetime) -> list[OrderUpdate]:
        """Place an order; the first update is its acceptance.

        Args:
            asked: for.
            at: now.

        Raises:
            OrderRefused: it is not placed. OrderDuplicate: its client id was used before.
        """
        now = self._time(at)
        order, legs = self._admission.admitted(asked, now)
        self._life.placed(order, legs)
        if order.ticker in self._halts:
            self._cancel_if_hurried(order, now)
        return self._life.taken()

    def cancel(self, order_id: str, at: datetime) -> list[OrderUpdate]:
        """End an open order: with it a bracket's legs, or the other leg.

        Raises:
            NotAtBroker: there is none of this id. OrderRefused: it has ended already.
        """
        order, now = self._open(order_id), self._time(at)
        self._life.ended(order, "CANCELLED", now)
        return self._life.taken()

    def replace(self, order_id: str, changes: Replacement, at: datetime) -> list[OrderUpdate]:
        """Put another order in the place of an open one; the last update is its acceptance.

        The new one begins unfilled, and is as large as what was open of the old one if no size is
        asked for.

        Args:
            order_id: of the old one.
            changes: asked for.
            at: now.

        Raises:
            NotAtBroker, OrderRefused, OrderDuplicate: nothing is changed.
        """
        old, now = self._open(order_id), self._time(at)
        self._life.replaced(old, self._admission.replacing(old, changes, now), now)
        return self._life.taken()

    # What it can be asked

    def order(self, order_id: str) -> BrokerOrder:
        """Return an order with its legs; NotAtBroker where there is none."""
        return self._book.shown(self._book[order_id])

    def order_of(self, client_order_id: str) -> BrokerOrder:
        """Return the order of a client id; NotAtBroker where there is none."""
        return self._book.shown(self._book.of_client(client_order_id))

    def orders(self, *, since: datetime | None = None) -> list[BrokerOrder]:
        """Return the open orders, oldest first; with `since` also what was placed from then on.

        Legs are told with their entry; by themselves, too, while they work, and with `since` those
        that were replaced or took a leg's place.
        """
        if since is None:
            return [self._book.shown(order) for order in self._book.open() if not order.held]
        return [
            self._book.shown(order) for order in self._book
            if (order.open and not order.held)
            or (order.placed_alone and order.submitted >= to_micros(since))
        ]  # fmt: skip

    def fills(self, since: datetime) -> list[BrokerFill]:
        """Return the executions since then, oldest first."""
        return [booked.fill for booked in self._ledger.fills_since(since)]

    def commissions(self, since: datetime) -> dict[str, int]:
        """Return what each execution since then cost beyond its price, units, by its id."""
        return {b.fill.execution_id: b.commission for b in self._ledger.fills_since(since)}

    def positions(self) -> list[BrokerPosition]:
        """Return what is held, by ticker."""
        return self._ledger.positions()

    def account(self) -> BrokerAccount:
        """Return the money."""
        return BrokerAccount(
            id=self.rules.account, currency="USD", cash=self._ledger.cash,
            equity=self._ledger.equity, shorting=self.rules.short,
            buying_power=buying_power(self._ledger, self._book, self._params, self.rules),
        )  # fmt: skip

    def asset(self, ticker: str) -> Asset:
        """Return what may be done with a ticker; NotAtBroker where it is not traded here."""
        if ticker not in self.assets:
            what = f"There is no ticker {ticker} at the broker."
            raise NotAtBroker(what)
        return self.assets[ticker]

    @property
    def at(self) -> datetime:
        """Return the latest time it was told."""
        return to_datetime(self._now)

    @property
    def halted(self) -> dict[str, Halt]:
        """Return the halted tickers."""
        return dict(self._halts)

    def _time(self, at: datetime) -> int:
        self._now = max(self._now, to_micros(at))
        return self._now

    def _open(self, order_id: str) -> Working:
        order = self._book[order_id]
        if not order.open:
            refusals.unprocessable(f'order is already in "{order.word}" state')
        return order

    def _regular(self, bar: Bar) -> bool:
        return bar.interval == "1d" or self.sessions.is_open(to_micros(bar.start))

    def _cancel_if_hurried(self, order: Working, now: int) -> None:
        if order.time_in_force == "IOC" and order.open:
            self._life.ended(order, "CANCELLED", now)

    def _expire(self, until: int) -> None:
        """End the orders whose session is over; an entry's legs come after it, once they work."""
        for was in sorted(self._book.open(), key=lambda order: order.role != ""):
            order = self._book[was.id]
            if order.open and not order.held and order.expires <= until:
                status: OrderStatus = "CANCELLED" if order.time_in_force == "IOC" else "EXPIRED"
                self._life.ended(order, status, max(order.expires, order.updated))
