"""News-driven: when an opinion is one, when it is new, and when it has faded."""

import pytest

from messages.trading import SentimentContext
from messages.units import MINUTE_US, to_datetime
from operators.news.sentiment import SentimentChanged, WindowEntry
from operators.params import NewsDrivenParams, Params, SentimentParams
from operators.strategies.news_driven import NewsOpinions, opinion
from tests.streams import DAY, at

PARAMS = NewsDrivenParams()


def entry(minute: float, score: float, confidence: float = 0.9) -> WindowEntry:
    stamp = at(minute)
    return WindowEntry(stamp, stamp, score, confidence, f"art-{minute}", f"sco-{minute}", "title")


def context(mean: float, confidence: float) -> SentimentContext:
    return SentimentContext(
        count=1, mean=mean, decayed_mean=mean, confidence=confidence, as_of=to_datetime(at(0)),
        article_ids=("art-1",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mean", "confidence", "strength"),
    [
        (0.8, 0.9, 0.72),
        (-0.8, 0.9, -0.72),
        (PARAMS.threshold, 0.9, 0.0),  # beyond the threshold, not at it
        (0.8, PARAMS.min_confidence, 0.0),
        (0.0, 1.0, 0.0),
    ],
)
def test_an_opinion_needs_a_clear_mean_and_confidence(
    mean: float, confidence: float, strength: float
) -> None:
    assert opinion(context(mean, confidence), PARAMS) == pytest.approx(strength)


def test_it_votes_when_its_opinion_changes_and_stands_until_it_fades() -> None:
    news = NewsOpinions(Params(), DAY)
    good, bad = entry(1, 0.9), entry(2, -1.0, 1.0)
    assert news.on_news(SentimentChanged("AAA", (good,)), at(1))[1] > 0.0
    assert news.on_news(SentimentChanged("AAA", (good, good)), at(1))[1] == 0.0, "not new"
    assert news.standing == {"AAA": 1}
    assert news.on_bar("AAA", at(3))[1] > 0.0
    assert news.on_news(SentimentChanged("AAA", (bad,)), at(4))[1] < 0.0, "the other side is new"
    later = at(4) + SentimentParams().lookback_minutes * MINUTE_US
    assert news.on_bar("AAA", later) == (None, 0.0)
    assert (news.standing, news.tickers) == ({}, set())


def test_a_snapshot_goes_on() -> None:
    news = NewsOpinions(Params(), DAY)
    news.on_news(SentimentChanged("AAA", (entry(1, 0.9),)), at(1))
    again = NewsOpinions(Params(), DAY, news.snapshot())
    assert again.on_bar("AAA", at(2)) == news.on_bar("AAA", at(2))
    assert again.scored("AAA") == ("sco-1",)
