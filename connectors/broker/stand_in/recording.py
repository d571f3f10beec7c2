"""A recorded or simulated market as the player takes it: bars by minute, and articles."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from connectors.broker.stand_in.market_shapes import Article
from connectors.broker.values import MarketBar
from connectors.market.bar_file import BarFile
from connectors.market.bar_rows import bar_rows
from connectors.market.calendar import calendar_span
from connectors.market.input_files import InputUnusable, article_rows, no_rows
from messages.units import DAY_US, to_datetime, to_micros

MINUTE = "1m"


class _Row(Struct):
    """What an article's row holds beside its time; other columns are of no use here."""

    title: str | None = None
    url: str | None = None
    content: str | None = None
    source: str | None = None
    tickers: list[str] | None = None


class Recording:
    """Files of bars and of news; what cannot be played of them is left out, and counted.

    Attributes:
        tickers: of the bars.
        days: first bar of each day, UTC.
        bars_left_out: rows that the project's reader refuses.
        articles_left_out: rows that are no article, or have no time in the exchange's calendar.
    """

    def __init__(self, bars: Path, news: Path | None) -> None:
        """Read the files once: for tickers and days, and for what is left out.

        Raises:
            InputUnusable: a file cannot be read, or its bars are not of one minute.
        """
        file = BarFile(bars)
        if file.survey().interval != MINUTE:
            reason = f"{bars} has bars of {file.survey().interval}: name one with bars of a minute."
            raise InputUnusable(reason)
        self.tickers: list[str] = []
        starts: dict[int, int] = {}
        for columns in file.batches(self._row):
            days, first = np.unique(columns.start // DAY_US, return_index=True)
            for day, place in zip(days.tolist(), first.tolist(), strict=True):
                starts.setdefault(day, int(columns.start[place]))
        self.days = [to_datetime(start) for start in starts.values()]
        self._bars = bar_rows(bars, MINUTE)
        self._news = article_rows(news) if news else no_rows
        self.bars_left_out = sum(file.survey().refused.values())
        self.articles_left_out = sum(article is None for article in self._every())

    def minutes(self) -> Iterator[list[MarketBar]]:
        """Return the bars of each minute, in order."""
        bars = (_bar(row.values) for row in self._bars(0) if row.values and not row.refusal)
        for _, group in groupby(bars, key=lambda bar: bar.start):
            yield list(group)

    def articles(self) -> Iterator[Article]:
        """Return the articles in the order of the file."""
        return (article for article in self._every() if article is not None)

    def _every(self) -> Iterator[Article | None]:
        """Return every row's article, and None for one that is left out."""
        for row in self._news(0):
            if row.values is not None or row.raw:  # no empty line
                yield _article(row.number + 1, row.values or {})

    def _row(self, ticker: str) -> int:
        self.tickers.append(ticker)
        return len(self.tickers) - 1


def _bar(values: dict[str, Any]) -> MarketBar:
    return MarketBar(
        ticker=values["ticker"], start=values["timestamp"], interval="1m", open=values["open"],
        high=values["high"], low=values["low"], close=values["close"], volume=values["volume"],
    )  # fmt: skip


def _article(number: int, values: dict[str, Any]) -> Article | None:
    try:
        at = msgspec.convert(values.get("published_at"), datetime, strict=False)
        found = msgspec.convert(values, _Row)
    except msgspec.ValidationError:
        return None
    first, last = calendar_span()
    if at.tzinfo is None or not first <= to_micros(at) < last:
        return None
    at = at.astimezone(UTC)
    return Article(
        number=number, headline=found.title or "", url=found.url or "",
        content=found.content or "", source=found.source or "recorded",
        symbols=tuple(found.tickers or ()), created_at=at, updated_at=at,
    )  # fmt: skip
