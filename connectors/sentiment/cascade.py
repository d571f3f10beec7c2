"""The tiers in their order: facts first, then the first tier, then a second opinion if unsure."""

import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from connectors.sentiment.score_cache import Facts, company_hashes, text_hash
from connectors.sentiment.tier import CompanyTier, Question, Tier, TierFailed, asks_by_company
from connectors.telemetry import FALLBACKS, INFERENCE_SECONDS, SCORE_CACHE_HITS, SCORED
from operators.news.instant_model import Verdict
from operators.news.subjects import Asked, Subject, taken

MOST_COMPANIES: Final = 20  # in one question; further ones have the whole's opinion


class Answer(NamedTuple):
    """What became of one text, or of one company in it.

    Attributes:
        verdict: of the last tier that answered.
        fallback: why the tier that should have answered did not; empty if it did.
    """

    verdict: Verdict
    fallback: str = ""


class Cascade:
    """Scores texts, and what they say of companies; called from one thread at a time."""

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
        self._second = second if second is not first else None
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
        answers = self._first_answers(dict(zip(keys, texts, strict=True)))
        self._second_opinions(answers, dict(zip(keys, texts, strict=True)))
        for key in keys:
            _count(answers[key])
        return [answers[key] for key in keys]

    def judge(self, articles: Sequence[Asked]) -> list[tuple[Answer, ...]]:
        """Return one answer per subject of each article, in order.

        The tiers are asked for each passage once; one that is asked by company (`CompanyTier`)
        once for an article of which it names several, if the first is unsure of one of them.

        Raises:
            TierFailed: the first tier failed, and there is none behind it.
        """
        texts = dict.fromkeys(s.passage.text for a in articles for s in a.subjects)
        keys = {text: text_hash(text) for text in texts}
        by_key = {key: text for text, key in keys.items()}
        answers = self._first_answers(by_key)
        whole, questions = self._divided(articles, keys, answers)
        self._second_opinions(answers, {key: by_key[key] for key in whole})
        said = self._of_companies(questions)
        out: list[tuple[Answer, ...]] = []
        for place, article in enumerate(articles):
            of = said.get(place)
            told = [_answer(answers[keys[s.passage.text]], s, of) for s in article.subjects]
            _count(told[0])
            out.append(tuple(told))
        return out

    def close(self) -> None:
        """Close tiers and facts."""
        for tier in (self._first, self._second, self._last):
            if tier is not None:
                tier.close()
        self._facts.close()

    def _first_answers(self, by_key: Mapping[bytes, str]) -> dict[bytes, Answer]:
        first = self._ask(self._first, by_key)
        answers: dict[bytes, Answer] = {}
        failed = {k: v for k, v in first.items() if isinstance(v, TierFailed)}
        if failed:
            answers.update(self._last_resort({k: by_key[k] for k in failed}, failed))
        answers.update({k: Answer(v) for k, v in first.items() if isinstance(v, Verdict)})
        return answers

    def _second_opinions(self, answers: dict[bytes, Answer], by_key: Mapping[bytes, str]) -> None:
        """Replace the answers that are not sure enough."""
        unsure = {k: text for k, text in by_key.items() if self._is_unsure(answers[k])}
        if self._second is None or not unsure:
            return
        for key, said in self._ask(self._second, unsure).items():
            if isinstance(said, Verdict):
                answers[key] = Answer(said)
            else:
                FALLBACKS.add(1, {"reason": said.reason})
                answers[key] = Answer(answers[key].verdict, said.reason)

    def _is_unsure(self, answer: Answer) -> bool:
        return answer.verdict.confidence < self._below

    def _divided(
        self, articles: Sequence[Asked], keys: Mapping[str, bytes], answers: Mapping[bytes, Answer]
    ) -> tuple[list[bytes], dict[int, Question]]:
        """Return the passages to be asked about by themselves, and questions of whole articles."""
        alone: dict[bytes, None] = {}
        questions: dict[int, Question] = {}
        for place, article in enumerate(articles):
            mine = [keys[s.passage.text] for s in article.subjects]
            several = len({s.name for s in article.subjects if s.about == "named"}) > 1
            if not several or self._second is None or not asks_by_company(self._second):
                alone.update(dict.fromkeys(mine))
            elif any(self._is_unsure(answers[key]) for key in mine):
                named = [(s.ticker, s.name) for s in article.subjects if s.about == "named"]
                questions[place] = Question(article.text, tuple(named[:MOST_COMPANIES]))
        return list(alone), questions

    def _of_companies(
        self, questions: Mapping[int, Question]
    ) -> dict[int, dict[str, Verdict] | TierFailed]:
        """Return what the second tier says of companies, by ticker; the whole's is that of ``."""
        if not questions or self._second is None or not asks_by_company(self._second):
            return {}
        tier = self._second
        hashes = {place: company_hashes(question) for place, question in questions.items()}
        model = tier.companies_model
        known = self._facts.known([k for keys in hashes.values() for k in keys], model)
        told: dict[int, list[Verdict] | TierFailed] = {
            place: [known[key] for key in keys]
            for place, keys in hashes.items()
            if all(key in known for key in keys)
        }
        if told:
            SCORE_CACHE_HITS.add(len(told), {"tier": tier.name})
        new = _asked_of(tier, {p: q for p, q in questions.items() if p not in told})
        self._facts.add(
            pair
            for place, said in new.items()
            if not isinstance(said, TierFailed)
            for pair in zip(hashes[place], said, strict=True)
        )
        told.update(new)
        return {
            place: said
            if isinstance(said, TierFailed)
            else dict(zip(("", *(t for t, _ in questions[place].companies)), said, strict=True))
            for place, said in told.items()
        }

    def _ask(self, tier: Tier, by_key: Mapping[bytes, str]) -> dict[bytes, Verdict | TierFailed]:
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


def _count(answer: Answer) -> None:
    SCORED.add(1, {"model": answer.verdict.model.partition("/")[0]})


def _asked_of(
    tier: CompanyTier, questions: Mapping[int, Question]
) -> dict[int, list[Verdict] | TierFailed]:
    """Ask each question once, though several articles may be the same text."""
    if not questions:
        return {}
    distinct = list(dict.fromkeys(questions.values()))
    began = time.perf_counter()
    said = dict(zip(distinct, tier.score_companies(distinct), strict=True))
    INFERENCE_SECONDS.record(time.perf_counter() - began, {"tier": tier.name})
    for failure in said.values():
        if isinstance(failure, TierFailed):
            FALLBACKS.add(1, {"reason": failure.reason})
    return {place: said[question] for place, question in questions.items()}


def _answer(
    first: Answer, subject: Subject, said: dict[str, Verdict] | TierFailed | None
) -> Answer:
    """Return a subject's answer: by company where that was asked, else by its passage."""
    if said is None:
        return first._replace(verdict=taken(first.verdict, subject.passage))
    if isinstance(said, TierFailed):
        return Answer(taken(first.verdict, subject.passage), said.reason)
    return Answer(said.get(subject.ticker, said[""]))
