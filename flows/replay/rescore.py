"""Rescoring: what another model says of the same articles, and what would have come of it."""

from collections.abc import Iterator
from typing import Final

import msgspec

from connectors.archive.reading import ArchivedRun
from connectors.sentiment.cascade import Cascade
from flows.replay.counterfactual import Changes, WhatIf, what_if
from flows.replay.window import ReplayWindow
from messages.base import make_id
from messages.news import ScoredArticle
from messages.topics import NEWS_RAW
from operators.news.instant_model import Verdict
from operators.news.scoring import text_of

BATCH: Final = 256
Version = tuple[str, int]


def rescored(window: ReplayWindow, models: Cascade) -> list[ScoredArticle]:
    """Return new revisions of the scores of a window, for the same tickers, in order."""
    old = [e.body for e in window.events if isinstance(e.body, ScoredArticle)]
    wanted = {(s.article_id, s.article_revision) for s in old}
    texts = {v: text for v, text in _texts(window.archive) if v in wanted}
    verdicts: dict[Version, tuple[Verdict, str]] = {}
    versions = list(texts)
    for start in range(0, len(versions), BATCH):
        part = versions[start : start + BATCH]
        answers = models.score([texts[v] for v in part])
        verdicts.update(zip(part, answers, strict=True))
    return [
        _revised(s, *verdicts[version])
        for s in old
        if (version := (s.article_id, s.article_revision)) in verdicts
    ]


def consequences(window: ReplayWindow, scores: list[ScoredArticle]) -> WhatIf:
    """Run a window as it was and with other scores in their places.

    They go by the ids of those they replace, so that what follows from an equal score is equal.
    """
    return what_if(window, Changes(scores=tuple(map(_in_place, scores))))


def _texts(archive: ArchivedRun) -> Iterator[tuple[Version, str]]:
    for _, article in archive.messages(NEWS_RAW):
        yield (article.id, article.revision), text_of(article)


def _in_place(score: ScoredArticle) -> ScoredArticle:
    *causes, replaced = score.causes
    return msgspec.structs.replace(score, id=replaced, causes=tuple(causes), revision=0)


def _revised(score: ScoredArticle, verdict: Verdict, fallback: str) -> ScoredArticle:
    revision = score.revision + 1
    return msgspec.structs.replace(
        score,
        id=make_id("sco", score.id, revision, verdict.model),
        causes=(*score.causes, score.id),
        sentiment_score=verdict.score,
        confidence=verdict.confidence,
        model_used=verdict.model,
        entities=verdict.entities,
        reasoning=verdict.reasoning,
        revision=revision,
        fallback=fallback,
    )
