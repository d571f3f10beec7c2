"""Scoring: each article, scored once per ticker it is about."""

from typing import Any

from messages.base import make_id
from messages.news import MARKET, RawArticle, ScoredArticle
from operators.blocks import Block, Event
from operators.lexicon import MODEL, score_text
from operators.tickers import tickers_of


class LexiconScoring:
    """Raw articles in, scored articles out, at the article's own stamp."""

    def step(self, block: Block) -> Block:
        """Score every article of the block; other events pass."""
        out: list[Event] = []
        for event in block.events:
            if isinstance(event.body, RawArticle):
                self._score(event.stamp, event.body, out)
            else:
                out.append(event)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> Any:
        """Return nothing: a score depends on its article alone."""
        return None

    def _score(self, stamp: int, article: RawArticle, out: list[Event]) -> None:
        text = f"{article.title}. {article.content}" if article.content else article.title
        verdict = score_text(text)
        for ticker in tickers_of(article.symbols, text) or (MARKET,):
            scored = ScoredArticle(
                id=make_id("sco", article.id, article.content_hash, ticker, MODEL),
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
                model_used=MODEL,
                reasoning=" ".join(verdict.words)[:500],
                undated=article.undated,
            )
            out.append(Event(stamp, ticker, scored))
