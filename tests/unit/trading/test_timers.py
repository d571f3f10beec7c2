"""Timers: on full minutes, at a session's end, and never while nothing comes in."""

from messages.units import MINUTE_US
from operators.trading.sessions import NEVER
from operators.trading.timers import Fired, Timers
from tests.streams import CLOSE, DAY, at


def test_an_idle_timer_never_fires() -> None:
    assert list(Timers(5, DAY).fire(CLOSE)) == []
    assert Timers(5, DAY).due == NEVER


def test_a_bar_arms_the_next_full_minutes_and_only_once() -> None:
    timers = Timers(5, DAY)
    timers.arm(at(7))
    timers.arm(at(9))
    assert timers.due == at(10)
    assert list(timers.fire(at(9.9))) == []
    assert list(timers.fire(at(31))) == [Fired(at(10), session_ended=False)]
    assert timers.due == timers.close > at(31)


def test_a_bar_on_a_full_minute_arms_the_one_after() -> None:
    timers = Timers(5, DAY)
    timers.arm(at(10))
    assert timers.due == at(15)


def test_a_session_ends_before_what_is_due_at_the_same_stamp() -> None:
    timers = Timers(1, DAY)
    timers.arm(CLOSE - MINUTE_US)
    end = timers.close
    timers = Timers(1, DAY, periodic=end, close=end)
    assert [f.session_ended for f in timers.fire(end)] == [True, False]
    assert timers.due == NEVER


def test_a_snapshot_goes_on_where_it_was() -> None:
    timers = Timers(5, DAY)
    timers.arm(at(7))
    again = Timers(5, DAY, timers.periodic, timers.close)
    assert list(again.fire(CLOSE * 2)) == list(timers.fire(CLOSE * 2))
    assert again.due == NEVER


def test_a_session_past_the_table_has_no_end() -> None:
    timers = Timers(5, DAY)
    timers.arm(2**61)
    assert list(timers.fire(2**61 + 5 * MINUTE_US)) == [
        Fired(2**61 - 2**61 % (5 * MINUTE_US) + 5 * MINUTE_US, session_ended=False)
    ]
