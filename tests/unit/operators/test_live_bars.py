"""Live rows of bars: when they are known, their revisions, and what was fetched after the fact."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messages.control import DeadLetter
from messages.market import Bar, TradingHalt
from messages.units import SECOND_US, to_micros
from operators import live_bars
from operators.admission import InputRow
from operators.bar_filter import BarFilter
from operators.blocks import Block, Event
from operators.live_bars import AdmitLiveBars, LiveBarsState
from operators.states import decode_state, encode_state

START = datetime(2026, 3, 19, 13, 30, tzinfo=UTC)
END = to_micros(START) + 60 * SECOND_US
ROW: dict[str, Any] = {
    "ticker": "AAPL", "timestamp": START, "open": 10.0, "high": 11.0, "low": 9.0, "close": 10.5,
    "volume": 7,
}  # fmt: skip


def admit(operator: AdmitLiveBars, now: int, *changes: dict[str, Any]) -> Block:
    rows = [Event(now, "", InputRow(n, ROW | change)) for n, change in enumerate(changes)]
    return operator.step(Block(rows, now))


def bars(block: Block) -> list[Any]:
    return [event.body for event in block.events]


@pytest.mark.parametrize(("late", "stamp"), [(0, 0), (0.2, 0.2), (3600, 3600), (-1, 0), (-5, 0)])
def test_a_bar_is_known_when_it_comes_and_not_before_its_end(late: float, stamp: float) -> None:
    block = admit(AdmitLiveBars("1m", "alpaca"), END + int(late * SECOND_US), {})
    [event] = block.events
    assert isinstance(event.body, Bar)
    assert event.stamp == block.frontier == END + int(stamp * SECOND_US)
    assert BarFilter().reason_against(event.body, event.stamp) is None


def test_a_bar_from_far_ahead_is_refused_and_moves_no_clock() -> None:
    now = END - 6 * SECOND_US
    block = admit(AdmitLiveBars("1m", "alpaca"), now, {})
    [letter] = bars(block)
    assert isinstance(letter, DeadLetter)
    assert (letter.reason, letter.topic) == ("FUTURE", "market.feed")
    assert "known at 2026-03-19 13:31:00, now is 2026-03-19 13:30:54" in letter.detail
    assert block.frontier == now


def test_time_goes_on_without_rows_and_never_back() -> None:
    operator = AdmitLiveBars("1m", "alpaca")
    assert admit(operator, END + 5).frontier == END + 5
    assert admit(operator, END).frontier == END + 5
    assert bars(admit(operator, END, {}))[0].event_time == START + timedelta(minutes=1)


def test_revisions_are_numbered_for_each_bar_also_after_a_restart() -> None:
    operator, later = AdmitLiveBars("1m", "alpaca"), {"timestamp": START + timedelta(minutes=1)}
    change = {"revised": True}
    first, again, other, twice = bars(
        admit(operator, END + 60 * SECOND_US, {}, change, later | change, change)
    )
    assert [b.revision for b in (first, again, other, twice)] == [0, 1, 1, 2]
    assert [b.id.rpartition("#")[2] for b in (first, again, other, twice)] == ["0", "1", "1", "2"]
    assert BarFilter().reason_against(again, END) == "REVISION"
    state = decode_state(encode_state(operator.snapshot()), LiveBarsState)
    resumed = AdmitLiveBars("1m", "alpaca", state)
    assert [b.revision for b in bars(admit(resumed, END, change))] == [3]


def test_few_revisions_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_bars, "REMEMBERED", 1)
    operator, change = AdmitLiveBars("1m", "alpaca"), {"revised": True}
    admit(operator, END, change, change | {"ticker": "MSFT"})
    assert list(operator.snapshot().revisions) == ["bar-MSFT@2026-03-19T13:30:00Z/1m#0"]


def test_what_was_fetched_after_the_fact_says_so() -> None:
    live, past = bars(admit(AdmitLiveBars("1m", "alpaca"), END, {}, {"backfilled": True}))
    assert (live.backfilled, past.backfilled, past.source) == (False, True, "alpaca")


def test_a_halt_passes_as_it_is() -> None:
    halt = TradingHalt(id="h", event_time=START, ticker="AAPL", halted=True, source="alpaca")
    events = [Event(END, "", InputRow(0, ROW)), Event(END, "AAPL", halt)]
    made = AdmitLiveBars("1m", "alpaca").step(Block(events, END))
    assert [type(e.body) for e in made.events] == [TradingHalt, Bar]
    assert [e.stamp for e in made.events] == [END, END]
