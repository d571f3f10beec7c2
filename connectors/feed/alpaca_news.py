"""Alpaca's news by alpaca-py: a stream, and REST for what came while it was down."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from alpaca.common.exceptions import APIError
from alpaca.data.historical.news import NewsClient
from alpaca.data.live.news import NewsDataStream
from alpaca.data.requests import NewsRequest
from requests.exceptions import RequestException

from connectors.broker.alpaca.sending import mount
from connectors.broker.params import loopback
from connectors.direct_socket import Direct
from connectors.feed.base import Memory, Poll, Values
from connectors.feed.failures import FeedFailed
from connectors.feed.params import NewsParams
from connectors.feed.text import one_line, text_of_html, unescaped
from messages.base import Ticker
from messages.news import MAX_CONTENT, MAX_TITLE
from operators.news.symbols import symbol_of

LOOK_BACK: Final = timedelta(hours=1)  # at the very first start
OVERLAP: Final = timedelta(minutes=2)  # repeats are dropped; what is missed is not seen again
INTERVAL_S: Final = 0.25
MAX_BACK_OFF_S: Final = 5.0
MAX_PAGES: Final = 1_000  # of fifty articles: some weeks of news
# The frame that carries the keys is told to a socket's log at the level of debugging.
quiet = logging.getLogger(f"{__name__}.frames")
quiet.setLevel(logging.WARNING)
SOCKET: Final = {
    "ping_interval": 10, "ping_timeout": 180, "max_queue": 1_024, "logger": quiet,
    "create_protocol": Direct,
}  # fmt: skip


class NewsStream(NewsDataStream):
    """The SDK's stream, which says when it has connected and why it has not.

    Attributes:
        trouble: why it is not connected; empty while it is.
        tried: it has connected, or been refused, for the first time.
    """

    def __init__(self, key: str, secret: str, url: str, connected: Callable[[], None]) -> None:
        """Prepare; `run` connects, again and again."""
        super().__init__(
            key, secret, raw_data=True, websocket_params=dict(SOCKET), url_override=url or None
        )
        self._connected = connected
        self.trouble = "not connected yet"
        self.tried = threading.Event()

    async def _start_ws(self) -> None:
        try:
            await super()._start_ws()
        except Exception as error:
            self.trouble = f"{type(error).__name__}: {error}"
            self.tried.set()
            raise
        self.trouble = ""
        self._connected()
        self.tried.set()


class AlpacaNewsFeed:
    """The feed; polled from one thread, while the stream runs on another."""

    name = "alpaca"

    def __init__(self, params: NewsParams) -> None:
        """Take keys and addresses; nothing is opened before the first poll."""
        self.interval_s, self.max_back_off_s = INTERVAL_S, MAX_BACK_OFF_S
        self._params = params
        self._came: SimpleQueue[Any] = SimpleQueue()
        self._missed = threading.Event()
        self._missed.set()
        self._stream: NewsStream | None = None
        self._client: Any = None
        self._pages = 0

    def poll(self, memory: Memory) -> Poll:
        """Take what the stream gave; after a (re)connection also what REST has since then.

        Raises:
            FeedFailed: the stream is down, or REST refuses.
        """
        stream = self._stream or self._start()
        known = memory.get("since")
        since = datetime.fromisoformat(known) if known else datetime.now(UTC) - LOOK_BACK
        rows: list[Values] = []
        if self._missed.is_set():
            self._missed.clear()
            try:
                rows += self._since(since - OVERLAP)
            except FeedFailed:
                self._missed.set()
                raise
        while True:
            try:
                rows.append(row_of(self._came.get_nowait()))
            except Empty:
                break
        if stream.trouble and not rows:
            raise FeedFailed("STREAM_DOWN", stream.trouble[:300])
        newest = max((row["fetched_for"] for row in rows), default=since)
        return Poll([{k: v for k, v in row.items() if k != "fetched_for"} for row in rows],
                    {"since": max(since, newest).isoformat()})  # fmt: skip

    def close(self) -> None:
        """Let the stream go; it may take some seconds."""
        if self._stream is not None:
            self._stream.stop()

    def _start(self) -> NewsStream:
        params = self._params
        secret = params.alpaca_secret.get_secret_value()
        if not secret:
            raise FeedFailed("NO_SECRET", "set TIDEWIRE_NEWS__ALPACA_SECRET beside its key")
        self._client = NewsClient(
            params.alpaca_key, secret, raw_data=True, url_override=params.alpaca_rest or None
        )
        session = self._client._session  # noqa: SLF001  # the SDK offers no bounds
        # As the broker's: nothing of a .netrc is sent, a server here is asked without a proxy.
        host = urlsplit(params.alpaca_rest).hostname or ""
        mount(session, local=loopback(host))
        session.request = partial(self._page, session.request)
        stream = NewsStream(params.alpaca_key, secret, params.alpaca_stream, self._missed.set)

        async def take(article: Any) -> None:
            self._came.put(article)

        stream.subscribe_news(take, "*")
        threading.Thread(target=stream.run, name="alpaca-news", daemon=True).start()
        self._stream = stream
        stream.tried.wait(params.timeout_seconds)
        return stream

    def _page(self, request: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Make one request of a back-fill; the SDK bounds neither its time nor their number."""
        self._pages += 1
        if self._pages > MAX_PAGES:
            raise FeedFailed("TOO_MANY_PAGES", f"over {MAX_PAGES} pages of news in one answer")
        return request(*args, timeout=self._params.timeout_seconds, **kwargs)

    def _since(self, start: datetime) -> list[Values]:
        self._pages = 0
        asked = NewsRequest(start=start, sort="asc", include_content=True)
        try:
            found = self._client.get_news(asked)
        except APIError as error:
            code = getattr(error, "status_code", None) or "?"
            raise FeedFailed(f"HTTP_{code}", str(error)[:300]) from None
        except (RequestException, OSError) as error:
            raise FeedFailed("UNREACHABLE", str(error)[:300]) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FeedFailed("UNPARSABLE", f"{type(error).__name__}: {error}"[:300]) from error
        articles = found.get("news", []) if isinstance(found, dict) else []
        return [row_of(article) for article in articles or []]


