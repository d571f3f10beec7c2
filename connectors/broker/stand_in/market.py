"""What the market does: bars meet the orders, stay on the tape, and are told to who follows."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from connectors.broker.stand_in.data_stream import DataStream
from connectors.broker.stand_in.faults import Faults
from connectors.broker.stand_in.market_shapes import (
    Article,
    article_frame,
    bar_frame,
    quote_frame,
    status_frame,
)
from connectors.broker.stand_in.tape import Tape
from connectors.broker.stand_in.venue import Venue
from connectors.broker.values import MarketBar, Quote, TradingStatus
from messages.market import INTERVALS, Bar, bar_id
from messages.units import to_units

CENT: Final = 100
SOURCE: Final = "stand-in"
MORE: Final = 100  # shares that a revised bar has more


class Market:
    """The one place where bars, halts and news come in.

    Attributes:
        tape: what has been shown.
    """

    def __init__(
        self, venue: Venue, stocks: Sequence[DataStream], news: DataStream, faults: Faults,
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        """Take what is told of the market: a venue and streams."""
        self.tape = Tape()
        self._venue, self._stocks, self._news = venue, stocks, news
        self._faults, self._clock = faults, clock

    def bars(self, bars: Sequence[MarketBar]) -> None:
        """Show bars of a minute that has ended."""
        for bar in bars:
            self._venue.list_ticker(bar.ticker)
            self.tape.put(bar)
            self._venue.bar(_for_exchange(bar))
        fresh = [bar for bar in bars if not bar.revised]
        self._tell_bars("bars", fresh)
        self._tell_bars("updatedBars", [bar for bar in bars if bar.revised])
        self._publish("quotes", [((bar.ticker,), quote_frame(_quote(bar))) for bar in fresh])
        revised = [_revised(bar) for bar in fresh if self._struck(bar)]
        for bar in revised:
            self.tape.put(bar)
        self._tell_bars("updatedBars", revised)

    def remember(self, bars: Iterable[MarketBar]) -> None:
        """Keep bars of the past: nobody is told, and nothing is filled."""
        for bar in bars:
            self._venue.list_ticker(bar.ticker)
            self.tape.put(bar)
            self._venue.bar(_for_exchange(bar, backfilled=True))

    def advance(self) -> None:
        """Let time pass without a bar: orders expire."""
        self._venue.advance()

    def article(self, article: Article) -> None:
        """Show an article, or a revision of one."""
        self.tape.articles[article.number] = article
        symbols = article.symbols or ("*",)
        self._news.publish("news", [(symbols, article_frame(article))])

    def halt(self, ticker: str, code: str, reason: str, *, halted: bool) -> None:
        """Halt a ticker, or let it trade again."""
        if halted:
            self._venue.halt(ticker, code, reason)
        else:
            self._venue.resume(ticker)
        status = TradingStatus(
            ticker=ticker, halted=halted, code=code, reason=reason, at=self._clock()
        )  # fmt: skip
        self._publish("statuses", [((ticker,), status_frame(status))])

    def _struck(self, bar: MarketBar) -> bool:
        return self._faults.strikes("revisions", f"{bar.ticker} {bar.start:%H:%M}") is not None

    def _tell_bars(self, channel: str, bars: Sequence[MarketBar]) -> None:
        self._publish(channel, [((bar.ticker,), bar_frame(bar)) for bar in bars])

    def _publish(
        self, channel: str, told: list[tuple[tuple[str, ...], dict[str, object]]]
    ) -> None:  # fmt: skip
        for stream in self._stocks:
            stream.publish(channel, told)


def _revised(bar: MarketBar) -> MarketBar:
    """Return a bar with another close, still between its high and low, and more volume."""
    close = bar.low if bar.close == bar.high else bar.high
    return replace(bar, close=close, volume=bar.volume + MORE, revised=True)


def _quote(bar: MarketBar) -> Quote:
    close = to_units(bar.close)
    at = bar.start + INTERVALS[bar.interval]
    return Quote(ticker=bar.ticker, bid=max(1, close - CENT), ask=close + CENT, at=at)


def _for_exchange(bar: MarketBar, *, backfilled: bool = False) -> Bar:
    revision = int(bar.revised)
    return Bar(
        id=bar_id(bar.ticker, bar.start, bar.interval, revision),
        event_time=bar.start + INTERVALS[bar.interval],
        ticker=bar.ticker, start=bar.start, interval=bar.interval, open=bar.open, high=bar.high,
        low=bar.low, close=bar.close, volume=int(bar.volume), source=SOURCE, revision=revision,
        backfilled=backfilled,
    )  # fmt: skip
