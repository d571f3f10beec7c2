"""What of the settings becomes part of a run, and how much of it may be given to others.

A setting is kept on this machine unless it is named here: a new one, which may be a key, is not
published by mistake. Addresses of feeds may hold a token, so that others get a feed's name, its
host, and a digest of the address.
"""

from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from connectors.broker.params import BrokerParams
from connectors.feed.feeds import feed_names, named
from connectors.feed.params import NewsParams
from connectors.market.params import MarketParams
from connectors.sentiment.params import ScoringParams
from connectors.tickers.directory import directory_digests
from messages.values import Groups, Plain

PUBLIC: Final = {
    "news": frozenset(
        {"interval_seconds", "timeout_seconds", "max_bytes", "subreddits", "reddit_score",
         "reddit_interval_seconds"}
    ),
    "scoring": frozenset(
        {"tier", "finbert_model", "finbert_revision", "finbert_speed", "finbert_batch",
         "finbert_tokens", "ollama_model", "ollama_below", "ollama_timeout_seconds",
         "ollama_parallel"}
    ),
    "market": frozenset(
        {"feed", "watchlist", "news_minutes", "max_tickers", "warm_up_days", "silent_seconds"}
    ),
    "broker": frozenset(
        {"kind", "feed", "timeout_seconds", "per_minute", "reserve", "reconcile_seconds",
         "protection"}
    ),
}  # fmt: skip
PATHS: Final = frozenset({"directories", "finbert_directory"})
_Params = NewsParams | ScoringParams | MarketParams | BrokerParams


def spec_settings(
    news: NewsParams, scoring: ScoringParams, market: MarketParams, broker: BrokerParams
) -> dict[str, Any]:
    """Return what the settings say of a `RunSpec`: `feeds`, `news`, `market`, `scoring`, ...

    Raises:
        DirectoryUnusable: a file of listed companies cannot be read.
    """
    addresses = named(news.feeds)
    return {
        "feeds": tuple(
            _public_feed(name, addresses[name].url) if name in addresses else name
            for name in feed_names(news)
        ),
        "news": _plain(news, "news", public=True),
        "market": _plain(market, "market", public=True),
        "scoring": _plain(scoring, "scoring", public=True),
        "directories": directory_digests(news.directories),
        "mode": "paper" if broker.kind == "none" else "broker",
        "broker": _plain(broker, "broker", public=True),
    }


def local_settings(news: NewsParams, scoring: ScoringParams, broker: BrokerParams) -> Groups:
    """Return the settings that stay on this machine; paths do not depend on where one is."""
    return {
        "news": _plain(news, "news", public=False),
        "scoring": _plain(scoring, "scoring", public=False),
        "broker": _plain(broker, "broker", public=False),
    }


def _plain(params: _Params, group: str, *, public: bool) -> dict[str, Plain]:
    names = [f.name for f in fields(params) if (f.name in PUBLIC[group]) == public]
    return {name: _value(name, getattr(params, name)) for name in names}


def _value(name: str, value: Any) -> Plain:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if name in PATHS:
        return tuple(map(_absolute, value)) if isinstance(value, tuple) else _absolute(value)
    plain: Plain = value
    return plain


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def _public_feed(name: str, address: str) -> str:
    """Return a feed's name and host, and a digest of its address without user and password."""
    try:
        parts = urlsplit(address)
        place = f"{parts.scheme}://{parts.hostname or ''}"
        whole = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    except ValueError:
        place, whole = "", address
    return f"{name}={place}#{sha256(whole.encode()).hexdigest()[:16]}"
