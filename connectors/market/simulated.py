"""The simulated exchange: seeded trading days of minute bars and the headlines behind them.

It writes files in the form of recorded input, so that a simulated day is played, checked and
replayed exactly like a real one. Made-up companies' headlines use real tickers' names only as
labels; no price or text is anybody's data.
"""

import gzip
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.market.calendar import new_york_sessions
from messages.units import MINUTE_US, to_datetime, to_micros

TICKERS: Final = (
    "AAPL", "ADBE", "AMD", "AMZN", "AVGO", "BA", "COST", "CRM", "GOOGL", "INTC",
    "JPM", "KO", "META", "MSFT", "MU", "NFLX", "NVDA", "ORCL", "TSLA", "WMT",
)  # fmt: skip
OPEN: Final = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)
MOST_DAYS: Final = 250
GAP: Final = 0.006  # standard deviation of the move from a close to the next open
MINUTES: Final = 390
DAILY_VOLATILITY: Final = 0.02
GOOD: Final = (
    "{t} soars after record quarterly profit",
    "{t} beats estimates and raises outlook, shares surge",
    "Analysts upgrade {t} after blowout results",
    "{t} wins approval for its new product, shares rally",
)
BAD: Final = (
    "{t} plunges as regulators open fraud probe",
    "{t} tumbles after profit warning and weak outlook",
    "Analysts downgrade {t} on falling demand, shares slump",
    "{t} sinks as recall and lawsuit add to losses",
)
DULL: Final = (
    "{t} to present at an industry conference",
    "What to know about {t} this week",
    "{t} names a new member of its board",
    "A look at {t} and its peers",
)


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline and what it does to its ticker's price over the next half hour."""

    minute: int
    second: int
    ticker: str
    title: str
    drift: float


class Market:
    """Prices and volumes as they go on from day to day.

    Attributes:
        price: ticker -> last price, dollars; base: ticker -> volume of a quiet minute.
    """

    def __init__(self, random: Random) -> None:
        """Draw where they begin."""
        self.price = {t: random.uniform(20, 400) for t in TICKERS}
        self.base = {t: random.uniform(40_000, 400_000) for t in TICKERS}


def record_days(directory: Path, seed: int, days: int = 1) -> tuple[Path, Path]:
    """Write `bars.parquet` and `news.jsonl.gz` of some days in a row; returns their paths.

    The same seed writes the same rows on every machine: only `random.Random` draws. More days leave
    the earlier ones as they are.

    Raises:
        ValueError: not 1 to 250 days.
    """
    if not 1 <= days <= MOST_DAYS:
        reason = f"{days} days cannot be simulated: ask for 1 to {MOST_DAYS}."
        raise ValueError(reason)
    directory.mkdir(parents=True, exist_ok=True)
    market: Market | None = None
    columns: list[dict[str, Any]] = []
    articles: list[dict[str, Any]] = []
    for n, opening in enumerate(_opens(days)):
        random = Random(seed + n)  # noqa: S311 - a simulation, not a secret
        headlines = sorted(_headlines(random), key=lambda h: (h.minute, h.second, h.ticker))
        if market is None:
            market = Market(random)
        else:
            for ticker in TICKERS:
                market.price[ticker] *= math.exp(random.gauss(0, GAP))
        columns += _bars(random, headlines, market, opening)
        first = len(articles)
        articles += [_article(first + i, h, opening) for i, h in enumerate(headlines)]
    bars = directory / "bars.parquet"
    pq.write_table(pa.Table.from_pylist(columns), bars, compression="zstd")
    news = directory / "news.jsonl.gz"
    with news.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as file:
        for article in articles:
            file.write(json.dumps(article).encode() + b"\n")
    return bars, news


def _opens(days: int) -> Iterator[datetime]:
    """Return the opens of whole sessions in a row; half days are left out."""
    sessions = new_york_sessions()
    first = sessions.number_of(to_micros(OPEN))
    whole = [
        opening
        for opening, close in zip(sessions.opens[first:], sessions.closes[first:], strict=True)
        if close - opening == MINUTES * MINUTE_US
    ]
    yield from map(to_datetime, whole[:days])


def _headlines(random: Random) -> Iterator[Headline]:
    for ticker in TICKERS:
        for _ in range(random.randint(2, 4)):
            kind = random.choice((GOOD, BAD, DULL, DULL))
            drift = {GOOD: 0.015, BAD: -0.015, DULL: 0.0}[kind] * random.uniform(0.6, 1.4)
            minute, second = random.randint(5, MINUTES - 45), random.randint(1, 59)
            yield Headline(minute, second, ticker, random.choice(kind).format(t=ticker), drift)


def _bars(
    random: Random, headlines: list[Headline], market: Market, first: datetime
) -> Iterator[dict[str, Any]]:
    sigma = DAILY_VOLATILITY / math.sqrt(MINUTES)
    price, base = market.price, market.base
    for minute in range(MINUTES):
        x = minute / (MINUTES - 1)
        shape = 0.5 + 2 * (2 * x - 1) ** 2
        for ticker in TICKERS:
            news = [h for h in headlines if h.ticker == ticker and 0 <= minute - h.minute - 1 < 30]
            drift = sum(h.drift / 30 for h in news)
            opening = price[ticker]
            close = opening * math.exp(drift + random.gauss(0, sigma))
            high = max(opening, close) * math.exp(abs(random.gauss(0, sigma / 2)))
            low = min(opening, close) * math.exp(-abs(random.gauss(0, sigma / 2)))
            price[ticker] = close
            o, c = round(opening, 2), round(close, 2)
            yield {
                "ticker": ticker,
                "timestamp": first + timedelta(minutes=minute),
                "open": o,
                "high": max(round(high, 2), o, c),
                "low": min(round(low, 2), o, c),
                "close": c,
                "volume": int(base[ticker] * shape * math.exp(random.gauss(0, 0.5)))
                * (1 + len(news)),
            }


def _article(n: int, headline: Headline, first: datetime) -> dict[str, Any]:
    at = first + timedelta(minutes=headline.minute, seconds=headline.second)
    return {
        "id": f"sim-{n}",
        "source": "simulated exchange",
        "url": f"https://news.example/{at:%Y/%m/%d}/{n}",
        "title": headline.title,
        "content": "",
        "published_at": at.isoformat().replace("+00:00", "Z"),
        "tickers": [headline.ticker],
    }
