"""Rescoring: what another model says of the same articles, and what would have come of it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec

from connectors.archive.reading import ArchivedRun
from connectors.sentiment.cascade import Answer, Cascade
from connectors.tickers.directory import ticker_finder
from flows.replay.counterfactual import Changes, WhatIf, what_if
from flows.replay.window import ReplayWindow
from messages.base import make_id
from messages.news import RawArticle, ScoredArticle
from messages.topics import NEWS_RAW
from operators.news.passages import Passage
from operators.news.subjects import Asked, Subject, asked_of
from operators.news.tickers import TickerFinder

BATCH: Final = 256
Version = tuple[str, int]


def rescored(window: ReplayWindow, models: Cascade) -> list[ScoredArticle]:
    """Return new revisions of the scores of a window, for the same tickers, in order."""
    old = [e.body for e in window.events if isinstance(e.body, ScoredArticle)]
    tickers: dict[Version, list[str]] = defaultdict(list)
    for score in old:
        tickers[score.article_id, score.article_revision].append(score.ticker)
    finder = ticker_finder(window.archive.run.news_params.directories)
    asked = {
        version: _asked(article, finder, tickers[version])
        for version, article in _articles(window.archive)
        if version in tickers
    }
    answers: dict[tuple[Version, str], Answer] = {}  # by version and ticker
    versions = list(asked)
    for start in range(0, len(versions), BATCH):
        part = versions[start : start + BATCH]
        for version, told in zip(part, models.judge([asked[v] for v in part]), strict=True):
            subjects = asked[version].subjects
            answers |= {(version, s.ticker): a for s, a in zip(subjects, told, strict=True)}
    return [
        _revised(s, answer)
        for s in old
        if (answer := answers.get(((s.article_id, s.article_revision), s.ticker))) is not None
    ]


def consequences(window: ReplayWindow, scores: list[ScoredArticle]) -> WhatIf:
    """Run a window as it was and with other scores in their places.

    They go by the ids of those they replace, so that what follows from an equal score is equal.
    """
    return what_if(window, Changes(scores=tuple(map(_in_place, scores))))


def _articles(archive: ArchivedRun) -> Iterator[tuple[Version, RawArticle]]:
    for _, article in archive.messages(NEWS_RAW):
        yield (article.id, article.revision), article


def _asked(article: RawArticle, finder: TickerFinder, tickers: list[str]) -> Asked:
    """Tell what is asked for the tickers that were scored; the whole for one not found any more."""
    asked = asked_of(article, finder)
    known = {subject.ticker: subject for subject in asked.subjects}
    whole = Passage(asked.text)
    subjects = tuple(
        known.get(ticker) or Subject(ticker, "tagged", ticker, whole)
        for ticker in dict.fromkeys(tickers)
    )
    return asked._replace(subjects=subjects)


def _in_place(score: ScoredArticle) -> ScoredArticle:
    *causes, replaced = score.causes
    return msgspec.structs.replace(score, id=replaced, causes=tuple(causes), revision=0)


def _revised(score: ScoredArticle, answer: Answer) -> ScoredArticle:
    verdict, fallback = answer
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
