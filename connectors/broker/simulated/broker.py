"""A broker over a simulated exchange: the seam, with a lock around it and streams beside it.

    broker = SimulatedBroker(exchange)
    with broker.updates() as stream:
        broker.submit(NewOrder(client_order_id="a", ticker="AAPL", side="BUY", qty=10))
        broker.bar(bar)
        stream.take(0)

Whoever feeds it says what happens at the market. Time comes from a clock, or from what it is fed.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import date, datetime
from threading import RLock
from typing import Final

from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.simulated.state import ExchangeState
from connectors.broker.simulated.streams import (
    CAPACITY,
    SimulatedMarketStream,
    SimulatedOrderStream,
)
from connectors.broker.values import (
    Asset,
    BrokerAccount,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
    MarketBar,
    MarketClock,
    NewOrder,
    OrderUpdate,
    Replacement,
    StreamState,
    TradingDay,
    TradingStatus,
)
from connectors.market.calendar import NEW_YORK
from messages.market import Bar, Interval
from messages.units import to_datetime, to_micros

BARS: Final = 100_000  # a year of minutes


class SimulatedBroker:
    """`Broker` and `MarketData` over a simulated exchange; calls may come from any thread.

    Attributes:
        name: of the broker.
        capabilities: what it can do.
    """

    name = "simulated"

    def __init__(
        self, exchange: SimulatedExchange, clock: Callable[[], datetime] | None = None, *,
        capacity: int = CAPACITY, bars: int = BARS,
    ) -> None:  # fmt: skip
        """Take the exchange, which nobody else may use from here on.

        Args:
            exchange: behind it.
            clock: the time; None: it is that of the last thing it was fed.
            capacity: items that wait for the reader of a stream; beyond it the stream is down.
            bars: of a ticker and an interval that it keeps as their history, the last it was fed.
        """
        self._exchange, self._clock = exchange, clock
        self.capabilities = exchange.rules.capabilities
        self._lock = RLock()
        self._orders: list[SimulatedOrderStream] = []
        self._markets: list[SimulatedMarketStream] = []
        self._capacity, self._most = capacity, bars
        self._bars: dict[tuple[str, Interval], dict[datetime, MarketBar]] = {}

    # What happens at the market

    def bar(self, bar: Bar) -> None:
        """Let a bar become known."""
        told = MarketBar(
            ticker=bar.ticker, start=bar.start, interval=bar.interval, open=bar.open,
            high=bar.high, low=bar.low, close=bar.close, volume=bar.volume,
            revised=bar.revision > 0,
        )  # fmt: skip
        with self._lock:
            self._keep(told)
            self._market(told)
            self._tell(self._exchange.bar(bar))

    def halt(self, ticker: str, at: datetime, code: str = "", reason: str = "") -> None:
        """Halt a ticker."""
        with self._lock:
            self._market(
                TradingStatus(ticker=ticker, halted=True, code=code, reason=reason, at=at)
            )  # fmt: skip
            self._tell(self._exchange.halt(ticker, at, code, reason))

    def resume(self, ticker: str, at: datetime) -> None:
        """Let a ticker trade again."""
        with self._lock:
            self._market(TradingStatus(ticker=ticker, halted=False, code="", reason="", at=at))
            self._tell(self._exchange.resume(ticker, at))

    def advance(self, at: datetime) -> None:
        """Let time pass up to a moment; a session's last bars were fed before its close."""
        with self._lock:
            self._tell(self._exchange.advance(at))

    def snapshot(self) -> ExchangeState:
        """Return what the exchange knows."""
        with self._lock:
            return self._exchange.snapshot()

    # What the account asks for

    def submit(self, order: NewOrder) -> BrokerOrder:
        """Place an order, once."""
        with self._lock:
            return self._tell(self._exchange.submit(order, self._now()))[0].order

    def cancel(self, order_id: str) -> None:
        """End an order."""
        with self._lock:
            self._tell(self._exchange.cancel(order_id, self._now()))

    def replace(self, order_id: str, changes: Replacement) -> BrokerOrder:
        """Put another order in the place of an open one."""
        with self._lock:
            return self._tell(self._exchange.replace(order_id, changes, self._now()))[-1].order

    # What it can be asked

    def order(self, order_id: str) -> BrokerOrder:
        """Return an order by the broker's id, its legs included."""
        with self._lock:
            return self._exchange.order(order_id)

    def order_of(self, client_order_id: str) -> BrokerOrder:
        """Return an order by our id."""
        with self._lock:
            return self._exchange.order_of(client_order_id)

    def orders(self, *, since: datetime | None = None) -> list[BrokerOrder]:
        """Return the open orders; with `since` also what was placed from then on."""
        with self._lock:
            self._now()
            return self._exchange.orders(since=since)

    def fills(self, since: datetime) -> list[BrokerFill]:
        """Return the executions since then, oldest first."""
        with self._lock:
            return self._exchange.fills(since)

    def positions(self) -> list[BrokerPosition]:
        """Return what is held, by ticker."""
        with self._lock:
            return self._exchange.positions()

    def account(self) -> BrokerAccount:
        """Return the money."""
        with self._lock:
            self._now()
            return self._exchange.account()

    def clock(self) -> MarketClock:
        """Return the time, and when the market opens and closes next."""
        with self._lock:
            at, sessions = self._now(), self._exchange.sessions
        now = to_micros(at)
        opens, closes = bisect_right(sessions.opens, now), bisect_right(sessions.closes, now)
        return MarketClock(
            at=at, is_open=sessions.is_open(now), opens=to_datetime(sessions.opens[opens]),
            closes=to_datetime(sessions.closes[closes]),
        )  # fmt: skip

    def calendar(self, first: date, last: date) -> list[TradingDay]:
        """Return the sessions of some days, both included."""
        sessions = self._exchange.sessions
        days = (
            TradingDay(
                day=to_datetime(opens).astimezone(NEW_YORK).date(), opens=to_datetime(opens),
                closes=to_datetime(closes),
            )
            for opens, closes in zip(sessions.opens, sessions.closes, strict=True)
        )  # fmt: skip
        return [day for day in days if first <= day.day <= last]

    def asset(self, ticker: str) -> Asset:
        """Return what may be done with a ticker."""
        return self._exchange.asset(ticker)

    def history(
        self, tickers: Sequence[str], interval: Interval, since: datetime, until: datetime
    ) -> list[MarketBar]:
        """Return the bars that it was fed, the last of them, that start in [since, until)."""
        with self._lock:
            found = [
                bar for ticker in set(tickers)
                for start, bar in self._bars.get((ticker, interval), {}).items()
                if since <= start < until
            ]  # fmt: skip
        return sorted(found, key=lambda bar: (bar.start, bar.ticker))

    # Who listens

    def updates(self) -> SimulatedOrderStream:
        """Listen from now on to what becomes of orders."""
        with self._lock:
            stream = SimulatedOrderStream(self._tick, self._capacity)
            stream.tell(StreamState(up=True, at=self._now()))
            self._orders.append(stream)
            return stream

    def market(self) -> SimulatedMarketStream:
        """Listen from now on to bars and halts; nothing is followed yet."""
        with self._lock:
            stream = SimulatedMarketStream(self._tick, self._capacity)
            stream.tell(StreamState(up=True, at=self._now()))
            self._markets.append(stream)
            return stream

    def close(self) -> None:
        """Let nobody listen any more."""
        with self._lock:
            for orders in self._orders:
                orders.close()
            for market in self._markets:
                market.close()

    def _keep(self, bar: MarketBar) -> None:
        kept = self._bars.setdefault((bar.ticker, bar.interval), {})
        kept[bar.start] = bar
        if len(kept) > self._most:
            del kept[next(iter(kept))]

    def _tell(self, updates: list[OrderUpdate]) -> list[OrderUpdate]:
        self._orders = [stream for stream in self._orders if not stream.closed]
        for stream in self._orders:
            stream.tell(*updates)
        return updates

    def _market(self, event: MarketBar | TradingStatus) -> None:
        self._markets = [stream for stream in self._markets if not stream.closed]
        for stream in self._markets:
            stream.happened(event)

    def _tick(self) -> datetime:
        with self._lock:
            return self._now()

    def _now(self) -> datetime:
        """Return the time; by a clock's, what is over by then is told.

        A session is over a grace after its close, when its last bars are in.
        """
        if self._clock is None:
            return self._exchange.at
        at, sessions = self._clock(), self._exchange.sessions
        number = sessions.number_of(to_micros(at))
        if number == len(sessions.ends) or to_micros(at) < sessions.closes[number]:
            self._tell(self._exchange.advance(at))
        return at
