"""The feeds by the settings."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from connectors.feed.base import Feed
from connectors.feed.fetching import Fetcher
from connectors.feed.params import NewsParams
from connectors.feed.reader import SHARED
from connectors.feed.rss import RssFeed

INTERVAL: Final = re.compile(r"\|\d+(\.\d+)?$")


def fetcher_of(params: NewsParams) -> Fetcher:
    """Return a fetcher within the settings' bounds."""
    return Fetcher(
        params.user_agent, params.timeout_seconds, params.max_bytes,
        private_redirects=params.private_redirects,
    )  # fmt: skip


class Source(NamedTuple):
    """Where a feed is, and how often to look; 0 seconds: as often as the settings say."""

    url: str
    interval_s: float = 0.0


def named(feeds: tuple[str, ...]) -> dict[str, Source]:
    """Return the feeds by name; one without a name has its host's.

    >>> named(("cnbc=https://cnbc.com/rss?a=b|300",))
    {'cnbc': Source(url='https://cnbc.com/rss?a=b', interval_s=300.0)}
    """
    found: dict[str, Source] = {}
    for feed in feeds:
        where, _, interval = feed.rpartition("|") if INTERVAL.search(feed) else (feed, "", "")
        name, _, url = where.partition("=")
        if "://" in name or "://" not in url:
            name, url = "", where
        base = name or _host(url)
        name, n = base, 2
        while name in found:
            name, n = f"{base}_{n}", n + 1
        found[name] = Source(url, float(interval or 0))
    return found


def _host(url: str) -> str:
    """Return the host of an address: neither user and password before it nor the port behind."""
    try:
        return urlsplit(url).hostname or "feed"
    except ValueError:
        return "feed"


def feed_names(params: NewsParams) -> list[str]:
    """Return the names of all feeds that the settings ask for, without loading anything."""
    names = list(named(params.feeds))
    if params.reddit_id:
        names += [f"reddit_{s}" for s in params.subreddits]
    return [*names, "alpaca"] if params.alpaca_key else names


def feeds_of(params: NewsParams) -> Iterator[Feed]:
    """Make the feeds; those that need keys only where there are keys."""
    fetcher = fetcher_of(params)
    for name, source in named(params.feeds).items():
        interval = source.interval_s or params.interval_seconds
        yield RssFeed(name, source.url, interval, fetcher, SHARED.rows)
    if params.reddit_id:
        from connectors.feed.reddit import RedditFeed, reddit_of

        for subreddit in params.subreddits:
            yield RedditFeed(
                reddit_of(params), subreddit, params.reddit_score, params.reddit_interval_seconds
            )
    if params.alpaca_key:
        from connectors.feed.alpaca_news import AlpacaNewsFeed

        yield AlpacaNewsFeed(params)
