"""Planted leaks are found, each by its own way, and honest operators are not accused."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from flows.closed_loop import ClosedLoop
from flows.replay.causality import Play, cuts_after, early_inputs, first_leak
from messages.market import Bar
from messages.news import ScoredArticle
from messages.units import MINUTE_US, to_datetime
from operators.bar_filter import FUTURE_TOLERANCE_US
from operators.blocks import Event
from operators.merge import cut
from operators.params import Params, SentimentParams
from tests.streams import DAY, END, bar, market, scored, weight

PARAMS = Params(sentiment=SentimentParams(lookback_minutes=600))
Plant = Callable[[list[Event]], list[Event]]


def honest(events: list[Event]) -> list[Event]:
    return events


def play_with(plant: Plant, by_block: bool = False) -> Play:
    """Return a run whose input is spoiled first: as a whole, or block by block."""

    def play(events: list[Event], frontier: int, size: int) -> list[Event]:
        loop, said = ClosedLoop(PARAMS, DAY), list[Event]()
        if not by_block:
            events = plant(events)
        for block in cut(events, size, frontier, ended=True):
            given_ = block._replace(events=plant(block.events) if by_block else block.events)
            said += loop.step(given_._replace(ended=False))
        return said

    return play


def day_of(closes: Callable[[int, str], int]) -> list[Event]:
    """Return an hour of bars with weights, news and an edited article."""
    events = [weight(0, s, 0.5) for s in ("momentum", "mean_reversion", "news_driven")]
    for minute in range(1, 61):
        events += [
            bar(minute, t, closes(minute, t), 10_000 + minute * 7 % 50) for t in ("AAA", "BBB")
        ]
    events += [scored(20.5, "AAA", 0.2, title="first words")]
    return sorted(events, key=lambda e: (e.stamp, e.key, isinstance(e.body, Bar)))


def wave(minute: int, ticker: str) -> int:
    """Return prices that cross their mean again and again."""
    shift = 3 if ticker == "AAA" else 8
    return 100_0000 + ((minute * 7919 + shift * 104_729) % 61 - 30) * 1_000


EVENTS = day_of(wave)


def future_bar(events: list[Event]) -> list[Event]:
    """Give each bar the close of its ticker's next one: a look-ahead of one bar."""
    later: dict[str, Event] = {}
    out: list[Event] = []
    for event in reversed(events):
        if isinstance(event.body, Bar):
            follower = later.get(event.key)
            later[event.key] = event
            if follower is not None and isinstance(follower.body, Bar):
                close = follower.body.close
                body = msgspec.structs.replace(
                    event.body, close=close, high=max(close, event.body.high),
                    low=min(close, event.body.low),
                )  # fmt: skip
                event = event._replace(body=body)
        out.append(event)
    return out[::-1]


def edited_article(events: list[Event]) -> list[Event]:
    """Let the last version of an article stand in for its first."""
    newest = {e.body.article_id: e.body for e in events if isinstance(e.body, ScoredArticle)}
    return [
        e._replace(body=msgspec.structs.replace(
            e.body, sentiment_score=newest[e.body.article_id].sentiment_score
        ))
        if isinstance(e.body, ScoredArticle) else e
        for e in events
    ]  # fmt: skip


def late_revision(events: list[Event]) -> list[Event]:
    """Let the last revision of a bar stand in for its first."""
    newest = {(e.body.ticker, e.body.start): e.body for e in events if isinstance(e.body, Bar)}
    return [
        e._replace(body=msgspec.structs.replace(
            newest[e.body.ticker, e.body.start], id=e.body.id, revision=0
        ))
        if isinstance(e.body, Bar) and not e.body.revision else e
        for e in events
    ]  # fmt: skip


def with_edit(minute: float = 25.5) -> list[Event]:
    """Add a second version of the article that changes everything."""
    old = next(e.body for e in EVENTS if isinstance(e.body, ScoredArticle))
    changes: dict[str, Any] = {"article_id": old.article_id, "article_revision": 1}
    return _sorted([*EVENTS, scored(minute, "AAA", 0.95, title="other words", **changes)])


