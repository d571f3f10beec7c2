"""Scoring: what a model said of an article becomes a fact for each ticker it is about."""

from collections.abc import Callable, Iterable
from typing import Final

from messages.base import make_id
from messages.news import MARKET, RawArticle, ScoredArticle
from operators.blocks import Block, Event
from operators.news.instant_model import Verdict
from operators.news.tickers import TickerFinder
from operators.states import NOTHING, NoState

TEXT: Final = 8_000  # characters that a model is given; none reads more
MAX_REASONING: Final = 500
MAX_ENTITIES: Final = 20
Read = Callable[[str], Verdict]


def text_of(article: RawArticle) -> str:
    """Return what a model is given: the title, then the content if there is one; capped."""
    whole = f"{article.title}. {article.content}" if article.content else article.title
    return whole[:TEXT]


def scored_events(
    stamp: int, article: RawArticle, verdict: Verdict, finder: TickerFinder,
    *, revision: int = 0, fallback: str = "",
) -> Iterable[Event]:  # fmt: skip
    """Make one fact per ticker the article is about; `_market` when it names none.

    Args:
        stamp: when the score became known.
        article: as it was scored.
        verdict: of a model.
        finder: of tickers.
        revision: of the score: 0 first, raised by `tidewire rescore`.
        fallback: why a better model did not answer; empty if it did or was not asked.
    """
    found = finder.find(article.symbols, article.title, article.content, article.published_at)
    again = (article.revision,) if article.revision else ()  # its url and title may be the same
    for ticker in found or (MARKET,):
        scored = ScoredArticle(
            id=make_id("sco", article.id, article.content_hash, ticker, revision, *again),
            causes=(article.id,),
            event_time=article.event_time,
            article_id=article.id,
            article_revision=article.revision,
            source=article.source,
            url=article.url,
            title=article.title,
            published_at=article.published_at,
            ticker=ticker,
            sentiment_score=verdict.score,
            confidence=verdict.confidence,
            model_used=verdict.model,
            entities=verdict.entities[:MAX_ENTITIES],
            reasoning=verdict.reasoning[:MAX_REASONING],
            undated=article.undated,
            revision=revision,
            fallback=fallback,
        )
        yield Event(stamp, ticker, scored)


class Scoring:
    """Raw articles in, scored articles out, at the article's own stamp; for a model at hand.

    The live flow asks its models beside the stream instead (see flows/pipeline/scoring_step.py).
    """

    def __init__(self, read: Read, finder: TickerFinder) -> None:
        """Take a model and a directory."""
        self._read = read
        self._finder = finder

    def step(self, block: Block) -> Block:
        """Score every article of the block; other events pass."""
        out: list[Event] = []
        for event in block.events:
            if isinstance(event.body, RawArticle):
                verdict = self._read(text_of(event.body))
                out += scored_events(event.stamp, event.body, verdict, self._finder)
            else:
                out.append(event)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> NoState:
        """Return nothing: a score depends on its article alone."""
        return NOTHING
