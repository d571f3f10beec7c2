"""Which bars count: the first version of each, in time order, known when they say."""

from typing import Any

import pytest

from messages.market import Bar
from operators.bar_filter import FUTURE_TOLERANCE_US, BarFilter, refuse
from tests.streams import at, bar


def body(minute: int, ticker: str = "AAA", **changes: Any) -> Bar:
    made = bar(minute, ticker, 10_0000, **changes).body
    assert isinstance(made, Bar)
    return made


@pytest.mark.parametrize(
    ("before", "minute", "stamp", "changes", "reason"),
    [
        ((), 1, at(1), {}, None),
        ((1,), 2, at(2), {}, None),
        ((1,), 3, at(3), {}, None),  # a gap is no fault
        ((1,), 1, at(1), {}, "DUPLICATE"),
        ((2,), 1, at(2), {}, "LATE"),
        ((1,), 1, at(5), {"revision": 1}, "REVISION"),
        ((), 1, at(1) - FUTURE_TOLERANCE_US, {}, None),
        ((), 1, at(1) - FUTURE_TOLERANCE_US - 1, {}, "FUTURE"),
    ],
)
def test_verdicts(
    before: tuple[int, ...], minute: int, stamp: int, changes: dict[str, Any], reason: str | None
) -> None:
    bars = BarFilter()
    for earlier in before:
        assert bars.reason_against(body(earlier), at(earlier)) is None
    assert bars.reason_against(body(minute, **changes), stamp) == reason


def test_a_refused_bar_is_not_remembered() -> None:
    bars = BarFilter()
    assert bars.reason_against(body(5), at(1)) == "FUTURE"
    assert bars.reason_against(body(1), at(1)) is None


def test_each_ticker_has_its_own_time_and_a_snapshot_goes_on() -> None:
    bars = BarFilter()
    assert bars.reason_against(body(3), at(3)) is None
    assert bars.reason_against(body(1, "BBB"), at(3)) is None
    again = BarFilter(bars.snapshot())
    assert again.reason_against(body(3), at(3)) == "DUPLICATE"
    assert again.reason_against(body(2, "BBB"), at(3)) is None


def test_what_is_refused_keeps_the_bar_and_tells_repeats_apart() -> None:
    first, second = (refuse(body(1), at(1), "DUPLICATE", nth) for nth in (1, 2))
    assert first.id != second.id
    assert (first.reason, first.topic, first.causes) == ("DUPLICATE", "market.bars", (body(1).id,))
    assert first.size == len(first.payload)
    assert b'"AAA"' in first.payload