def with_revision(of: int = 31) -> list[Event]:
    """Revise the bar of a minute ten minutes later, to a price that crosses."""
    old = next(e for e in EVENTS if isinstance(e.body, Bar) and e.body.event_time == _at(of))
    assert isinstance(old.body, Bar)
    jump = 112.0 if old.body.close < 100 else 88.0
    body = msgspec.structs.replace(
        old.body, id=old.body.id[:-1] + "1", revision=1, close=jump, high=max(jump, old.body.high),
        low=min(jump, old.body.low), volume=9_000_000,
    )  # fmt: skip
    return _sorted([*EVENTS, old._replace(stamp=old.stamp + 10 * MINUTE_US, body=body)])


def _at(minute: int) -> Any:
    return to_datetime(DAY.opens[0] + minute * MINUTE_US)


def _sorted(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda e: (e.stamp, e.key, isinstance(e.body, Bar)))


LEAKS = [(future_bar, EVENTS), (edited_article, with_edit()), (late_revision, with_revision())]


@pytest.mark.parametrize(("plant", "events"), LEAKS, ids=lambda x: getattr(x, "__name__", ""))
def test_a_planted_leak_is_found_by_cutting(plant: Plant, events: list[Event]) -> None:
    play = play_with(plant)
    cuts = cuts_after(play(events, END, 10**9), events, 1_000)
    kinds = [leak.kind for leak in first_leak(play, events, END, cuts)]
    assert "cut" in kinds


@pytest.mark.parametrize(("plant", "events"), LEAKS, ids=lambda x: getattr(x, "__name__", ""))
def test_a_leak_within_a_block_is_found_stamp_by_stamp(plant: Plant, events: list[Event]) -> None:
    leaks = first_leak(play_with(plant, by_block=True), events, END, [])
    assert [leak.kind for leak in leaks] == ["block"]


@pytest.mark.parametrize("events", [e for _, e in LEAKS])
def test_the_operators_themselves_do_not_leak(events: list[Event]) -> None:
    play = play_with(honest)
    cuts = cuts_after(play(events, END, 10**9), events, 15)
    assert len(cuts) == 15
    assert first_leak(play, events, END, cuts) == []


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(events=market())
def test_no_market_makes_them_leak(events: list[Event]) -> None:
    play = play_with(honest)
    assert first_leak(play, events, END, cuts_after(play(events, END, 10**9), events, 4)) == []


def test_early_inputs_are_named() -> None:
    whole = bar(5, "AAA", 100_0000)
    at_start = whole._replace(stamp=whole.stamp - MINUTE_US)
    score = scored(7, "AAA", 0.5, title="a title")
    assert isinstance(score.body, ScoredArticle)
    version = (score.body.article_id, 0)
    early = scored(6, "AAA", 0.5, title="soon", published_at=to_datetime(score.stamp))
    assert isinstance(early.body, ScoredArticle)
    known = {version: (score.stamp, "a title"), (early.body.article_id, 0): (early.stamp, "soon")}
    assert list(early_inputs([whole, score], known)) == []
    within = whole._replace(stamp=whole.stamp - FUTURE_TOLERANCE_US)
    assert list(early_inputs([within], known)) == []
    assert list(early_inputs([early], known, MINUTE_US)) == []
    assert [x.id for x in early_inputs([at_start, score, early], known)] == [
        at_start.body.id,  # type: ignore[attr-defined]  # a bar
        early.body.id,
    ]
    for versions, words in (
        ({}, "never came"),
        ({version: (score.stamp + 1, "a title")}, "came at"),
        ({version: (score.stamp, "the edited title")}, "is not that version's"),
    ):
        (leak,) = early_inputs([score], versions)
        assert words in leak.detail


def test_cuts_lie_right_behind_what_was_said() -> None:
    events = [bar(m, "AAA", 100_0000) for m in (1, 2, 3, 10)]
    said = [e._replace(stamp=e.stamp + 1) for e in events[1:3]]
    stamps = [e.stamp for e in events]
    assert cuts_after(said, events, 10) == [stamps[2], stamps[3]]
    assert cuts_after(said, events, 1) == [stamps[2]]
