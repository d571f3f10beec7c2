"""The tiers in their order: who is asked, whose answer counts, and what is kept as a fact."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from connectors.sentiment.cascade import Answer, Cascade
from connectors.sentiment.score_cache import Facts
from connectors.sentiment.tier import Question, Tier, TierFailed
from operators.news.instant_model import Verdict
from operators.news.passages import Passage
from operators.news.subjects import Asked, Subject


@dataclass
class Scripted(Tier):
    """A tier whose verdicts, or failures, a test writes down by text."""

    name: str
    confidence: dict[str, float] = field(default_factory=dict)
    kept: bool = True
    closed: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def model(self) -> str:
        return f"{self.name}/1/-"

    def score(self, texts: Sequence[str]) -> list[Verdict | TierFailed]:
        self.asked += texts
        return [self.verdict(t) if t in self.confidence else TierFailed("DOWN") for t in texts]

    def verdict(self, text: str) -> Verdict:
        return Verdict(0.5, self.confidence[text], self.model, (), text)

    def close(self) -> None:
        self.closed = True


Made = tuple[Cascade, Scripted, Scripted, Scripted]


@pytest.fixture
def tiers() -> Callable[..., Made]:
    def make(first: dict[str, float], second: dict[str, float], *, last: bool = True) -> Made:
        one, two = Scripted("one", first), Scripted("two", second)
        three = Scripted("three", dict.fromkeys("abcd", 0.7), kept=False)
        cascade = Cascade(one, two, Facts(None), 0.6, three if last else None)
        return cascade, one, two, three

    return make


def test_only_the_unsure_get_a_second_opinion(tiers: Callable[..., Made]) -> None:
    cascade, one, two, three = tiers({"a": 0.6, "b": 0.59}, {"b": 0.1})
    found = cascade.score(["a", "b", "a"])
    assert found == [Answer(one.verdict("a")), Answer(two.verdict("b")), Answer(one.verdict("a"))]
    assert (one.asked, two.asked, three.asked) == (["a", "b"], ["b"], [])


def test_where_the_second_fails_the_first_answer_stands_and_says_why(
    tiers: Callable[..., Made],
) -> None:
    cascade, one, *_ = tiers({"a": 0.1}, {})
    assert cascade.score(["a"]) == [Answer(one.verdict("a"), "DOWN")]


def test_where_the_first_fails_the_last_answers_for_that_text_alone(
    tiers: Callable[..., Made],
) -> None:
    cascade, one, two, three = tiers({"a": 0.9}, {})
    found = cascade.score(["a", "b"])
    assert found == [Answer(one.verdict("a")), Answer(three.verdict("b"), "DOWN")]
    assert (two.asked, three.asked) == ([], ["b"])


def test_a_last_resort_that_is_unsure_is_asked_about_like_any_other(
    tiers: Callable[..., Made],
) -> None:
    cascade, _, two, three = tiers({}, {"a": 1.0})
    three.confidence["a"] = 0.2
    assert cascade.score(["a"]) == [Answer(two.verdict("a"))]


def test_without_a_last_resort_the_failure_is_the_callers(tiers: Callable[..., Made]) -> None:
    cascade, *_ = tiers({"a": 0.9}, {}, last=False)
    with pytest.raises(TierFailed, match="DOWN"):
        cascade.score(["a", "b"])
    cascade, _, _, three = tiers({}, {})
    three.confidence.clear()
    with pytest.raises(TierFailed, match="DOWN"):
        cascade.score(["b"])


def test_what_was_answered_once_is_a_fact_and_a_failure_is_none(
    tiers: Callable[..., Made],
) -> None:
    cascade, one, two, three = tiers({"a": 0.1}, {})
    cascade.score(["a"])
    two.confidence["a"] = 0.8
    assert cascade.score(["a"]) == [Answer(two.verdict("a"))]
    assert cascade.score(["a"]) == [Answer(two.verdict("a"))]
    assert (one.asked, two.asked) == (["a"], ["a", "a"])
    cascade.score(["c"])
    cascade.score(["c"])
    assert three.asked == ["c", "c"], "the cheap tier's answers are not kept"


def test_a_fact_is_one_model_s(tiers: Callable[..., Made]) -> None:
    cascade, one, *_ = tiers({"a": 0.9}, {})
    cascade.score(["a"])
    one.name = "newer"
    assert cascade.score(["a"])[0].verdict.model == "newer/1/-"
    assert one.asked == ["a", "a"]


def test_models_are_named_and_all_is_closed(tiers: Callable[..., Made]) -> None:
    cascade, one, two, three = tiers({}, {})
    assert cascade.models == ("one/1/-", "two/1/-", "three/1/-")
    assert cascade.score([]) == []
    cascade.close()
    assert (one.closed, two.closed, three.closed) == (True, True, True)


@dataclass
class ByCompany(Scripted):
    """A tier that is asked for all companies of a text at once."""

    questions: list[Question] = field(default_factory=list)
    down: bool = False

    @property
    def companies_model(self) -> str:
        return f"{self.name}/1/companies"

    def score_companies(self, questions: Sequence[Question]) -> list[list[Verdict] | TierFailed]:
        self.questions += questions
        if self.down:
            return [TierFailed("DOWN") for _ in questions]
        return [self.said(q) for q in questions]

    def said(self, question: Question) -> list[Verdict]:
        count = len(question.companies) + 1
        return [Verdict(i / 100, 0.9, self.companies_model) for i in range(count)]


def asked(text: str, **passages: tuple[str, int]) -> Asked:
    """Make an article whose subjects, by ticker, have a passage and its sense."""
    subjects = tuple(
        Subject(ticker, "named", f"{ticker} Inc", Passage(part, sense))
        for ticker, (part, sense) in passages.items()
    )
    return Asked(text, subjects)


def test_each_passage_is_read_once_and_taken_by_its_sense() -> None:
    one = Scripted("one", dict.fromkeys("abw", 0.9))
    cascade = Cascade(one, None, Facts(None), 0.6)
    found = cascade.judge(
        [asked("w", A=("a", 1), B=("b", -1), C=("a", 0)), asked("w", D=("w", 1), E=("a", 1))]
    )
    assert one.asked == ["a", "b", "w"]
    assert [[a.verdict.score for a in answers] for answers in found] == [
        [0.5, -0.5, 0.0],
        [0.5] * 2,
    ]


def test_a_tier_by_company_is_asked_once_for_an_article_and_its_answers_are_facts() -> None:
    one, two = Scripted("one", {"a": 0.9, "b": 0.1, "s": 0.9}), ByCompany("two")
    facts = Facts(None)
    article = asked("w", A=("a", 1), B=("b", -1))
    beside = Subject("T", "beside", "T", Passage("s"))
    article = article._replace(subjects=(*article.subjects, beside))
    sure = asked("s", A=("a", 1), B=("s", 1))
    for _ in range(2):
        found = Cascade(one, two, facts, 0.6).judge([article, sure, article])
        assert [a.verdict.score for a in found[0]] == [0.01, 0.02, 0.0], "the whole's for the tag"
        assert {a.verdict.model for a in found[0]} == {"two/1/companies"}
        assert {a.verdict.model for a in found[1]} == {"one/1/-"}
        assert found[0] == found[2]
    assert two.questions == [Question("w", (("A", "A Inc"), ("B", "B Inc")))]
    assert two.asked == []
    other = article._replace(subjects=(*article.subjects, Subject("C", "named", "C", Passage("s"))))
    Cascade(one, two, facts, 0.6).judge([other])
    assert len(two.questions) == 2, "other companies are another question"


def test_where_a_tier_by_company_fails_each_passage_s_answer_stands() -> None:
    one, two = Scripted("one", {"a": 0.9, "b": 0.1}), ByCompany("two", down=True)
    cascade = Cascade(one, two, Facts(None), 0.6)
    (found,) = cascade.judge([asked("w", A=("a", 1), B=("b", -1))])
    assert [(a.verdict.score, a.fallback) for a in found] == [(0.5, "DOWN"), (-0.5, "DOWN")]
    two.down = False
    (found,) = cascade.judge([asked("w", A=("a", 1), B=("b", -1))])
    assert [a.fallback for a in found] == ["", ""], "a failure is no fact"


def test_an_article_of_one_company_is_asked_about_as_a_text() -> None:
    one, two = Scripted("one", {"a": 0.1}), ByCompany("two", {"a": 0.8})
    (found,) = Cascade(one, two, Facts(None), 0.6).judge([asked("a", A=("a", 1))])
    assert found == (Answer(two.verdict("a")),)
    assert (two.asked, two.questions) == (["a"], [])
