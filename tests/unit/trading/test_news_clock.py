"""How old news is by the market's clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.market.calendar import new_york_sessions
from messages.units import MINUTE_US
from operators.params import SentimentParams
from operators.trading.news_clock import NewsClock
from operators.trading.sessions import SessionTable
from tests.streams import at

DAYS = SessionTable((100, 200, 300), (130, 250, 310))
FRIDAY, MONDAY = 2 * 1_440, 5 * 1_440  # the opens, minutes after Wednesday's
CLOSE = 390


@pytest.mark.parametrize(
    ("published", "seen", "minutes"),
    [
        (0, 30, 30),
        (30, 0, 0),
        (CLOSE - 10, CLOSE + 20, 30),
        (CLOSE - 10, CLOSE + 600, 10 + 60),
        (FRIDAY + CLOSE + 5, MONDAY, 60),
        (FRIDAY + CLOSE + 5, MONDAY + 1, 61),
        (MONDAY - 45, MONDAY + 1, 46),
        (FRIDAY, MONDAY, CLOSE + 60),
        (0, MONDAY + 7, 3 * (CLOSE + 60) + 7),
        (-1_440 * 365 * 100, -1_440 * 365 * 100 + 9, 9),  # before there were such sessions
    ],
)
def test_ages(published: int, seen: int, minutes: int) -> None:
    news = NewsClock(SentimentParams(closed_minutes=60), new_york_sessions())
    assert news.age(at(published), at(seen)) == minutes * MINUTE_US


def plain_age(published: int, stamp: int, sessions: SessionTable, most: int) -> int:
    """Count moment by moment."""
    age = lived = 0
    for moment in range(published, stamp):
        known = [n for n, opened in enumerate(sessions.opens) if opened <= moment]
        last = known[-1] if known else None
        if last is not None and moment in sessions.opens:
            lived = 0
        within = last is None or last + 1 == len(sessions.opens) or moment < sessions.closes[last]
        lived += not within
        age += within or lived <= most
    return age


@given(
    st.lists(st.integers(1, 4), max_size=9), st.integers(-3, 30), st.integers(0, 30),
    st.integers(0, 5),
)  # fmt: skip
def test_every_moment_counts_once(spans: list[int], start: int, length: int, most: int) -> None:
    edges = [sum(spans[:n]) * MINUTE_US for n in range(len(spans) // 2 * 2)]
    sessions = SessionTable(edges[::2], edges[1::2])
    news = NewsClock(SentimentParams(closed_minutes=most), sessions)
    small = SessionTable(*([t // MINUTE_US for t in s] for s in (sessions.opens, sessions.closes)))
    expected = plain_age(start, start + length, small, most)
    assert news.age(start * MINUTE_US, (start + length) * MINUTE_US) == expected * MINUTE_US


@pytest.mark.parametrize(
    ("end", "stamp", "inside"),
    [
        (201, 201, True), (200, 200, False), (200, 205, False), (201, 230, True),
        (250, 250, False), (249, 250, False), (150, 150, False), (249, 249, True), (99, 99, False),
    ],
)  # fmt: skip
def test_which_bars_are_a_session_s_own(end: int, stamp: int, inside: bool) -> None:
    assert NewsClock(SentimentParams(), DAYS).is_in_session(end, stamp) is inside
