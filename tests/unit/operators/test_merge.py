"""The merge: one order, whatever the arrival; nothing released that a later record may precede."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.archive.checkpoints import next_boundary
from connectors.market.calendar import new_york_sessions, session_day
from messages.flows import PAPER
from messages.topics import MARKET_BARS, NEWS_SCORED
from messages.units import DAY_US, HOUR_US
from operators.blocks import Event
from operators.merge import (
    FOR_EVER,
    HIGH_WATER,
    NO_STAMP,
    Boundary,
    Clock,
    Merge,
    MergeState,
    Partition,
    Progress,
    Released,
    cut,
    no_boundary,
    place_of,
)
from operators.states import decode_state, encode_state
from operators.trading.sessions import GRACE_US
from tests.streams import CLOSE, OPEN, at, bar, scored

BODY = bar(1, "AAA", 100_0000).body


class Entry(NamedTuple):
    """One entry of a partition's log: a record, or a tick where the key is None."""

    stamp: int
    key: str | None
    last: bool = False


Logs = dict[tuple[str, int], list[Entry]]


def merge_of(logs: Logs, boundary: Boundary = no_boundary, kept: bytes | None = None) -> Merge:
    state = None if kept is None else decode_state(kept, MergeState)
    progress = state.progress if state else {}
    ranks = {name: rank for rank, name in enumerate(dict.fromkeys(n for n, _ in logs))}
    partitions = [
        Partition(name, p, ranks[name], progress.get(name, {}).get(p, Progress()))
        for name, p in logs
    ]
    return Merge(partitions, boundary, state)


def push(merge: Merge, at: tuple[str, int], offset: int, entry: Entry) -> None:
    partition = merge.partitions[at]
    if entry.key is None:
        partition.clock.tick(entry.stamp, last=entry.last)
    elif offset >= partition.progress.offset and partition.clock.advance(entry.stamp, offset):
        partition.push(entry.key, offset, BODY)  # type: ignore[arg-type]  # a bar is a message


def drained(merge: Merge) -> Iterator[Released]:
    while (released := merge.release()) is not None:
        yield released
        if merge.done:
            return


def order_of(logs: Logs) -> list[tuple[int, str, int, int, int]]:
    """Return the whole order by a plain sort: the definition."""
    ranks = {name: rank for rank, name in enumerate(dict.fromkeys(n for n, _ in logs))}
    places = []
    for (name, p), entries in logs.items():
        clock = NO_STAMP
        for offset, entry in enumerate(entries):
            clock = max(clock, entry.stamp)
            if entry.key is not None:
                places.append((clock, entry.key, ranks[name], p, offset))
    return sorted(places)


entries = st.lists(
    st.builds(
        Entry, st.integers(-1, 12), st.sampled_from(["", "A", "B"]) | st.none(), st.just(False)
    ),
    max_size=12,
)


@st.composite
def ended_logs(draw: st.DrawFn) -> Logs:
    """Draw the logs of some partitions, each with its end."""
    names = [("control", 0), ("bars", 0), ("bars", 1), ("signals", 0)]
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    return {at: [*draw(entries), Entry(13, None, last=True)] for at in sorted(chosen)}


@st.composite
def arrivals(draw: st.DrawFn, logs: Logs) -> list[tuple[tuple[str, int], int, Entry]]:
    """Draw an interleaving of logs that keeps each partition's own order."""
    left = {at: list(enumerate(log)) for at, log in logs.items()}
    came = []
    while any(left.values()):
        at = draw(st.sampled_from(sorted(a for a, log in left.items() if log)))
        came.append((at, *left[at].pop(0)))
    return came


@given(data=st.data(), logs=ended_logs())
def test_any_arrival_gives_the_one_order(data: st.DataObject, logs: Logs) -> None:
    merge, places, frontier = merge_of(logs), [], NO_STAMP
    for at_, offset, entry in data.draw(arrivals(logs)):
        push(merge, at_, offset, entry)
        if data.draw(st.booleans()):
            for released in drained(merge):
                assert all(r.stamp >= frontier for r in released.records), "one that was passed"
                frontier = released.block.frontier
                places += [r[:5] for r in released.records]
    places += [r[:5] for released in drained(merge) for r in released.records]
    assert merge.done
    assert places == order_of(logs)


