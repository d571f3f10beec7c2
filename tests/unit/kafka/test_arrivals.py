"""When a record arrived: ours by our word, a stranger's by the broker's, and never beyond ours."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.arrivals import Arrivals
from connectors.kafka.headers import TICK_END, TICK_PASS, RecordHeaders
from operators.merge import FOR_EVER, Clock, Progress

HEADERS = RecordHeaders("run-1")


@pytest.fixture(autouse=True, scope="module")
def _short_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connectors.kafka.arrivals.HELD", 4)
        yield


class Entry(NamedTuple):
    """A record of a partition's log.

    Attributes:
        kind: `fact` and `tick` of ours, `stranger`, `played` (a stranger's where no time is kept),
            `copy`: of the first fact's seq, whoever wrote it.
        stamp: of its header, a stranger's of its append; milliseconds.
        appended: of ours; 0 where no time is kept.
    """

    kind: str
    stamp: int
    appended: int = 0


class Record:
    """A record as librdkafka gives it."""

    def __init__(self, entry: Entry, offset: int) -> None:
        self._entry, self._offset = entry, offset

    def headers(self) -> Any:
        kind, stamp, _ = self._entry
        if kind == "fact":
            return HEADERS(stamp * 1_000, self._offset, "id")
        if kind == "copy":
            return HEADERS(stamp * 1_000, 0, "id")
        if kind in ("tick", "end"):
            return HEADERS.tick(stamp * 1_000, TICK_END if kind == "end" else TICK_PASS)
        return []

    def timestamp(self) -> tuple[int, int]:
        kind, stamp, appended = self._entry
        at = stamp if kind == "stranger" else appended
        return TIMESTAMP_LOG_APPEND_TIME if at else TIMESTAMP_CREATE_TIME, at

    def offset(self) -> int:
        return self._offset


def read(log: list[Entry], clock: Clock | None = None, first: int = 0) -> dict[int, int]:
    """Return offset -> effective stamp in milliseconds, as far as they are known."""
    arrivals = Arrivals(b"run-1", None, clock or Clock(Progress()))
    found: dict[int, int] = {}
    for offset, entry in enumerate(log[first:], first):
        for known in arrivals.read(Record(entry, offset)):  # type: ignore[arg-type]  # it has all that is asked
            assert known.record.offset() not in found
            found[known.record.offset() or 0] = known.stamp // 1_000
    return found


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ([("stranger", 5)], {}),  # nothing of ours has said yet what time it is
        ([("stranger", 5), ("tick", 9)], {0: 5, 1: 9}),
        ([("tick", 1), ("stranger", 3_600_000), ("tick", 9)], {0: 1, 1: 9, 2: 9}),  # a jump ahead
        ([("tick", 7), ("stranger", 5), ("tick", 9)], {0: 7, 1: 7, 2: 9}),  # a jump back
        ([("stranger", 5), ("stranger", 4), ("fact", 9)], {0: 5, 1: 5, 2: 9}),
        ([("tick", 5), ("played", 9), ("tick", 6)], {0: 5, 1: 5, 2: 6}),  # a played run's
        ([("stranger", 99), ("end", 9)], {0: 9, 1: 9}),
        # A copy of a fact moves no time, and is no word of ours for those who wait for one.
        ([("fact", 2), ("copy", 99), ("fact", 3)], {0: 2, 1: 2, 2: 3}),
        (
            [("fact", 2), ("stranger", 7), ("copy", 3), ("tick", 9)],
            {0: 2, 1: 7, 2: 7, 3: 9},
        ),
        # What waits is bounded: by its block of offsets, here of four.
        ([("stranger", 50)] * 5 + [("tick", 9)], {0: 50, 1: 50, 2: 50, 3: 50, 4: 50, 5: 50}),
        (
            [("tick", 1)] + [("stranger", 50)] * 3 + [("tick", 9)],
            {0: 1, 1: 50, 2: 50, 3: 50, 4: 50},
        ),
    ],
)
def test_a_stranger_s_stamp(log: list[tuple[str, int]], expected: dict[int, int]) -> None:
    assert read([Entry(*entry) for entry in log]) == expected


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        # The clocks agree: the moment of the append, and no wait.
        ([("stranger", 5_000), ("tick", 5_010, 5_012)], {0: 5_000, 1: 5_010}),
        # The broker's clock is a little ahead: not beyond our next word.
        ([("stranger", 5_300), ("tick", 5_010, 5_312)], {0: 5_010, 1: 5_010}),
        # A word that was long under way says nothing; the next one does.
        ([("stranger", 20_000), ("tick", 12_000, 20_100)], {}),
        (
            [("stranger", 20_000), ("tick", 12_000, 20_100), ("tick", 20_110, 20_110)],
            {0: 20_000, 1: 20_000, 2: 20_110},
        ),
        # Words that lay in a queue while the broker was away, ten seconds of them.
        (
            [("stranger", 20_000)]
            + [("tick", 10_000 + 5_000 * n, 20_010 + n) for n in range(2)]
            + [("tick", 20_020, 20_030)],
            {0: 19_990, 1: 19_990, 2: 19_990, 3: 20_020},
        ),
        # A broker's clock an hour ahead, for good: known after two seconds of it.
        (
            [("stranger", 3_605_000), ("tick", 5_010, 3_605_010), ("tick", 7_020, 3_607_020)],
            {0: 5_010, 1: 5_010, 2: 7_020},
        ),
        # A jump that is taken back.
        (
            [("stranger", 3_605_000), ("tick", 5_010, 3_605_010), ("tick", 5_500, 5_500)],
            {0: 5_500, 1: 5_500, 2: 5_500},
        ),
        # Copies of our last tick, for longer than a jump needs to be believed: whoever wrote them.
        (
            [("tick", 1_000, 1_000), ("stranger", 20_000)]
            + [("tick", 1_000, 20_001 + 1_000 * n) for n in range(4)]
            + [("tick", 23_010, 23_011)],
            {0: 1_000, 1: 20_000, 2: 20_000, 3: 20_000, 4: 20_000, 5: 20_000, 6: 23_010},
        ),
        # Facts of ours are words as well, copies of them are none, and the order stays.
        (
            [("fact", 1, 1), ("stranger", 20_000), ("copy", 30_000, 20_001),
             ("fact", 20_010, 20_012)],
            {0: 1, 1: 20_000, 2: 20_000, 3: 20_010},
        ),
        (
            [("stranger", 20_000), ("tick", 1_000, 20_001), ("stranger", 20_002),
             ("tick", 20_020, 20_021)],
            {0: 19_999, 1: 19_999, 2: 20_002, 3: 20_020},
        ),
    ],
)  # fmt: skip
def test_how_far_the_clocks_are_apart(log: list[tuple[str, int]], expected: dict[int, int]) -> None:
    assert read([Entry(*entry) for entry in log]) == expected


def test_the_end_comes_after_what_waited_for_it() -> None:
    clock = Clock(Progress())
    arrivals = Arrivals(b"run-1", None, clock)
    assert list(arrivals.read(Record(Entry("stranger", 3), 0))) == []  # type: ignore[arg-type]  # likewise
    stranger, end = arrivals.read(Record(Entry("end", 9), 1))  # type: ignore[arg-type]  # likewise
    assert (stranger.tick, end.tick, clock.now) == (None, TICK_END, FOR_EVER)


def test_a_burst_of_strangers_is_taken_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each record is looked at a few times, not once for every other one that waits."""
    monkeypatch.setattr("connectors.kafka.arrivals.HELD", 20_000)
    looked = 0

    def count(words: Any, *bounds: Any) -> Iterator[Any]:
        nonlocal looked
        for word in islice(words, *bounds):
            looked += 1
            yield word

    monkeypatch.setattr("connectors.kafka.arrivals.islice", count)
    burst = [Entry("stranger", 5_000 + n // 10) for n in range(10_000)]
    copies = [Entry("tick", 100, 6_005)] * 5_000
    found = read([Entry("tick", 100, 100), *burst, *copies, Entry("tick", 6_010, 6_012)])
    assert len(found) == 15_002
    assert looked == 10_000


ENTRIES = st.builds(
    Entry, st.sampled_from(["fact", "tick", "stranger", "played", "copy"]),
    st.integers(0, 5_000), st.sampled_from([0, 1, 100, 900, 2_500, 5_000, 9_000]),
)  # fmt: skip


@given(st.lists(ENTRIES, max_size=30), st.data())
def test_a_reader_that_goes_on_gives_the_same_stamps(log: list[Entry], data: st.DataObject) -> None:
    """Stamps are a function of the log alone: where a reader stopped does not matter."""
    whole = read(log)
    stamps = [whole[offset] for offset in sorted(whole)]
    assert stamps == sorted(stamps)
    upto = data.draw(st.integers(0, len(whole)))
    done = sorted(whole)[:upto]
    assert done == list(range(upto)), "in the order of the log, none left out"
    at = whole[done[-1]] * 1_000 if done else -1
    counted = [n if log[n].kind == "fact" else 0 for n in done if log[n].kind in ("fact", "copy")]
    seq = max(counted, default=-1)
    rest = read(log, Clock(Progress(upto, at, seq)), upto)
    assert {**{n: whole[n] for n in done}, **rest} == whole