def row_of(article: Any) -> Values:
    """Return an article as admission takes it; what is odd is left for admission to refuse.

    A later `updated_at`, a row's version, makes a changed article a revision of itself.
    """
    fields = article if isinstance(article, dict) else {}
    created, updated = _moment(fields.get("created_at")), _moment(fields.get("updated_at"))
    now = datetime.now(UTC)
    url = fields.get("url") or f"alpaca:news/{fields.get('id', '')}"
    version = ""
    if created is not None and updated is not None and updated > created:
        version = f"{updated:%Y-%m-%dT%H:%M:%SZ}"
        url = f"{url}#updated={version}"
    content = fields.get("content") or fields.get("summary") or ""
    published = created or updated
    # Plain text with references; a `<` begins no tag there.
    title = one_line(unescaped(str(fields.get("headline") or "")), MAX_TITLE)
    text = text_of_html(str(content), MAX_CONTENT)
    return {
        "source": one_line(f"alpaca:{fields.get('source') or 'unknown'}", 200),
        "url": one_line(str(url), 2_048),
        "version": version,
        "title": title or text[:200].rstrip(),
        "content": text,
        "tickers": symbols_of(fields.get("symbols")),
        "published_at": published or now,
        "fetched_at": now,
        "undated": published is None,
        "fetched_for": min(updated or published or now, now),
    }


def symbols_of(symbols: Any) -> tuple[str, ...]:
    r"""Return the tickers among an article's symbols, in one spelling; currency pairs are none.

    >>> symbols_of(["AAPL", "BRK/B", "TYL\n", "BTC/USD", 7])
    ('AAPL', 'BRK.B', 'TYL')
    """
    found = []
    for symbol in symbols if isinstance(symbols, list | tuple) else ():
        if not isinstance(symbol, str):
            continue
        try:
            found.append(msgspec.convert(symbol_of(symbol), Ticker))
        except msgspec.ValidationError:
            continue
    return tuple(dict.fromkeys(found))


def _moment(value: Any) -> datetime | None:
    """Read a time: RFC 3339 by REST, a MessagePack timestamp by the stream."""
    try:
        moment = value.to_datetime() if hasattr(value, "to_datetime") else value
        found = msgspec.convert(moment, datetime, strict=False)
    except (msgspec.ValidationError, ValueError, OverflowError, OSError):
        return None
    return found.astimezone(UTC) if found.tzinfo is not None else None
