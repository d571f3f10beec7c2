"""Scoring: what a model said of an article becomes a fact for each ticker it is about."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from messages.base import make_id
from messages.news import RawArticle, ScoredArticle
from operators.blocks import Block, Event
from operators.news.instant_model import Verdict
from operators.news.subjects import Asked, asked_of, taken
from operators.news.tickers import TickerFinder
from operators.states import NOTHING, NoState

MAX_REASONING: Final = 500
MAX_ENTITIES: Final = 20
Read = Callable[[str], Verdict]


def scored_events(
    stamp: int, article: RawArticle, asked: Asked, opinions: Sequence[tuple[Verdict, str]],
    *, revision: int = 0,
) -> Iterable[Event]:  # fmt: skip
    """Make one fact per subject of the article.

    Args:
        stamp: when the scores became known.
        article: as it was scored.
        asked: what models were asked of it.
        opinions: of its subjects, in their order: the verdict, and why a better model did not
            answer; empty if it did or was not asked.
        revision: of the score: 0 first, raised by `tidewire rescore`.
    """
    again = (article.revision,) if article.revision else ()  # its url and title may be the same
    for subject, (verdict, fallback) in zip(asked.subjects, opinions, strict=True):
        ticker = subject.ticker
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
            about=subject.about,
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
                asked = asked_of(event.body, self._finder)
                out += scored_events(event.stamp, event.body, asked, self._opinions(asked))
            else:
                out.append(event)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> NoState:
        """Return nothing: a score depends on its article alone."""
        return NOTHING

    def _opinions(self, asked: Asked) -> list[tuple[Verdict, str]]:
        """Read each passage once."""
        texts = dict.fromkeys(s.passage.text for s in asked.subjects)
        said = {text: self._read(text) for text in texts}
        return [(taken(said[s.passage.text], s.passage), "") for s in asked.subjects]
