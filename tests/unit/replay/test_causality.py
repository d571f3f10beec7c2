"""Looks ahead, found in an archive; cuts where a look ahead of one bar shows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.archive.ordered_log import span_of
from connectors.archive.reading import ArchivedRun
from flows.replay.causality import cuts_after, early_weights, leaks_of
from flows.replay.record_index import RecordIndex
from flows.replay.window import ReplayWindow, window_of
from messages.learning import WeightChange
from messages.units import to_datetime
from operators.blocks import Event
from tests.archives import DAY
from tests.forgery import change, rewrite
from tests.streams import bar


def test_an_honest_day_has_no_leak(window: ReplayWindow) -> None:
    assert leaks_of(window, 12) == (12, [])


@pytest.mark.parametrize(
    ("topic", "field", "value", "said"),
    [
        ("market.bars", "event_time", "2025-03-12T13:32:00Z", "before the bar's end"),
        ("news.scored", "published_at", "2025-03-12T19:00:00Z", "before its publication"),
        ("news.scored", "article_revision", 5, "that version never came"),
        ("news.scored", "title", "other words", "is not that version's"),
    ],
)
def test_an_input_that_knows_too_much_is_named(
    day: ArchivedRun, forged: Callable[[], Path], topic: str, field: str, value: Any, said: str
) -> None:
    archive = forged()
    record = next(iter(RecordIndex(day).day(topic, DAY).values()))[0]
    edit = change(field, value, record.id)
    if topic == "market.bars":
        start = change("start", "2025-03-12T13:31:00Z", record.id)
        rewrite(archive, topic, DAY, lambda rows: start(edit(rows)))
    else:
        rewrite(archive, topic, DAY, edit)
    _, found = leaks_of(window_of(ArchivedRun(archive), None, DAY), 1)
    leaks = [(leak.kind, leak.id) for leak in found]
    assert leaks == [("input", record.id)]
    assert said in found[0].detail


def events(*stamps: int) -> list[Event]:
    return [Event(s, "", bar(1, "AAA", 1_0000).body) for s in stamps]


@pytest.mark.parametrize(
    ("said", "given", "samples", "cuts"),
    [
        ((), (1, 2, 3), 5, []),
        ((1,), (1, 2, 3), 5, [2]),
        ((1, 2, 3), (1, 2, 3), 5, [2, 3]),
        ((1, 1, 5), (1, 4, 4, 9), 5, [4, 9]),
        ((2, 3), (1, 9), 5, [9]),
        ((9,), (1, 9), 5, []),
        (tuple(range(100)), tuple(range(101)), 4, [1, 26, 51, 76]),
    ],
)
def test_cuts_lie_right_behind_what_was_said(
    said: tuple[int, ...], given: tuple[int, ...], samples: int, cuts: list[int]
) -> None:
    assert cuts_after(events(*said), events(*given), samples) == cuts


@pytest.mark.parametrize(
    ("decided", "holds", "read", "cycle_sessions", "leaks"),
    [
        (12, 13, 13, 1, 0),
        (12, 12, 12, 1, 1),  # a cycle early
        (12, 13, 12, 1, 1),  # read before it holds
        (12, 13, 13, 2, 1),  # half a cycle early
        (13, 17, 17, 2, 0),
    ],
)
def test_a_weight_that_holds_a_cycle_early_is_a_leak(
    decided: int, holds: int, read: int, cycle_sessions: int, leaks: int
) -> None:
    def over(day: int) -> int:
        return span_of(f"2025-03-{day:02}")[1]

    body = WeightChange(
        id="wgt-1", event_time=to_datetime(over(decided)), strategy="momentum", old=0.4, new=0.3,
        effective_from=to_datetime(over(holds)), reason="x",
    )  # fmt: skip
    found = list(early_weights([Event(over(read), "", body)], cycle_sessions))
    assert [leak.kind for leak in found] == ["weight"] * leaks


def test_first_weights_hold_at_once(window: ReplayWindow) -> None:
    assert len(window.weights) == 3
    assert list(early_weights(window.weights, 1)) == []
