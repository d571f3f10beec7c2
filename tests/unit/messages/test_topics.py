"""Topics: names, keys, and where a record lies."""

import re
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import control, learn, score, signals, trade
from messages.base import Message
from messages.control import DeadLetter
from messages.topics import (
    CONTROL_ACCEPTED,
    DEAD_LETTERS,
    EVERY_TOPIC,
    MARKET_BARS,
    NEWS_SCORED,
    RUNS_STARTED,
    STRATEGY_WEIGHTS,
    TOPICS,
    TRADE_DECISIONS,
    TRADES_EXECUTED,
    Topic,
    partition_of,
)
from stack.runtime.supervisor import FLOWS

READERS = {"control": control, "score": score, "signals": signals, "trade": trade, "learn": learn}


def test_names_are_words_with_dots_and_each_is_one_topic() -> None:
    names = [t.name for t in EVERY_TOPIC]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+(\.[a-z]+)*", name) for name in names)


@pytest.mark.parametrize("topic", EVERY_TOPIC, ids=lambda t: t.name)
def test_a_topic_has_one_kind_of_key(topic: Topic[DeadLetter]) -> None:
    assert not (topic.broadcast and topic.single)
    assert topic.owner in {*FLOWS, "nobody"}


def test_only_what_flows_wait_for_is_read() -> None:
    unread = {t.name for t in TOPICS if t.unread}
    assert unread == {
        "sentiment.windows", "trade.decisions", "orders.requested", "positions",
        "portfolio.snapshots", "learning.outcomes",
    }  # fmt: skip
    assert all(t.unread for t in DEAD_LETTERS)
    assert not RUNS_STARTED.unread


def test_dead_letters_lie_as_their_topic_does() -> None:
    for topic in (MARKET_BARS, TRADES_EXECUTED, STRATEGY_WEIGHTS):
        dead = topic.dead_letters
        assert (dead.name, dead.schema, dead.key) == (f"{topic.name}.dlq", DeadLetter, topic.key)
        assert (dead.single, dead.broadcast) == (topic.single, topic.broadcast)


def test_whoever_owns_a_topic_can_say_what_it_could_not_read() -> None:
    for topic in TOPICS:
        flow = READERS.get(topic.owner)
        if flow is None:
            continue
        reads: tuple[Topic[Message], ...] = getattr(flow, "READS", (topic,))
        writes: tuple[Topic[Message], ...] = getattr(flow, "WRITES", (topic.dead_letters,))
        assert topic in reads, topic.name
        assert topic.dead_letters in writes, topic.name
        assert topic.dead_letters in DEAD_LETTERS, topic.name


@given(st.binary(), st.integers(1, 64))
def test_a_partition_is_librdkafka_s(key: bytes, partitions: int) -> None:
    assert partition_of(key, partitions) == crc32(key) % partitions


def test_topics_are_values() -> None:
    same = Topic("trade.decisions", TRADE_DECISIONS.schema, "account", "persist")
    assert same == TRADE_DECISIONS
    assert len({NEWS_SCORED, CONTROL_ACCEPTED, same, TRADE_DECISIONS}) == 3
