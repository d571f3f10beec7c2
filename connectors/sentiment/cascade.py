"""The tiers in their order: facts first, then the first tier, then a second opinion if unsure."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from connectors.sentiment.score_cache import Facts, text_hash
from connectors.sentiment.tier import Tier, TierFailed
from connectors.telemetry import FALLBACKS, INFERENCE_SECONDS, SCORE_CACHE_HITS, SCORED
from operators.news.instant_model import Verdict


class Answer(NamedTuple):
    """What became of one text.

    Attributes:
        verdict: of the last tier that answered.
        fallback: why the tier that should have answered did not; empty if it did.
    """

    verdict: Verdict
    fallback: str = ""


class Cascade:
    """Scores texts; called from one thread at a time."""

    def __init__(
        self, first: Tier, second: Tier | None, facts: Facts, below: float, last: Tier | None = None
    ) -> None:
        """Put tiers in order.

        Args:
            first: asked for every text.
            second: asked where the first's confidence is less than `below`.
            facts: of all tiers.
            below: 0 to 1.
            last: asked where the first fails; must not fail itself.
        """
        self._first = first
        self._second = second
        self._facts = facts
        self._below = below
        self._last = last

    @property
    def models(self) -> tuple[str, ...]:
        """Return the models that may answer, the first tier's first."""
        tiers = (self._first, self._second, self._last)
        return tuple(t.model for t in tiers if t is not None)

    def score(self, texts: Sequence[str]) -> list[Answer]:
        """Return one answer per text, in order.

        Raises:
            TierFailed: the first tier failed, and there is none behind it.
        """
        keys = [text_hash(text) for text in texts]
        by_key = dict(zip(keys, texts, strict=True))
        first = self._ask(self._first, by_key)
        answers: dict[bytes, Answer] = {}
        failed = {k: v for k, v in first.items() if isinstance(v, TierFailed)}
        if failed:
            answers.update(self._last_resort({k: by_key[k] for k in failed}, failed))
        answers.update({k: Answer(v) for k, v in first.items() if isinstance(v, Verdict)})
        unsure = {k: by_key[k] for k, a in answers.items() if a.verdict.confidence < self._below}
        if self._second is not None and self._second is not self._first and unsure:
            for key, said in self._ask(self._second, unsure).items():
                if isinstance(said, Verdict):
                    answers[key] = Answer(said)
                else:
                    FALLBACKS.add(1, {"reason": said.reason})
                    answers[key] = Answer(answers[key].verdict, said.reason)
        out = [answers[key] for key in keys]
        for answer in out:
            SCORED.add(1, {"model": answer.verdict.model.partition("/")[0]})
        return out

    def close(self) -> None:
        """Close tiers and facts."""
        for tier in (self._first, self._second, self._last):
            if tier is not None:
                tier.close()
        self._facts.close()

    def _ask(self, tier: Tier, by_key: dict[bytes, str]) -> dict[bytes, Verdict | TierFailed]:
        found: dict[bytes, Verdict | TierFailed] = {}
        if tier.kept:
            found.update(self._facts.known([*by_key], tier.model))
        if found:
            SCORE_CACHE_HITS.add(len(found), {"tier": tier.name})
        asked = {k: text for k, text in by_key.items() if k not in found}
        if not asked:
            return found
        began = time.perf_counter()
        said = tier.score([*asked.values()])
        INFERENCE_SECONDS.record(time.perf_counter() - began, {"tier": tier.name})
        answered = dict(zip(asked, said, strict=True))
        if tier.kept:
            self._facts.add({k: v for k, v in answered.items() if isinstance(v, Verdict)})
        return {**found, **answered}

    def _last_resort(
        self, by_key: dict[bytes, str], failed: dict[bytes, TierFailed]
    ) -> dict[bytes, Answer]:
        if self._last is None:
            raise next(iter(failed.values()))
        said = self._ask(self._last, by_key)
        answers = {}
        for key, verdict in said.items():
            if isinstance(verdict, TierFailed):
                raise verdict
            FALLBACKS.add(1, {"reason": failed[key].reason})
            answers[key] = Answer(verdict, failed[key].reason)
        return answers
