"""Each bar once and in order, however history and the stream come."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.bars.order import BarOrder, BarRow, Gap
from connectors.broker.values import MarketBar

OPEN = datetime(2026, 3, 19, 13, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minute: float) -> datetime:
    return OPEN + minute * MINUTE


def bar(minute: int, close: float = 100.0, **more: Any) -> MarketBar:
    values: dict[str, Any] = {
        "ticker": "AAA", "start": at(minute), "interval": "1m", "open": close, "high": close,
        "low": close, "close": close, "volume": 1.0, **more,
    }  # fmt: skip
    return MarketBar(**values)


def order_of(last: int | None = None, since: int = -10) -> BarOrder:
    order = BarOrder({} if last is None else {"AAA": at(last)}, lambda now: at(since))
    order.follow(["AAA"], at(0))
    return order


def told(rows: Iterable[BarRow]) -> list[tuple[int, str]]:
    """Return minute and kind of rows: b: back-filled, r: revised, l: live."""
    return [
        ((r.bar.start - OPEN) // MINUTE, "r" if r.revised else "b" if r.backfilled else "l")
        for r in rows
    ]


def test_history_comes_before_the_first_live_bar() -> None:
    order = order_of(since=-3)
    [gap] = order.gaps(at(2) + timedelta(seconds=30))
    assert gap == Gap("AAA", at(-3), at(2), at(2))
    assert order.gaps(at(2.6)) == [], "asked once"
    assert order.told(bar(2)) == []
    rows = order.filled(gap, [bar(-4), bar(-3), bar(1), bar(2)])
    assert told(rows) == [(-3, "b"), (1, "b"), (2, "l")]
    assert told(order.told(bar(3))) == [(3, "l")]
    assert told(order.told(bar(9))) == [(9, "l")], "a minute without a trade has no bar"


def test_what_ended_a_moment_ago_is_left_to_the_stream() -> None:
    order = order_of()
    [gap] = order.gaps(at(2) + timedelta(seconds=3))
    assert (gap.until, gap.known) == (at(1), at(1))
    [again] = order_of().gaps(at(2) + timedelta(seconds=10))
    assert (again.until, again.known) == (at(2), at(1)), "history may not have it yet"


def test_a_stream_that_begins_later_than_history_ended_is_asked_about() -> None:
    order = order_of()
    [gap] = order.gaps(at(2) + timedelta(seconds=10))
    assert told(order.filled(gap, [bar(0)])) == [(0, "b")]
    assert order.told(bar(2)) == []
    [hole] = order.gaps(at(3))
    assert hole == Gap("AAA", at(1), at(3) - MINUTE, at(2))
    assert told(order.filled(hole, [bar(1)])) == [(1, "b"), (2, "l")]
    assert order.gaps(at(3)) == []


def test_the_minute_in_which_a_stream_began_is_asked_about_once_it_is_over() -> None:
    order = order_of(last=0)
    order.interrupted(at(4.9))
    [gap] = order.gaps(at(4.95))
    assert told(order.filled(gap, [bar(3)])) == [(3, "b")]
    assert order.gaps(at(5.3)) == []
    [gap] = order.gaps(at(5.4))
    assert gap == Gap("AAA", at(4), at(5), at(5))
    assert told(order.filled(gap, [bar(4)])) == [(4, "b")]
    assert order.gaps(at(60)) == []


def test_a_revision_goes_on_at_once_and_one_without_a_first_version_is_the_first() -> None:
    order = order_of(last=1)
    assert told(order.told(bar(1, 101, revised=True))) == [(1, "r")]
    assert order.told(bar(1)) == [], "a repeat"
    [gap] = order.gaps(at(3.5))
    assert order.told(bar(2, 102, revised=True)) == []
    rows = order.filled(gap, [bar(2, 102)])
    assert told(rows) == [(2, "l")]
    assert told(order.told(bar(2, revised=True))) == [(2, "r")]


def test_after_an_interruption_the_gap_is_filled_first() -> None:
    order = order_of(last=0)
    [gap] = order.gaps(at(1.5))
    order.filled(gap, [])
    assert told(order.told(bar(1))) == [(1, "l")]
    order.interrupted(at(5.5))
    assert order.told(bar(5)) == []
    [gap] = order.gaps(at(6.1))
    assert (gap.since, gap.until) == (at(2), at(6))
    rows = order.filled(gap, [bar(2), bar(3), replace(bar(5), close=7.0)])
    assert told(rows) == [(2, "b"), (3, "b"), (5, "l")]
    assert rows[-1].bar.close == 100


def test_what_is_not_followed_any_more_is_remembered() -> None:
    order = order_of(last=0)
    [gap] = order.gaps(at(1.5))
    order.follow([], at(9))
    assert (order.filled(gap, [bar(0)]), order.told(bar(1)), order.followed) == (
        [],
        [],
        frozenset(),
    )
    order.follow(["BBB", "AAA"], at(9))
    assert [(g.ticker, g.since) for g in order.gaps(at(9.5))] == [("BBB", at(-10)), ("AAA", at(1))]


def test_a_history_that_fails_is_waited_for_unless_stops_need_bars() -> None:
    warm, cold = order_of(last=0), order_of()
    for order in (warm, cold):
        gaps = order.gaps(at(2.5))
        order.told(bar(4))
        order.unanswered(gaps)
        assert order.impatient(at(5), (), {"AAA"}) == [], "not yet"
        assert len(order.gaps(at(5))) == 1
    assert told(warm.impatient(at(5.5), (), {"AAA"})) == [(4, "l")]
    assert told(warm.told(bar(5))) == [(5, "l")]
    assert warm.filled(Gap("AAA", at(1), at(5), at(5)), [bar(3)]) == []
    assert cold.impatient(at(5.5), (), {"AAA"}) == []
    assert cold.impatient(at(5.5), {"AAA"}, ()) == []
    assert told(cold.impatient(at(5.5), {"AAA"}, {"AAA"})) == [(4, "l")]


@given(
    traded=st.sets(st.integers(0, 40)), steps=st.lists(
        st.sampled_from(["minute", "minute", "answer", "cut", "lose", "fail", "restart", "revise"])
    ),
    seconds=st.integers(0, 50),
)  # fmt: skip
def test_each_bar_once_and_in_order(traded: set[int], steps: list[str], seconds: int) -> None:
    """Whatever comes between: nothing is missing of what the market did, and nothing is twice."""
    minute, order = 0, order_of(since=0)
    asked: list[Gap] = []
    given_out: list[BarRow] = []
    kept = 0

    def now() -> datetime:
        return at(minute) + timedelta(seconds=seconds)

    def answer() -> None:
        asked.extend(order.gaps(now()))
        while asked:
            gap = asked.pop(0)
            past = [bar(m) for m in sorted(traded) if m < minute]
            given_out.extend(order.filled(gap, past))

    for step in [*steps, "answer", "minute", "answer", "minute", "answer", "answer"]:
        if step in ("minute", "lose"):
            if step == "minute" and minute in traded:
                given_out.extend(order.told(bar(minute)))
            if step == "lose":  # and the connection with it
                order.interrupted(now())
            minute += 1
        elif step == "answer":
            answer()
        elif step == "cut":
            order.interrupted(now())
            asked.extend(order.gaps(now()))
        elif step == "fail":
            order.unanswered(asked)
            asked.clear()
        elif step == "revise" and given_out:
            rows = order.told(replace(given_out[-1].bar, close=1.0, revised=True))
            assert [r.revised for r in rows] == [True]
        elif step == "restart":
            given_out, kept = given_out[:], len(given_out)
            last = {"AAA": given_out[-1].bar.start} if given_out else {}
            order, asked = BarOrder(last, lambda _: at(0)), []
            order.follow(["AAA"], now())
    starts = [(row.bar.start - OPEN) // MINUTE for row in given_out]
    assert starts == sorted(set(starts)), kept
    known = max((m for m in traded if m < minute - 1), default=-1)
    assert [s for s in starts if s <= known] == [m for m in sorted(traded) if m <= known]
