"""A recorded or simulated market as the player takes it: bars by minute, and articles."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from connectors.broker.stand_in.market_shapes import Article
from connectors.broker.values import MarketBar
from connectors.market.bar_file import BarFile
from connectors.market.bar_rows import bar_rows
from connectors.market.input_files import InputUnusable, article_rows, no_rows
from messages.units import DAY_US, to_datetime

MINUTE = "1m"


class Recording:
    """Files of bars and of news; bars that the project's reader refuses are left out.

    Attributes:
        tickers: of the bars.
        days: first bar of each day, UTC.
    """

    def __init__(self, bars: Path, news: Path | None) -> None:
        """Read a file of bars once, for its tickers and days.

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

    def minutes(self) -> Iterator[list[MarketBar]]:
        """Return the bars of each minute, in order."""
        bars = (_bar(row.values) for row in self._bars(0) if row.values and not row.refusal)
        for _, group in groupby(bars, key=lambda bar: bar.start):
            yield list(group)

    def articles(self) -> Iterator[Article]:
        """Return the articles in the order of the file; one without a time is left out."""
        for row in self._news(0):
            article = _article(row.number + 1, row.values or {})
            if article is not None:
                yield article

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
    except msgspec.ValidationError:
        return None
    if at.tzinfo is None:
        return None
    tickers = values.get("tickers") or ()
    return Article(
        number=number, headline=str(values.get("title") or ""), url=str(values.get("url") or ""),
        content=str(values.get("content") or ""), source=str(values.get("source") or "recorded"),
        symbols=tuple(str(ticker) for ticker in tickers), created_at=at, updated_at=at,
    )  # fmt: skip
