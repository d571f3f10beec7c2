"""Alpaca's market data: history by REST, and the stream."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from connectors.broker.alpaca.asking import Door, History
from connectors.broker.alpaca.keys import Access
from connectors.broker.alpaca.market_events import Reading
from connectors.broker.alpaca.market_stream import AlpacaMarketStream
from connectors.broker.alpaca.numbers import fields_of, rows_of
from connectors.broker.alpaca.paging import stamp
from connectors.broker.alpaca.streaming import StreamTimes
from connectors.broker.errors import BrokerAnswerUnusable
from connectors.broker.params import BrokerParams
from connectors.broker.values import MarketBar
from messages.market import Interval

FRAMES: Final[Mapping[Interval, str]] = {"1m": "1Min", "5m": "5Min", "1h": "1Hour", "1d": "1Day"}
PAGE: Final = 10_000
MAX_PAGES: Final = 1_000  # of one batch: ten million bars
BATCH: Final = 100  # tickers in one question


def _never(_: datetime) -> bool:
    return False


class AlpacaMarketData:
    """Bars of the past, and bars, quotes and halts as they happen; any thread may ask.

    Attributes:
        dropped: rows of Alpaca's that meant nothing, by kind.
    """

    def __init__(
        self, params: BrokerParams, *, times: StreamTimes | None = None,
        silent_s: float | None = None, is_open: Callable[[datetime], bool] = _never,
    ) -> None:  # fmt: skip
        """Check keys and addresses; nothing is opened before something is asked.

        Args:
            params: settings.
            times: of its stream; None for those that suit Alpaca.
            silent_s: the stream is brought down when nothing came for so long while the market is
                open; None for never.
            is_open: tells whether the market is open at a time, UTC.

        Raises:
            BrokerAccessDenied: keys are missing, or they or an address are not paper's.
        """
        self._access, self._times = Access(params), times or StreamTimes()
        self._silent_s, self._is_open = silent_s, is_open
        self._door = Door(self._access, params.per_minute, 0, params.timeout_seconds)
        self._client = History(self._access, self._door)
        self._reading = Reading()
        self.dropped = self._reading.dropped

    def history(
        self, tickers: Sequence[str], interval: Interval, since: datetime, until: datetime
    ) -> list[MarketBar]:
        """Return the bars that start in [since, until), by time and ticker; as they were traded."""
        found: dict[tuple[datetime, str], MarketBar] = {}
        named = sorted(set(tickers))
        ask = self._door.paging(partial(self._client.get, "/stocks/bars"))
        for place in range(0, len(named), BATCH):
            asked = {
                "symbols": ",".join(named[place : place + BATCH]),
                "timeframe": FRAMES[interval],
                "start": stamp(since),
                "end": stamp(until),
                "adjustment": "raw",
                "feed": self._access.feed,
                "sort": "asc",
                "limit": PAGE,
            }
            for page in _pages(ask, asked):
                for ticker, rows in page.items():
                    bars = self._reading.bars(ticker, rows_of(rows, "bars"), interval)
                    found |= {(bar.start, ticker): bar for bar in bars}
        return [found[key] for key in sorted(found) if since <= key[0] < until]

    def market(self) -> AlpacaMarketStream:
        """Listen from now on; nothing is followed before it is said what."""
        return AlpacaMarketStream(
            self._access, self._times, self._reading, self._silent_s, self._is_open
        )

    def close(self) -> None:
        """Let go of connections; what waits for the limit is let go too."""
        self._door.closed.set()
        self._client.close()


def _pages(
    ask: Callable[[dict[str, Any]], Any], asked: dict[str, Any]
) -> Iterator[Mapping[str, Any]]:
    token: object = None
    for _ in range(MAX_PAGES):
        answer = fields_of(ask(asked if token is None else asked | {"page_token": token}), "bars")
        yield fields_of(answer.get("bars") or {}, "bars")
        last, token = token, answer.get("next_page_token")
        if not token:
            return
        if token == last:
            break
    reason = "Alpaca's bars do not come to an end."
    raise BrokerAnswerUnusable(reason)
