"""The archived log in reading order: the same however it is cut, from any offset on."""

from itertools import pairwise
from pathlib import Path

import pytest

from connectors.archive.ordered_log import ArchivedLog, span_of
from connectors.archive.reading import ArchivedRun, DayNotArchived
from messages.control import DeadLetter
from messages.market import Bar
from messages.topics import CONTROL_ACCEPTED, MARKET_BARS
from tests.archives import DAY, end_tick, fact, record, write_archive
from tests.streams import CLOSE, OPEN, at, bar, command

TOPIC = [CONTROL_ACCEPTED.name, MARKET_BARS.name]
READS = {CONTROL_ACCEPTED: range(1), MARKET_BARS: range(1)}
END = at(500)


@pytest.fixture
def archived(tmp_path: Path) -> ArchivedRun:
    """Bars of three minutes, a command at the second, and something unreadable at the third."""
    bars = [bar(m, t, 100_0000) for m in (1, 2, 3) for t in ("BBB", "AAA")]
    records = [fact(MARKET_BARS.name, 0, n, event) for n, event in enumerate(bars)]
    records += [
        record(MARKET_BARS.name, 0, 6, at(3), value=b"{", key=b"ZZZ"),
        end_tick(MARKET_BARS.name, 0, 7, END),
        fact(CONTROL_ACCEPTED.name, 0, 0, command(2, "pause")),
        end_tick(CONTROL_ACCEPTED.name, 0, 1, at(450)),
    ]
    write_archive(tmp_path / "run-1", records)
    return ArchivedRun(tmp_path / "run-1")


def log_of(archived: ArchivedRun, **offsets: int) -> ArchivedLog:
    start = {(MARKET_BARS.name, 0): offsets.get("bars", 0)}
    return ArchivedLog(archived, READS, start, DAY, DAY)


def test_facts_are_sorted_by_moment_key_and_topic(archived: ArchivedRun) -> None:
    [(day, facts)] = log_of(archived).days()
    assert day == DAY
    assert [(r.stamp, r.key, TOPIC[r.rank]) for r in facts] == [
        (at(1), "AAA", MARKET_BARS.name), (at(1), "BBB", MARKET_BARS.name),
        (at(2), "", CONTROL_ACCEPTED.name),
        (at(2), "AAA", MARKET_BARS.name), (at(2), "BBB", MARKET_BARS.name),
        (at(3), "AAA", MARKET_BARS.name), (at(3), "BBB", MARKET_BARS.name),
        (at(3), "ZZZ", MARKET_BARS.name),
    ]  # fmt: skip
    assert isinstance(facts[-1].body, DeadLetter)
    assert isinstance(facts[0].body, Bar)


def test_what_lies_before_an_offset_is_left_out(archived: ArchivedRun) -> None:
    [(_, facts)] = log_of(archived, bars=4).days()
    assert [(f.stamp, f.key) for f in facts] == [
        (at(2), ""), (at(3), "AAA"), (at(3), "BBB"), (at(3), "ZZZ"),
    ]  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_blocks_are_the_same_log_however_it_is_cut(archived: ArchivedRun, size: int) -> None:
    whole, cut = list(log_of(archived).blocks()), list(log_of(archived).blocks(size))
    assert [e for b in cut for e in b.events] == [e for b in whole for e in b.events]
    assert [b.ended for b in cut] == [False] * (len(cut) - 1) + [True]
    assert cut[-1].frontier == END, "the last end of all topics"
    for before, after in pairwise(cut):
        assert max(e.stamp for e in before.events) < before.frontier <= after.events[0].stamp


def test_a_topic_that_goes_on_ends_its_day_at_the_close_with_a_barrier(tmp_path: Path) -> None:
    write_archive(tmp_path / "run-1", [fact(MARKET_BARS.name, 0, 0, bar(1, "AAA", 1_0000))])
    log = ArchivedLog(ArchivedRun(tmp_path / "run-1"), {MARKET_BARS: range(1)}, {}, DAY, DAY)
    first, after = span_of(DAY)
    assert first < OPEN < CLOSE < after
    [(block, barrier, _)] = log.envelopes(kept=[after])
    assert (block.frontier, block.ended) == (after, False)
    assert barrier is not None
    assert barrier.boundary == after
    [plain] = ArchivedLog(
        ArchivedRun(tmp_path / "run-1"), {MARKET_BARS: range(1)}, {}, DAY, DAY
    ).envelopes()
    assert plain.barrier is None


def test_a_topic_that_is_not_archived_yet_cannot_be_read(archived: ArchivedRun) -> None:
    from messages.topics import NEWS_RAW

    with pytest.raises(DayNotArchived, match=r"news\.raw is not"):
        ArchivedLog(archived, {NEWS_RAW: range(1)}, {}, DAY, DAY)


@pytest.mark.parametrize(
    ("day", "said"), [("2025-03-15", "no session"), ("yesterday", "write it as YYYY-MM-DD")]
)
def test_days_without_a_session(day: str, said: str) -> None:
    with pytest.raises(DayNotArchived, match=said):
        span_of(day)
