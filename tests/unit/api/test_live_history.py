"""Cursors and the newest events: what follows is told once, or said to be gone."""

import base64
import json
from copy import deepcopy
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.live.channels import CHANNEL_OF, CHANNELS, FOLLOWED, data_of
from api.live.cursor import Cursors, CursorUnreadable
from api.live.history import History, TooOld
from connectors.kafka.follower import FollowedRecord
from messages.control import DeadLetter
from messages.topics import NEWS_RAW, SIGNALS_GENERATED
from tests.streams import signal

PLACES = (("a", 0), ("a", 1), ("b", 0))
TOLD_ON: Any = {"a": "signals", "b": "news"}
BODY = signal(1, "AAA", "LONG").body
OFFSETS = st.integers(0, 2**62)


def record(partition: int, offset: int) -> FollowedRecord:
    return FollowedRecord(SIGNALS_GENERATED, partition, offset, 0, BODY)  # type: ignore[arg-type]


@given(st.tuples(OFFSETS, OFFSETS, OFFSETS))
def test_a_cursor_is_read_as_it_was_written(offsets: tuple[int, int, int]) -> None:
    told = dict(zip(PLACES, offsets, strict=True))
    cursors = Cursors("run", PLACES)
    assert cursors.offsets(cursors.text(told)) == told
    for other in (Cursors("other", PLACES), Cursors("run", PLACES[:2])):
        with pytest.raises(CursorUnreadable):
            other.offsets(cursors.text(told))


@given(st.text(max_size=60) | st.binary(max_size=40).map(bytes.hex))
def test_any_text_is_a_cursor_or_said_to_be_none(text: str) -> None:
    with pytest.raises(CursorUnreadable):
        Cursors("run", PLACES).offsets(text)


@pytest.mark.parametrize("tail", [b"", b"\x00", b"\x00\x00\x00\x00", b"\xff" * 12, b"\x00\x00\x80"])
def test_a_cursor_with_the_run_s_name_and_other_numbers_is_none(tail: bytes) -> None:
    cursors = Cursors("run", PLACES)
    name = base64.urlsafe_b64decode(cursors.text(dict.fromkeys(PLACES, 0)) + "=")[:8]
    with pytest.raises(CursorUnreadable):
        cursors.offsets(base64.urlsafe_b64encode(name + tail).decode().rstrip("="))


@given(
    st.lists(st.tuples(st.sampled_from(PLACES), st.integers(1, 3), st.booleans()), max_size=40),
    st.integers(1, 12),
)
def test_whoever_comes_back_hears_each_event_once_or_that_some_are_gone(
    steps: list[tuple[tuple[str, int], int, bool]], most: int
) -> None:
    """Records with gaps of ticks before them; sometimes the reader passes over ticks alone."""
    at = dict.fromkeys(PLACES, 5)
    history = History("run", at, TOLD_ON, most)
    cursors, told_on = [(history.cursor, 0)], list[Any]()
    for (name, partition), gap, told in steps:
        at[name, partition] += gap
        if told:
            event = history.add(name, record(partition, at[name, partition] - 1))
            told_on.append(event.channel)
            assert (event.cursor, event.number) == (history.cursor, len(told_on))
        else:
            history.pass_to(at)
        cursors.append((history.cursor, history.newest))
    for cursor, newest in cursors:
        for channels in (("signals",), ("news",), ("signals", "news"), ("backtests",)):
            missed = [n for n, on in enumerate(told_on, 1) if n > newest and on in channels]
            of_one = [sum(told_on[n - 1] == on for n in missed) for on in ("signals", "news")]
            if max(of_one) <= most:
                found = history.since(cursor, channels)  # type: ignore[arg-type]
                assert [each.event.number for each in found] == missed
            else:
                with pytest.raises(TooOld):
                    history.since(cursor, channels)  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.sampled_from(PLACES), st.integers(1, 3)), max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.randoms(use_true_random=False)), max_size=5),
)
def test_whoever_comes_back_to_another_process_hears_no_event_twice(
    steps: list[tuple[tuple[str, int], int]], lives: list[tuple[int, Random]]
) -> None:
    """Each process reads the partitions in another order, each of them in its own."""
    ends, of_place = dict.fromkeys(PLACES, 0), dict[tuple[str, int], list[int]]()
    for place, gap in steps:
        ends[place] += gap
        of_place.setdefault(place, []).append(ends[place] - 1)
    cursor = History("run", dict.fromkeys(PLACES, 0), TOLD_ON).cursor
    heard: list[tuple[tuple[str, int], int]] = []
    for takes, dice in [*lives, (len(steps), Random(1))]:
        history, left = History("run", dict.fromkeys(PLACES, 0), TOLD_ON), deepcopy(of_place)
        while ready := [place for place, offsets in left.items() if offsets]:
            place = dice.choice(ready)
            history.add(place[0], record(place[1], left[place].pop(0)))
        for missed in history.since(cursor, ("signals", "news"))[:takes]:
            heard.append((missed.event.place, missed.event.offset))
            cursor = json.loads(missed.text)["cursor"]
    assert sorted(heard) == sorted((p, o) for p, offsets in of_place.items() for o in offsets)


def test_a_cursor_ahead_of_the_topics_is_of_another_life() -> None:
    history, ahead = (
        History("run", dict.fromkeys(PLACES, 5), TOLD_ON),
        History("run", dict.fromkeys(PLACES, 9), TOLD_ON),
    )
    with pytest.raises(TooOld):
        history.since(ahead.cursor, ())


def test_each_topic_is_told_on_one_channel() -> None:
    assert len(CHANNEL_OF) == len(FOLLOWED) == sum(map(len, CHANNELS.values()))


def test_data_names_no_causes_and_writes_times_and_money_as_the_api_does() -> None:
    told = data_of(BODY)
    assert "causes" not in told
    assert "event_time" not in told
    moment = datetime.fromisoformat(told["at"])
    assert moment.tzinfo == UTC
    assert told["at"].endswith("Z")


def test_a_dead_letter_s_payload_is_not_kept() -> None:
    letter = DeadLetter(
        id="dlq-1", event_time=datetime(2026, 5, 4, tzinfo=UTC), reason="MALFORMED", detail="",
        topic="x", partition=0, offset=1, payload=b"x" * 65_536, size=65_536,
    )  # fmt: skip
    history = History("run", dict.fromkeys(PLACES, 0), TOLD_ON)
    kept = history.add("a", FollowedRecord(NEWS_RAW.dead_letters, 0, 0, 0, letter))
    assert kept.message.payload == b""  # type: ignore[attr-defined]
    assert json.loads(kept.text)["data"]["size"] == 65_536
