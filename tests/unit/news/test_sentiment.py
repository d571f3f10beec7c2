"""The sentiment window: decay, near-copies, revisions, and the windows it publishes."""

from typing import Any

import pytest

from messages.news import SentimentWindow
from messages.units import to_datetime, to_micros
from operators.blocks import Event
from operators.news.sentiment import SentimentChanged, SentimentWindows, WindowEntry, summarise
from operators.params import Params, SentimentParams
from operators.strategies.voting import Votes, Voting
from operators.trading.news_clock import NewsClock
from tests.streams import DAY, at, bar, blocks, bodies, outputs, scored

PARAMS = SentimentParams(lookback_minutes=1_440, fresh_minutes=240, half_life_minutes=60)
CLOCK = NewsClock(PARAMS, DAY)


def entry(minute: float, score: float, confidence: float = 0.8) -> WindowEntry:
    return WindowEntry(
        at(minute), at(minute), score, confidence, f"a{minute}", f"s{minute}", f"t{minute}"
    )


@pytest.mark.parametrize(
    ("entries", "seen_at", "decayed_mean"),
    [
        ([entry(0, 0.8)], 0, 0.8),
        ([entry(0, 0.8)], 240, 0.8),
        ([entry(0, 0.8)], 300, 0.4),  # one half-life past the fresh time
        ([entry(0, 0.8)], 360, 0.2),
        ([entry(0, 1.0), entry(300, -1.0)], 300, (0.5 - 1.0) / 1.5),
        ([entry(0, 0.5), entry(1, 1.0)], 2, 0.75),
    ],
)
def test_old_news_fades(entries: list[WindowEntry], seen_at: float, decayed_mean: float) -> None:
    context = summarise(tuple(entries), at(seen_at), PARAMS, CLOCK)
    assert context is not None
    assert context.decayed_mean == pytest.approx(decayed_mean)
    assert context.count == len(entries)
    assert context.confidence == pytest.approx(0.8)


def test_news_beyond_the_look_back_is_gone() -> None:
    assert summarise((entry(0, 0.8),), at(1_441), PARAMS, CLOCK) is None


def test_near_copies_count_once_per_ticker() -> None:
    events = [
        scored(1, "AAA", 0.9, title="AAA soars on profit"),
        scored(2, "AAA", 0.9, title="AAA Soars -- on Profit!"),
        scored(3, "BBB", 0.9, title="AAA soars on profit"),
    ]
    changes = bodies(outputs(SentimentWindows(PARAMS, DAY), blocks(events, [])), SentimentChanged)
    assert [(c.ticker, len(c.entries)) for c in changes] == [("AAA", 1), ("BBB", 1)]


def test_a_revision_replaces_its_article() -> None:
    first = scored(1, "AAA", 0.9)
    again = scored(2, "AAA", -0.9, article_id=first.body.article_id, title="corrected")  # type: ignore[attr-defined]  # a ScoredArticle
    changes = bodies(
        outputs(SentimentWindows(PARAMS, DAY), blocks([first, again], [])), SentimentChanged
    )
    assert [[e.score for e in c.entries] for c in changes] == [[0.9], [-0.9]]


@pytest.mark.parametrize("change", [{"undated": True}, {"published_at": to_datetime(at(99))}])
def test_undated_and_future_news_never_trades(change: dict[str, Any]) -> None:
    events = [scored(1, "AAA", 0.9, **change)]
    assert not bodies(outputs(SentimentWindows(PARAMS, DAY), blocks(events, [])), SentimentChanged)


def test_an_article_about_others_never_moves_an_opinion_and_one_beside_it_does() -> None:
    events = [
        scored(1, "AAA", 0.9, about="beside"), scored(2, "AAA", 0.8, about="tagged"),
        scored(3, "AAA", 0.9, about="beside"),
    ]  # fmt: skip
    out = outputs(SentimentWindows(PARAMS, DAY), blocks(events, []))
    (change,) = bodies(out, SentimentChanged)
    assert [e.score for e in change.entries] == [0.8]
    assert {w.count for w in bodies(out, SentimentWindow)} == {1}
    assert len(out) >= 3 + 1, "all of them are passed on"


def test_windows_are_published_at_their_ends() -> None:
    events = [scored(1, "AAA", 0.5), scored(2, "AAA", 1.0), scored(7, "BBB", -1.0)]
    said = outputs(SentimentWindows(PARAMS, DAY), blocks(events, []))
    windows = [(e.stamp, e.body) for e in said if isinstance(e.body, SentimentWindow)]
    assert [(w.ticker, w.seconds, w.count, w.mean) for _, w in windows] == [
        ("AAA", 300, 2, 0.75),
        ("BBB", 300, 1, -1.0),
        ("AAA", 3600, 2, 0.75),
        ("BBB", 3600, 1, -1.0),
    ]
    assert all(stamp == to_micros(w.event_time) for stamp, w in windows)
    assert [stamp for stamp, _ in windows] == [at(5), at(10), at(30), at(30)]


def news_votes(*events: Event) -> list[tuple[str, dict[str, Any], str]]:
    cut = blocks(list(events), [])
    window, strategies = SentimentWindows(Params().sentiment, DAY), Voting(Params(), DAY)
    return [
        (b.ticker, dict(b.votes), b.bar)
        for block in cut
        for b in bodies(strategies.step(window.step(block)).events, Votes)
    ]


def test_strong_and_confident_news_votes_at_once_and_once() -> None:
    found = news_votes(scored(1, "AAA", 0.8, 0.9), scored(2, "AAA", 0.9, 0.9))
    assert found == [("AAA", {"news_driven": pytest.approx(0.72)}, "")]


@pytest.mark.parametrize(("score", "confidence"), [(0.7, 0.9), (0.9, 0.6), (-0.7, 0.9), (0.0, 1)])
def test_on_the_threshold_is_no_vote(score: float, confidence: float) -> None:
    assert news_votes(scored(1, "AAA", score, confidence)) == []


def test_a_change_of_opinion_votes_again() -> None:
    found = news_votes(
        scored(1, "AAA", 0.9), scored(2, "AAA", -0.9), scored(3, "AAA", 1), scored(4, "AAA", 1),
        scored(5, "AAA", 1), scored(6, "AAA", 1), scored(7, "AAA", 1), scored(8, "AAA", 1),
        scored(9, "AAA", 1), scored(10, "AAA", 1), scored(11, "AAA", 1), scored(12, "AAA", 1),
    )  # fmt: skip
    assert [votes["news_driven"] > 0 for _, votes, _ in found] == [True, True]


def test_a_standing_opinion_joins_the_votes_on_a_bar() -> None:
    bars = [bar(n, "AAA", 100_0000 - 100 * n) for n in range(1, 16)]
    events = [*bars[:5], scored(5.5, "AAA", 0.9), *bars[5:]]
    *_, (_, votes, on) = news_votes(*events)
    assert set(votes) == {"mean_reversion", "news_driven"}
    assert on.startswith("bar-AAA")
