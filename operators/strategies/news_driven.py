"""News-driven: strong and confident news points the way until it fades.

It votes at once when its opinion of a ticker changes, and lends its standing opinion to any bar
another strategy votes on.
"""

from messages.trading import SentimentContext
from operators.news.sentiment import SentimentChanged, WindowEntry, summarise
from operators.params import NewsDrivenParams, SentimentParams
from operators.states import State


def opinion(context: SentimentContext, params: NewsDrivenParams) -> float:
    """Return the signed strength: |decayed mean| x confidence beyond the threshold, else 0."""
    if context.confidence <= params.min_confidence:
        return 0.0
    if abs(context.decayed_mean) <= params.threshold:
        return 0.0
    return context.decayed_mean * context.confidence


class OpinionsState(State):
    """What the news says.

    Attributes:
        news: ticker -> its window of articles.
        standing: ticker -> 1 or -1, the side of an opinion that still stands.
    """

    news: dict[str, tuple[WindowEntry, ...]]
    standing: dict[str, int]


class NewsOpinions:
    """What the news says of each ticker, and which opinions stand."""

    def __init__(
        self,
        params: NewsDrivenParams,
        sentiment: SentimentParams,
        state: OpinionsState | None = None,
    ) -> None:
        """Start empty or from a snapshot."""
        self._params = params
        self._sentiment = sentiment
        self._news: dict[str, tuple[WindowEntry, ...]] = dict(state.news if state else {})
        self.standing: dict[str, int] = dict(state.standing if state else {})

    def snapshot(self) -> OpinionsState:
        """Return windows and standing opinions."""
        return OpinionsState(news=dict(self._news), standing=dict(self.standing))

    @property
    def tickers(self) -> set[str]:
        """Return the tickers of which any news may still count."""
        return set(self._news)

    def on_bar(self, ticker: str, stamp: int) -> tuple[SentimentContext | None, float]:
        """Return what the news says at a bar; an opinion that has faded stands no longer."""
        context, strength = self._opinion(ticker, stamp)
        if strength == 0.0:
            self.standing.pop(ticker, None)
        return context, strength

    def on_news(
        self, change: SentimentChanged, stamp: int
    ) -> tuple[SentimentContext | None, float]:
        """Take a ticker's new window; returns a strength other than 0 when it is a vote."""
        ticker = change.ticker
        self._news[ticker] = change.entries
        context, strength = self._opinion(ticker, stamp)
        side = (strength > 0.0) - (strength < 0.0)
        before = self.standing.pop(ticker, 0)
        if side:
            self.standing[ticker] = side
        return context, strength if side and side != before else 0.0

    def scored(self, ticker: str) -> tuple[str, ...]:
        """Return the ids of the scored articles in a ticker's window."""
        return tuple(e.scored_id for e in self._news.get(ticker, ()))

    def _opinion(self, ticker: str, stamp: int) -> tuple[SentimentContext | None, float]:
        entries = self._news.get(ticker)
        if not entries:
            return None, 0.0
        context = summarise(entries, stamp, self._sentiment)
        if context is None:
            del self._news[ticker]
            return None, 0.0
        return context, opinion(context, self._params)
