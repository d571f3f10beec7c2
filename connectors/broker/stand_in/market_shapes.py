"""Bars, quotes, halts and articles as Alpaca's data API and its streams write them."""

from datetime import datetime
from typing import Any, Final

import msgpack
from msgspec import Struct

from connectors.broker.stand_in.numbers import moment
from connectors.broker.values import MarketBar, Quote, TradingStatus
from messages.units import to_dollars

Shape = dict[str, Any]
SHARES_PER_TRADE: Final = 100
HALTED: Final = ("H", "Trading Halt")
TRADES: Final = ("T", "Trading Resumption")


class Article(Struct, frozen=True, kw_only=True):
    """An article of the stand-in's news.

    Attributes:
        number: its id, which a revision keeps.
        created_at, updated_at: UTC.
    """

    number: int
    headline: str
    summary: str = ""
    content: str = ""
    url: str = ""
    source: str = "benzinga"
    author: str = ""
    symbols: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime


def bar_shape(bar: MarketBar) -> Shape:
    """Return a bar of the history."""
    return {"t": moment(bar.start), **_numbers(bar)}


def bar_frame(bar: MarketBar) -> Shape:
    """Return a bar of the stream: `b`, or `u` where it is told again."""
    kind = "u" if bar.revised else "b"
    return {"T": kind, "S": bar.ticker, **_numbers(bar), "t": _stamp(bar.start)}


def quote_frame(quote: Quote) -> Shape:
    """Return a quote of the stream."""
    return {
        "T": "q",
        "S": quote.ticker,
        "bx": "V",
        "bp": to_dollars(quote.bid),
        "bs": 1,
        "ax": "V",
        "ap": to_dollars(quote.ask),
        "as": 1,
        "c": ["R"],
        "z": "C",
        "t": _stamp(quote.at),
    }


def status_frame(status: TradingStatus) -> Shape:
    """Return a halt, or its end."""
    code, words = HALTED if status.halted else TRADES
    return {
        "T": "s",
        "S": status.ticker,
        "t": _stamp(status.at),
        "sc": code,
        "sm": words,
        "rc": status.code,
        "rm": status.reason,
        "z": "C",
    }


def article_shape(article: Article) -> Shape:
    """Return an article of the history."""
    times = {"created_at": moment(article.created_at), "updated_at": moment(article.updated_at)}
    return {**_words(article), **times, "images": []}


def article_frame(article: Article) -> Shape:
    """Return an article of the stream."""
    times = {"created_at": _stamp(article.created_at), "updated_at": _stamp(article.updated_at)}
    return {"T": "n", **_words(article), **times}


def _words(article: Article) -> Shape:
    return {
        "id": article.number,
        "headline": article.headline,
        "summary": article.summary,
        "author": article.author,
        "url": article.url,
        "content": article.content,
        "symbols": list(article.symbols),
        "source": article.source,
    }


def _numbers(bar: MarketBar) -> Shape:
    return {
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": int(bar.volume),
        "n": max(1, int(bar.volume) // SHARES_PER_TRADE),
        "vw": round((bar.high + bar.low + bar.close) / 3, 6),
    }


def _stamp(at: datetime) -> msgpack.Timestamp:
    return msgpack.Timestamp.from_datetime(at)
