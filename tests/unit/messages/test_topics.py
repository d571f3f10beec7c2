"""Topics: names, keys, and where a record lies."""

import re
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.control import DeadLetter
from messages.flows import BROKER, PAPER
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


def test_names_are_words_with_dots_and_each_is_one_topic() -> None:
    names = [t.name for t in EVERY_TOPIC]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+(\.[a-z]+)*", name) for name in names)


@pytest.mark.parametrize("topic", EVERY_TOPIC, ids=lambda t: t.name)
def test_a_topic_has_one_kind_of_key(topic: Topic[DeadLetter]) -> None:
    assert not (topic.broadcast and topic.single)


def test_only_what_flows_wait_for_is_read() -> None:
    unread = {t.name for t in TOPICS if t in PAPER.unread}
    assert unread == {
        "sentiment.windows", "trade.decisions", "orders.requested", "positions",
        "portfolio.snapshots", "learning.outcomes", "learning.adjustments", "strategy.metrics",
        "trading.states",
    }  # fmt: skip
    assert all(t in BROKER.unread for t in DEAD_LETTERS)
    assert RUNS_STARTED not in PAPER.unread


def test_dead_letters_lie_as_their_topic_does() -> None:
    for topic in (MARKET_BARS, TRADES_EXECUTED, STRATEGY_WEIGHTS):
        dead = topic.dead_letters
        assert (dead.name, dead.schema, dead.key) == (f"{topic.name}.dlq", DeadLetter, topic.key)
        assert (dead.single, dead.broadcast) == (topic.single, topic.broadcast)


@given(st.binary(), st.integers(1, 64))
def test_a_partition_is_librdkafka_s(key: bytes, partitions: int) -> None:
    assert partition_of(key, partitions) == crc32(key) % partitions


def test_topics_are_values() -> None:
    same = Topic("trade.decisions", TRADE_DECISIONS.schema, "account", "dec")
    assert same == TRADE_DECISIONS
    assert len({NEWS_SCORED, CONTROL_ACCEPTED, same, TRADE_DECISIONS}) == 3
