"""News that appears while the market is closed: voted once, on the ticker's next bar in session."""

from dataclasses import replace
from typing import Any, Final, NamedTuple

import pytest

from connectors.market.calendar import new_york_sessions
from messages.market import Bar
from messages.units import to_datetime
from operators.blocks import Event
from operators.params import Params, RiskParams
from tests.columns import by_columns, by_messages
from tests.streams import at, bar, scored, weight

FRIDAY, MONDAY, CLOSE = 2 * 1_440, 5 * 1_440, 390  # minutes after Wednesday's open
EVENING: Final = FRIDAY + CLOSE + 5
SUNDAY: Final = MONDAY - 1_000
END = at(MONDAY + CLOSE + 60)
BUY, SELL = "BUY", "SELL"


class Case(NamedTuple):
    """What comes, besides bars of both sessions, and what is decided: (minute, side, code)."""

    news: list[Event]
    decided: list[tuple[float, str, str]]
    bars: tuple[Event, ...] = ()
    first: int = 1  # Monday's first minute with a bar


def late(event: Event, seconds: int) -> Event:
    return event._replace(stamp=event.stamp + seconds * 1_000_000)


def old(minute: float, published: float, score: float = 0.9) -> Event:
    return scored(minute, "AAA", score, published_at=to_datetime(at(published)))


CASES: Final = {
    "friday evening": Case(
        [scored(EVENING, "AAA", 0.9)], [(MONDAY + 1, BUY, "ACCEPTED")]
    ),
    "in session: at once, and not again": Case(
        [scored(FRIDAY + 300, "AAA", 0.9)], [(FRIDAY + 300, BUY, "ACCEPTED")]
    ),
    "a bar in the close's grace is not that bar": Case(
        [scored(FRIDAY + CLOSE + 0.2, "AAA", 0.9)], [(MONDAY + 1, BUY, "ACCEPTED")],
        (late(bar(FRIDAY + CLOSE, "AAA", 100_0000), 29),),
    ),
    "nor is one of before the open": Case(
        [scored(EVENING, "AAA", 0.9)], [(MONDAY + 2, BUY, "ACCEPTED")],
        (bar(MONDAY - 60, "AAA", 100_0000), late(bar(MONDAY, "AAA", 100_0000), 5)), 2,
    ),
    "one opinion, one vote": Case(
        [scored(EVENING, "AAA", 0.9), scored(SUNDAY, "AAA", 0.95)], [(MONDAY + 1, BUY, "ACCEPTED")]
    ),
    "the opinion that stands at the bar": Case(
        [scored(EVENING, "AAA", 0.9), *(scored(SUNDAY + n, "AAA", -1.0) for n in range(13))],
        [(MONDAY + 1, SELL, "NO_POSITION")],
    ),
    "taken back": Case([scored(EVENING, "AAA", 0.9), scored(SUNDAY, "AAA", 0.1)], []),
    "aged by the session and a little by the weekend": Case(
        [old(EVENING, FRIDAY + CLOSE - 180)], [(MONDAY + 1, BUY, "STALE_SENTIMENT")]
    ),
}  # fmt: skip


def decisions(params: Params, case: Case) -> list[list[tuple[float, str, str]]]:
    """Return what both engines decide on ticker AAA, the columns in two cuts."""
    minutes = [*range(FRIDAY + 290, FRIDAY + CLOSE), *range(MONDAY + case.first, MONDAY + 30)]
    bars = [bar(m, t, 100_0000) for m in minutes for t in ("AAA", "BBB")]
    heard = [*bars, *case.bars, *case.news]
    events = sorted(heard, key=lambda e: (e.stamp, e.key, isinstance(e.body, Bar)))
    events = [weight(0, "news_driven", 1.0), *events]
    sessions = new_york_sessions()
    said = [by_messages(params, sessions, events, END)]
    said += [by_columns(params, sessions, events, END, sizes) for sizes in ([], [7] * 99)]
    assert said[0] == said[1] == said[2]
    return [[((r[1] - at(0)) / 60_000_000, r[3], r[5]) for r in rows if r[0] == "decision"]
            for rows in said]  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_when_news_votes(name: str) -> None:
    case = CASES[name]
    for decided in decisions(Params(), case):
        assert decided == case.decided


def test_each_ticker_waits_for_a_bar_of_its_own() -> None:
    news: list[Any] = [scored(EVENING, "AAA", 0.9), scored(EVENING, "CCC", 0.9)]
    case = Case(news, [], (bar(MONDAY + 20, "CCC", 50_0000),))
    found = decisions(Params(), case)[0]
    assert found == [(MONDAY + 1, BUY, "ACCEPTED"), (MONDAY + 20, BUY, "ACCEPTED")]


def test_where_every_hour_is_open_nothing_waits() -> None:
    risk = RiskParams(off=("MARKET_CLOSED", "STALE_PRICE"))
    found = decisions(replace(Params(), risk=risk), CASES["friday evening"])[0]
    assert found == [(EVENING, BUY, "ACCEPTED")]
