"""The stand-in exchange on a real socket, with a clock of the test's own, and Alpaca's clients."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
from alpaca.data.historical import NewsClient, StockHistoricalDataClient
from alpaca.data.live import NewsDataStream, StockDataStream
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest
from alpaca.trading.stream import TradingStream

from connectors.broker.stand_in.app import StandIn, Terms
from connectors.broker.stand_in.journal import Books
from connectors.broker.stand_in.keys import Keys
from connectors.broker.stand_in.server import bound, server_of
from connectors.broker.values import MarketBar
from tests.waiting import eventually

KEYS = Keys("PKTEST", "secret of the test")
OPEN = datetime(2026, 3, 19, 13, 30, tzinfo=UTC)  # a Thursday
MINUTE = timedelta(minutes=1)
FOR_EVER_S = 3_600.0  # longer than any test: nothing here is decided by a fraction of a second


class Clock:
    """A wall clock that stands until it is moved."""

    def __init__(self, moment: datetime = OPEN) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


def minute(start: datetime, price: float, ticker: str = "AAPL", **more: Any) -> MarketBar:
    """Return a bar around a price."""
    values: dict[str, Any] = {
        "ticker": ticker, "start": start, "interval": "1m", "open": price, "high": price + 0.5,
        "low": price - 0.5, "close": price, "volume": 10_000.0, **more,
    }  # fmt: skip
    return MarketBar(**values)


@dataclass
class Standing:
    """A stand-in that is up.

    Attributes:
        came: what the trade stream gave, raw.
    """

    url: str
    journal: Path
    clock: Clock
    hand: httpx.Client
    came: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ws(self) -> str:
        return self.url.replace("http", "ws")

    @property
    def books(self) -> Books:
        return Books(self.journal)

    def trading(self, **more: Any) -> Any:
        return TradingClient(KEYS.key, KEYS.secret, url_override=self.url, **more)

    def history(self) -> Any:
        return StockHistoricalDataClient(KEYS.key, KEYS.secret, url_override=self.url)

    def articles(self) -> Any:
        return NewsClient(KEYS.key, KEYS.secret, url_override=self.url)

    def do(self, path: str, body: Any = None) -> None:
        """Drive it by hand."""
        answer = self.hand.post(f"/stand-in/{path}", content=msgspec.json.encode(body))
        assert answer.status_code == 204, answer.text

    def play(self, *prices: float, ticker: str = "AAPL", **more: Any) -> None:
        """Let minutes pass, each with a bar around a price."""
        for price in prices:
            bar = minute(self.clock.moment, price, ticker, **more)
            self.clock.moment += MINUTE
            self.do("bars", {"bars": [bar]})

    def faults(self, names: str, seed: int = 1) -> None:
        self.do("faults", {"faults": names, "seed": seed})

    def followed(self) -> dict[str, Any]:
        return cast(dict[str, Any], self.hand.get("/stand-in/followed").json())

    def buy(self, client_id: str, qty: int = 10, **more: Any) -> Any:
        return self.trading().submit_order(market("AAPL", qty, client_id, **more))

    def events(self, client_id: str) -> list[str]:
        """Return what the trade stream said of an order, in order."""
        told = [frame["data"] for frame in list(self.came)]
        return [d["event"] for d in told if d["order"]["client_order_id"] == client_id]

    def wait_for(self, client_id: str, *events: str) -> None:
        eventually(
            lambda: self.events(client_id) == list(events), what=lambda: self.events(client_id)
        )

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to trade updates by Alpaca's own stream."""
        stream = TradingStream(
            KEYS.key, KEYS.secret, raw_data=True, url_override=f"{self.ws}/stream"
        )

        async def take(frame: dict[str, Any]) -> None:
            self.came.append(frame)

        stream.subscribe_trade_updates(take)
        with running(stream):
            eventually(lambda: self.followed()["trades"] == 1)
            yield

    def stocks(self, feed: str = "iex") -> Any:
        return hurried(StockDataStream(KEYS.key, KEYS.secret, url_override=f"{self.ws}/v2/{feed}"))

    def news(self) -> Any:
        return hurried(
            NewsDataStream(KEYS.key, KEYS.secret, url_override=f"{self.ws}/v1beta1/news")
        )


def hurried(stream: Any) -> Any:
    """Let a stream of Alpaca's connect again soon."""
    stream._reconnect_min_backoff = stream._reconnect_max_backoff = 0.05
    return stream


@contextmanager
def running(stream: Any) -> Iterator[None]:
    """Run a stream of Alpaca's in a thread; it is cancelled at the end, as it stops slowly."""
    hurried(stream)
    tasks: list[asyncio.Task[Any]] = []

    async def work() -> None:
        tasks.append(asyncio.create_task(stream._run_forever()))
        await asyncio.wait(tasks)
        await stream.close()

    thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
    thread.start()

    def ended() -> bool:
        # Asked again: a wait that is over at the same moment loses a cancellation.
        with suppress(RuntimeError):  # the loop is closed
            tasks[0].get_loop().call_soon_threadsafe(tasks[0].cancel)
        thread.join(0.2)
        return not thread.is_alive()

    try:
        yield
    finally:
        eventually(lambda: bool(tasks))
        eventually(ended)


def market(ticker: str, qty: float, client_id: str, side: str = "buy", **more: Any) -> Any:
    return MarketOrderRequest(
        symbol=ticker, qty=qty, side=OrderSide(side), client_order_id=client_id,
        time_in_force=TimeInForce.DAY, **more,
    )  # fmt: skip


def limit(ticker: str, qty: float, client_id: str, price: float, side: str = "buy") -> Any:
    return LimitOrderRequest(
        symbol=ticker, qty=qty, side=OrderSide(side), client_order_id=client_id,
        time_in_force=TimeInForce.DAY, limit_price=price,
    )  # fmt: skip


@contextmanager
def standing(directory: Path, **terms: Any) -> Iterator[Standing]:
    """Serve a stand-in in a thread; AAPL and MSFT may be traded from the beginning."""
    clock = terms.pop("clock", None) or Clock()
    values = {"tickers": ("AAPL", "MSFT"), "per_minute": 0, "overtaken_s": FOR_EVER_S, **terms}
    file = directory / "journal.jsonl"
    stand_in = StandIn(Terms(keys=KEYS, journal=file, clock=clock, **values))
    with served(stand_in) as url, httpx.Client(base_url=url, timeout=60) as hand:
        yield Standing(url, file, clock, hand)


@contextmanager
def served(stand_in: StandIn) -> Iterator[str]:
    """Run a stand-in's server in a thread; returns its address."""
    socket, server = bound(), server_of(stand_in)
    thread = threading.Thread(target=server.run, args=([socket],))
    thread.start()
    try:
        eventually(lambda: server.started)
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)
        socket.close()