@given(data=st.data(), logs=ended_logs())
def test_a_resumed_merge_goes_on_where_its_snapshot_was(data: st.DataObject, logs: Logs) -> None:
    came = data.draw(arrivals(logs))
    stop = data.draw(st.integers(0, len(came)))
    first = merge_of(logs)
    for arrival in came[:stop]:
        push(first, *arrival)
    places = [r[:5] for released in drained(first) for r in released.records]
    second = merge_of(logs, kept=encode_state(first.state()))
    for at_, log in logs.items():
        for offset, entry in enumerate(log):
            if offset >= second.partitions[at_].progress.offset:
                push(second, at_, offset, entry)
    if not second.done:
        places += [r[:5] for released in drained(second) for r in released.records]
    assert places == order_of(logs)


@given(data=st.data(), logs=ended_logs())
def test_blocks_hold_whole_stamps(data: st.DataObject, logs: Logs) -> None:
    merge, last = merge_of(logs), NO_STAMP - 1
    for arrival in data.draw(arrivals(logs)):
        push(merge, *arrival)
        for released in drained(merge):
            stamps = [e.stamp for e in released.block.events]
            assert stamps == sorted(stamps)
            assert all(last < s for s in stamps)
            last = max([last, *stamps])


def test_the_watermark_holds_back_what_another_partition_may_still_precede() -> None:
    logs: Logs = {("news", 0): [], ("bars", 0): []}
    merge = merge_of(logs)
    for offset, stamp in enumerate((1, 2, 3, 4)):
        push(merge, ("bars", 0), offset, Entry(stamp, "A"))
    assert merge.release() is None, "nothing is known of the news"
    push(merge, ("news", 0), 0, Entry(3, None))
    (only,) = drained(merge)
    assert [r.stamp for r in only.records] == [1, 2]
    assert only.block.frontier == 3
    assert merge.watermark == 3
    push(merge, ("news", 0), 1, Entry(3, "A"))
    push(merge, ("news", 0), 2, Entry(5, None))
    (only,) = drained(merge)
    assert [(r.stamp, r.rank) for r in only.records] == [(3, 0), (3, 1)], "rank decides"
    assert merge.watermark == 4


def test_a_late_record_is_clamped_never_sorted_back() -> None:
    merge = merge_of({("bars", 0): []})
    for offset, stamp in enumerate((5, 2, 5)):
        push(merge, ("bars", 0), offset, Entry(stamp, "A"))
    push(merge, ("bars", 0), 3, Entry(9, None, last=True))
    (only,) = drained(merge)
    assert [(r.stamp, r.offset) for r in only.records] == [(5, 0), (5, 1), (5, 2)]
    assert only.block == ([Event(5, "A", BODY)] * 3, 9, True)


def test_a_repeated_seq_is_a_repeat() -> None:
    clock = Clock(Progress(3, 10, 7))
    assert not clock.advance(11, 7)
    assert clock.now == 10, "anybody may have written it"
    assert clock.advance(11, 8)
    assert clock.advance(5, 9)
    assert (clock.now, clock.seq) == (11, 9)
    assert clock.advance(5, None), "an outside producer counts nothing"
    clock.tick(12, last=True)
    assert (clock.ended, clock.end, clock.now) == (True, 12, FOR_EVER)


def test_a_partition_far_ahead_is_paused_and_the_slowest_never() -> None:
    merge = merge_of({("news", 0): [], ("bars", 0): []})
    push(merge, ("news", 0), 0, Entry(1, None))
    for offset in range(HIGH_WATER + 1):
        push(merge, ("bars", 0), offset, Entry(2, "A"))
    (paused,) = merge.pauses()
    assert (paused.topic, paused.paused) == ("bars", True)
    assert merge.pauses() == [], "told once"
    push(merge, ("news", 0), 1, Entry(3, None))
    (resumed,) = merge.pauses()
    assert (resumed.topic, resumed.paused) == ("bars", False), "it holds the watermark back now"


