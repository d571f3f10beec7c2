"""Which tickers are followed: open positions, the watchlist, and tickers in recent news."""

import re
import threading
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from connectors.market.params import TICKER
from messages.base import Message
from messages.news import ScoredArticle
from messages.trading import PositionChanged

Age = Callable[[datetime, datetime], timedelta]  # of what was published, at a time
WHOLE: Final = re.compile(TICKER.pattern, re.ASCII)


class Interests:
    """What is held and what is in the news, as the topics tell it."""

    def __init__(
        self, watchlist: Iterable[str], news_for: timedelta, most: int, held: Collection[str] = (),
        age: Age = lambda published, now: now - published,
    ) -> None:  # fmt: skip
        """Start with what was held when a snapshot was made.

        Args:
            watchlist: always followed.
            news_for: so long a ticker in the news is.
            most: tickers at once.
            held: tickers of open positions.
            age: how old news is; by default as the time that has passed.
        """
        self._age = age
        self._watchlist, self._news_for, self._most = tuple(watchlist), news_for, most
        self._held: dict[tuple[str, str], None] = {("", ticker): None for ticker in held}
        self._news: dict[str, datetime] = {}
        self._lock = threading.Lock()  # told on one thread, asked on another

    @property
    def held(self) -> frozenset[str]:
        """Return the tickers of open positions."""
        with self._lock:
            return frozenset(ticker for _, ticker in self._held)

    def take(self, body: Message) -> None:
        """Take a record of `positions` or `news.scored`."""
        with self._lock:
            self._take(body)

    def _take(self, body: Message) -> None:
        if isinstance(body, PositionChanged):
            self._held.pop(("", body.ticker), None)
            self._held.pop((body.account, body.ticker), None)
            if body.qty:
                self._held[body.account, body.ticker] = None
        elif isinstance(body, ScoredArticle) and WHOLE.fullmatch(body.ticker):
            if body.about == "beside":
                return  # it never votes, so no bar is needed for it
            before = self._news.get(body.ticker, body.published_at)
            self._news[body.ticker] = max(before, body.published_at)

    def tickers(self, now: datetime) -> tuple[str, ...]:
        """Return what is to be followed, the most important first; of news the newest."""
        with self._lock:
            age, most = self._age, self._news_for
            self._news = {t: at for t, at in self._news.items() if age(at, now) < most}
            news = sorted(self._news, key=lambda ticker: (-self._news[ticker].timestamp(), ticker))
        wanted = dict.fromkeys((*sorted(self.held), *self._watchlist, *news))
        return tuple(wanted)[: self._most]
