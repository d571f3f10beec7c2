"""The feeds by the settings."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from connectors.feed.fetching import Fetcher
from connectors.feed.params import NewsParams
from connectors.feed.poll import Feed
from connectors.feed.rss import RssFeed


def fetcher_of(params: NewsParams) -> Fetcher:
    """Return a fetcher within the settings' bounds."""
    return Fetcher(params.user_agent, params.timeout_seconds, params.max_bytes)


def named(feeds: tuple[str, ...]) -> dict[str, str]:
    """Return the feeds' names and addresses; a feed without a name has its host's.

    >>> named(("cnbc=https://cnbc.com/rss?a=b", "http://127.0.0.1:8000/x"))
    {'cnbc': 'https://cnbc.com/rss?a=b', '127.0.0.1:8000': 'http://127.0.0.1:8000/x'}
    """
    found: dict[str, str] = {}
    for feed in feeds:
        name, _, url = feed.partition("=") if "://" in feed.partition("=")[2] else ("", "", feed)
        if "://" in name:
            name, url = "", feed
        base = name or urlsplit(url).netloc or url
        name, n = base, 2
        while name in found:
            name, n = f"{base}_{n}", n + 1
        found[name] = url
    return found


def feed_names(params: NewsParams) -> list[str]:
    """Return the names of all feeds that the settings ask for, without loading anything."""
    names = list(named(params.feeds))
    if params.reddit_id:
        names += [f"reddit_{s}" for s in params.subreddits]
    return [*names, "alpaca"] if params.alpaca_key else names


def feeds_of(params: NewsParams) -> Iterator[Feed]:
    """Make the feeds; those that need keys only where there are keys."""
    fetcher = fetcher_of(params)
    for name, url in named(params.feeds).items():
        yield RssFeed(name, url, params.interval_seconds, fetcher)
    if params.reddit_id:
        from connectors.feed.reddit import RedditFeed, reddit_of

        for subreddit in params.subreddits:
            yield RedditFeed(
                reddit_of(params), subreddit, params.reddit_score, params.reddit_interval_seconds
            )
    if params.alpaca_key:
        from connectors.feed.alpaca_news import AlpacaNewsFeed

        yield AlpacaNewsFeed(params)