# -- session boundaries -------------------------------------------------------------------------


def bars_with(*stamps: int, clock: int, kept: bytes | None = None) -> list[Released]:
    """Push bars of some stamps, then a tick; release all."""
    merge = merge_of({("bars", 0): []}, next_boundary, kept)
    for offset, stamp in enumerate(stamps):
        push(merge, ("bars", 0), offset, Entry(stamp, "A"))
    push(merge, ("bars", 0), len(stamps), Entry(clock, None))
    return list(drained(merge))


def days(released: list[Released]) -> list[str]:
    return [session_day(r.boundary - 1) for r in released if r.boundary is not None]


@pytest.mark.parametrize(
    ("stamps", "clock", "wanted", "sizes"),
    [
        ((at(1), CLOSE), CLOSE, [], [1]),
        ((at(1), CLOSE), CLOSE + HOUR_US, ["2025-03-12"], [2, 0]),
        (
            (at(1), CLOSE + GRACE_US, CLOSE + GRACE_US + 1, CLOSE + HOUR_US),
            CLOSE + DAY_US + GRACE_US + 1,
            ["2025-03-12", "2025-03-13"], [2, 2],
        ),
        (
            (at(1), at(2) + 30 * DAY_US), at(2) + 31 * DAY_US,
            ["2025-03-12", "2025-04-11"], [1, 1, 0],
        ),
        ((NO_STAMP, at(1)), CLOSE + HOUR_US, ["2025-03-12"], [2, 0]),
    ],
    ids=["at the close", "passed by a tick", "two sessions", "quiet weeks", "before time"],
)  # fmt: skip
def test_a_block_ends_after_each_session_in_which_something_happened(
    stamps: tuple[int, ...], clock: int, wanted: list[str], sizes: list[int]
) -> None:
    released = bars_with(*stamps, clock=clock)
    assert days(released) == wanted
    assert [len(r.records) for r in released] == sizes
    assert all(r.block.frontier == r.boundary for r in released if r.boundary is not None)


def test_a_resumed_merge_still_owes_the_boundary_of_its_session() -> None:
    first = merge_of({("bars", 0): []}, next_boundary)
    push(first, ("bars", 0), 0, Entry(at(1), "A"))
    push(first, ("bars", 0), 1, Entry(at(5), None))
    assert days(list(drained(first))) == []
    second = merge_of({("bars", 0): []}, next_boundary, encode_state(first.state()))
    push(second, ("bars", 0), 2, Entry(CLOSE + GRACE_US + 1, None))
    assert days(list(drained(second))) == ["2025-03-12"]


@given(stamp=st.integers(OPEN - 400 * DAY_US, OPEN + 400 * DAY_US))
def test_a_boundary_is_the_first_moment_of_another_day(stamp: int) -> None:
    boundary = next_boundary(stamp)
    assert boundary is not None
    assert stamp < boundary
    assert session_day(stamp) == session_day(boundary - 1) < session_day(boundary)
    assert boundary - 1 in new_york_sessions().ends


# -- what is whole in memory --------------------------------------------------------------------


def test_events_sort_by_the_ranks_of_the_flow_that_reads_them() -> None:
    signals = PAPER["signals"]
    news, price = scored(1, "AAA", 0.5), bar(1, "AAA", 100_0000)
    assert sorted([price, news], key=place_of(signals)) == [news, price]
    assert signals.rank(NEWS_SCORED) < signals.rank(MARKET_BARS)
    with pytest.raises(KeyError):
        place_of(PAPER["learn"])(news)


stamps = st.lists(st.integers(0, 5), max_size=20).map(sorted)


