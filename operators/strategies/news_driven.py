"""News-driven: strong and confident news points the way until it fades.

It votes when its opinion of a ticker changes, and lends its standing opinion to any bar another
strategy votes on. While the market is open it votes at once; otherwise the vote waits for the
ticker's first bar of the next session, and is cast there if the opinion still stands.
"""

from messages.trading import SentimentContext
from operators.bar_filter import is_history
from operators.news.sentiment import SentimentChanged, WindowEntry, summarise
from operators.params import NewsDrivenParams, Params
from operators.states import State
from operators.trading.news_clock import NewsClock
from operators.trading.sessions import SessionTable


def opinion(context: SentimentContext, params: NewsDrivenParams) -> float:
    """Return the signed strength: |decayed mean| x confidence beyond the threshold, else 0."""
    if context.confidence <= params.min_confidence:
        return 0.0
    if abs(context.decayed_mean) <= params.threshold:
        return 0.0
    return context.decayed_mean * context.confidence


def waits(params: Params) -> bool:
    """Tell whether news out of hours waits for a session; not where the market never closes."""
    return "MARKET_CLOSED" not in params.risk.off


class OpinionsState(State):
    """What the news says.

    Attributes:
        news: ticker -> its window of articles.
        standing: ticker -> 1 or -1, the side of an opinion that still stands.
        waiting: tickers whose standing opinion has yet to be voted, in order of opinion.
    """

    news: dict[str, tuple[WindowEntry, ...]]
    standing: dict[str, int]
    waiting: list[str]


class NewsOpinions:
    """What the news says of each ticker, and which opinions stand.

    Attributes:
        standing: ticker -> side of an opinion that stands.
        waiting: tickers whose opinion waits for a bar, as keys; each of them stands.
    """

    def __init__(
        self, params: Params, sessions: SessionTable, state: OpinionsState | None = None
    ) -> None:
        """Start empty or from a snapshot.

        Where the check MARKET_CLOSED is off, every hour is open: no vote waits.
        """
        self._params, self._sentiment = params.news_driven, params.sentiment
        self._waits = waits(params)
        self.clock = NewsClock(params.sentiment, sessions)
        self._news: dict[str, tuple[WindowEntry, ...]] = dict(state.news if state else {})
        self.standing: dict[str, int] = dict(state.standing if state else {})
        self.waiting: dict[str, None] = dict.fromkeys(state.waiting if state else ())

    def snapshot(self) -> OpinionsState:
        """Return windows, and opinions that stand or wait."""
        return OpinionsState(
            news=dict(self._news), standing=dict(self.standing), waiting=list(self.waiting)
        )

    @property
    def tickers(self) -> set[str]:
        """Return the tickers of which any news may still count."""
        return set(self._news)

    def on_bar(self, ticker: str, stamp: int) -> tuple[SentimentContext | None, float]:
        """Return what the news says at a bar; an opinion that has faded stands no longer."""
        context, strength = self._opinion(ticker, stamp)
        if strength == 0.0:
            self.standing.pop(ticker, None)
            self.waiting.pop(ticker, None)
        return context, strength

    def is_due(self, ticker: str, end: int, stamp: int) -> bool:
        """Tell once whether a bar is the one that a ticker's opinion waits for.

        Args:
            ticker: whose standing opinion has been asked for by `on_bar`.
            end: of the bar's interval, microseconds.
            stamp: when it was known; one that came too late is history, and not waited for.
        """
        if ticker not in self.waiting or is_history(end, stamp):
            return False
        if not self.clock.is_in_session(end, stamp):
            return False
        del self.waiting[ticker]
        return True

    def on_news(
        self, change: SentimentChanged, stamp: int
    ) -> tuple[SentimentContext | None, float]:
        """Take a ticker's new window; returns a strength other than 0 when it is a vote now."""
        ticker = change.ticker
        self._news[ticker] = change.entries
        context, strength = self._opinion(ticker, stamp)
        side = (strength > 0.0) - (strength < 0.0)
        before = self.standing.pop(ticker, 0)
        if not side:
            self.waiting.pop(ticker, None)
            return context, 0.0
        self.standing[ticker] = side
        if side == before:
            return context, 0.0
        if self._waits and (ticker in self.waiting or not self.clock.is_open(stamp)):
            self.waiting[ticker] = None
            return context, 0.0
        return context, strength

    def scored(self, ticker: str) -> tuple[str, ...]:
        """Return the ids of the scored articles in a ticker's window."""
        return tuple(e.scored_id for e in self._news.get(ticker, ()))

    def _opinion(self, ticker: str, stamp: int) -> tuple[SentimentContext | None, float]:
        entries = self._news.get(ticker)
        if not entries:
            return None, 0.0
        context = summarise(entries, stamp, self._sentiment, self.clock)
        if context is None:
            del self._news[ticker]
            return None, 0.0
        return context, opinion(context, self._params)
