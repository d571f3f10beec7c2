"""Bars, quotes and halts as they happen, by alpaca-py's stream of stock data."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgpack
from alpaca.data.live.stock import StockDataStream

from connectors.broker.alpaca.keys import Access
from connectors.broker.alpaca.market_events import MarketFact, Reading
from connectors.broker.alpaca.streaming import KeptStream, StreamTimes, let_go
from connectors.broker.errors import BrokerAway

Channels = Mapping[str, frozenset[str]]
MEANS: Final = {405: ": follow fewer tickers"}  # of a code, what to do
BATCH: Final = 400  # tickers in one message
LOOK_S: Final = 5.0  # between two looks at how long nothing came


class Wanted:
    """What a stream is to bring; set by its reader, read by each line."""

    def __init__(self) -> None:
        """Want nothing."""
        self.channels: Channels = {}

    def follow(self, bars: frozenset[str], quotes: frozenset[str]) -> None:
        """Want these tickers and no others; halts come for both."""
        self.channels = {
            "bars": bars, "updatedBars": bars, "quotes": quotes, "statuses": bars | quotes,
        }  # fmt: skip


class Silence:
    """How long nothing came that should have."""

    def __init__(self, most_s: float | None, is_open: Callable[[datetime], bool]) -> None:
        """Take how long is too long, and whether anything should come at a time."""
        self.most_s, self._is_open = most_s, is_open
        self.look_s = LOOK_S if most_s is None else min(LOOK_S, most_s / 4)
        self._since = time.monotonic()

    def ended(self) -> None:
        """Hear that something came."""
        self._since = time.monotonic()

    def judge(self, *, followed: bool) -> None:
        """Look at the time.

        Raises:
            BrokerAway: nothing came for too long.
        """
        if self.most_s is None or not followed or not self._is_open(datetime.now(UTC)):
            self.ended()
        elif (quiet_s := time.monotonic() - self._since) > self.most_s:
            reason = f"nothing came for {quiet_s:.1f} s while the market is open"
            raise BrokerAway(reason)


class MarketLine(StockDataStream):
    """One connection of the SDK's; read here, so that every frame is judged."""

    _ws: Any

    def __init__(
        self, access: Access, times: StreamTimes, wanted: Wanted, reading: Reading,
        silence: Silence,
    ) -> None:  # fmt: skip
        """Prepare; nothing is opened."""
        super().__init__(
            access.key, access.secret, raw_data=True, url_override=access.market,
            websocket_params=times.socket,
        )  # fmt: skip
        self._wanted, self._reading, self._silence = wanted, reading, silence
        self._have: Channels = {}
        self._turn = asyncio.Lock()
        self._unanswered = 0  # messages that Alpaca has not confirmed
        self._early: list[MarketFact] = []

    async def open(self) -> None:
        """Connect, be let in, and ask for what is wanted."""
        try:
            await self._start_ws()
        except ValueError as error:
            reason = f"Alpaca does not let it in: {error}"
            raise BrokerAway(reason) from None
        await self.ask()
        while self._unanswered > 0:
            self._early += self._facts(await self._ws.recv())
        self._silence.ended()

    async def ask(self) -> None:
        """Ask for what is wanted and not had, and let go of what is had and not wanted."""
        async with self._turn:
            while self._have != (wanted := self._wanted.channels):  # it may change meanwhile
                for action, more, less in (
                    ("unsubscribe", self._have, wanted),
                    ("subscribe", wanted, self._have),
                ):
                    for message in _messages(action, more, less):
                        await self._ws.send(msgpack.packb(message))
                        self._unanswered += 1
                self._have = wanted

    async def receive(self) -> Sequence[MarketFact]:
        """Return what the next frame says."""
        await self.ask()  # for what was wanted while it was being opened
        if self._early:
            early, self._early = self._early, []
            return early
        while True:
            try:
                async with asyncio.timeout(self._silence.look_s):
                    frame = await self._ws.recv()
            except TimeoutError:
                self._silence.judge(followed=any(self._have.values()))
                continue
            facts = self._facts(frame)
            if facts:
                self._silence.ended()
            else:
                self._silence.judge(followed=any(self._have.values()))
            return facts

    async def drop(self) -> None:
        """Let go of the connection."""
        await let_go(self._ws)

    def _facts(self, frame: Any) -> list[MarketFact]:
        rows = msgpack.unpackb(frame)
        for row in rows:
            kind = row.get("T") if isinstance(row, dict) else None
            if kind == "error":
                reason = f"Alpaca says: {row.get('msg')} ({row.get('code')})"
                raise BrokerAway(reason + MEANS.get(row.get("code"), ""))
            if kind == "subscription":
                self._unanswered = 0 if _covers(row, self._have) else self._unanswered - 1
        return [fact for row in rows if (fact := self._reading.fact(row)) is not None]


class AlpacaMarketStream(KeptStream[MarketFact, MarketLine]):
    """Bars, quotes and halts of some tickers; nothing is followed before it is said what."""

    def __init__(
        self, access: Access, times: StreamTimes, reading: Reading, silent_s: float | None,
        is_open: Callable[[datetime], bool],
    ) -> None:  # fmt: skip
        """Start to connect.

        Args:
            access: keys and addresses.
            times: how patient it is.
            reading: reads rows, and counts the odd ones.
            silent_s: brought down when nothing came for so long while the market is open; None for
                never.
            is_open: tells whether the market is open at a time.
        """
        self._wanted = Wanted()

        def line() -> MarketLine:
            silence = Silence(silent_s, is_open)
            return MarketLine(access, times, self._wanted, reading, silence)

        super().__init__("alpaca-market", line, times, access.hide)

    def follow(self, bars: frozenset[str], quotes: frozenset[str] = frozenset()) -> None:
        """Have these tickers from now on, and no others; halts come for both."""
        self._wanted.follow(bars, quotes)
        self._soon(MarketLine.ask)


def _covers(row: Mapping[str, Any], wanted: Channels) -> bool:
    """Tell whether a confirmation, which lists what is followed, has all that is wanted."""
    return all(
        tickers <= {name for name in row.get(channel) or () if isinstance(name, str)}
        for channel, tickers in wanted.items()
    )


def _messages(action: str, more: Channels, less: Channels) -> Iterator[dict[str, Any]]:
    """Yield the messages for what `more` has beyond `less`."""
    for channel, tickers in more.items():
        named = sorted(tickers - less.get(channel, frozenset()))
        for place in range(0, len(named), BATCH):
            yield {"action": action, channel: named[place : place + BATCH]}