@given(stamps=stamps, sizes=st.integers(1, 7) | st.lists(st.integers(1, 7)), ended=st.booleans())
def test_a_cut_keeps_stamps_whole_and_loses_nothing(
    stamps: list[int], sizes: int | list[int], ended: bool
) -> None:
    events = [Event(s, "", BODY) for s in stamps]
    found = list(cut(events, sizes, 99, ended=ended))
    assert [e for b in found for e in b.events] == events
    assert (found[-1].frontier, found[-1].ended) == (99, ended)
    for before, after in pairwise(found):
        assert before.frontier == after.events[0].stamp > before.events[-1].stamp
        assert not before.ended
    if isinstance(sizes, int):
        assert all(len(b.events) >= sizes for b in found[:-1])


def fed_back(*entries_: Entry, end: int | None = None) -> Merge:
    """Return a merge of bars and of what is fed back, which has been written so far."""
    bars = [Entry(1, "A"), Entry(5, "A"), *([Entry(end, None, last=True)] if end else [])]
    partitions = [
        Partition("bars", 0, 1, Progress()),
        Partition("weights", 0, 0, Progress(), feedback=True),
    ]
    merge = Merge(partitions)
    for name, log in (("bars", bars), ("weights", list(entries_))):
        for offset, entry in enumerate(log):
            push(merge, (name, 0), offset, entry)
    return merge


def keys(merge: Merge) -> list[list[tuple[int, str]]]:
    return [[(e.stamp, e.key) for e in released.block.events] for released in drained(merge)]


def test_what_is_fed_back_is_waited_for_like_anything_else() -> None:
    merge = fed_back(Entry(0, ""), Entry(3, None))
    assert keys(merge) == [[(0, ""), (1, "A")]]
    push(merge, ("weights", 0), 2, Entry(4, ""))
    push(merge, ("weights", 0), 3, Entry(9, None))
    assert keys(merge) == [[(4, "")]], "the bars' clock stands at 5"


def test_once_the_rest_has_ended_it_counts_as_ended() -> None:
    merge = fed_back(Entry(0, ""), Entry(4, ""), Entry(9, ""), end=6)
    [block] = list(drained(merge))
    assert [(e.stamp, e.key) for e in block.block.events] == [(0, ""), (1, "A"), (4, ""), (5, "A")]
    assert (block.block.frontier, block.block.ended) == (6, True), "the record at 9 is not read"
    assert merge.done


def test_it_must_have_come_as_far_as_the_end() -> None:
    """Otherwise what holds before the end would be read in one execution and not in another."""
    merge = fed_back(Entry(0, ""), Entry(6, None), end=6)
    assert keys(merge) == [[(0, ""), (1, "A"), (5, "A")]]
    assert not merge.done
    push(merge, ("weights", 0), 2, Entry(6, ""))
    push(merge, ("weights", 0), 3, Entry(7, None))
    [block] = list(drained(merge))
    assert [(e.stamp, e.key) for e in block.block.events] == [(6, "")]
    assert block.block.ended


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=10), st.data())
def test_when_what_is_fed_back_arrives_means_nothing(
    log: list[tuple[int, bool]], data: st.DataObject
) -> None:
    weights = [Entry(stamp, "" if body else None) for stamp, body in sorted(log)]
    weights.append(Entry(20, None))
    logs: Logs = {
        ("weights", 0): weights,
        ("bars", 0): [Entry(2, "A"), Entry(7, "A"), Entry(9, None, last=True)],
    }
    found = []
    for _ in range(2):
        said: list[tuple[int, str]] = []
        merge = Merge(
            [Partition("bars", 0, 1, Progress()),
             Partition("weights", 0, 0, Progress(), feedback=True)]
        )  # fmt: skip
        for place, offset, entry in data.draw(arrivals(logs)):
            push(merge, place, offset, entry)
            said += [(e.stamp, e.key) for r in drained(merge) for e in r.block.events]
            if merge.done:
                break
        assert merge.done
        found.append(said)
    assert found[0] == found[1]
