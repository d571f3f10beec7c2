"""Where topics and records lie on a broker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.access import Access
from connectors.kafka.layout import BrokerUnavailable, Layout, create_topics
from messages.topics import (
    CONTROL_ACCEPTED,
    MARKET_BARS,
    TRADE_DECISIONS,
    partition_of,
)

LAYOUT = Layout(Access("127.0.0.1:9092"), "run-1", "pre.", 4)


def test_names_and_partitions() -> None:
    assert LAYOUT.name(MARKET_BARS) == "pre.market.bars"
    assert LAYOUT.partitions_of(MARKET_BARS) == range(4)
    assert LAYOUT.partitions_of(CONTROL_ACCEPTED) == range(4)
    assert LAYOUT.partitions_of(TRADE_DECISIONS) == range(1)


@given(st.text(max_size=12))
def test_a_record_goes_to_the_partition_of_its_key(key: str) -> None:
    every = LAYOUT.partitions_of(MARKET_BARS)
    assert list(LAYOUT.targets(MARKET_BARS, key, every)) == [partition_of(key.encode(), 4)]
    assert list(LAYOUT.targets(TRADE_DECISIONS, key, range(1))) == [0]


def test_a_broadcast_goes_to_every_partition_and_a_shard_to_its_own() -> None:
    assert list(LAYOUT.targets(CONTROL_ACCEPTED, "", range(4))) == [0, 1, 2, 3]
    assert list(LAYOUT.targets(CONTROL_ACCEPTED, "", range(2, 3))) == [2]
    assert list(LAYOUT.targets(MARKET_BARS, "AAPL", range(2, 3))) == [2]


def test_a_broker_that_is_not_there_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from connectors.kafka import layout as module

    monkeypatch.setattr(module, "ADMIN_TIMEOUT_S", 0.2)
    nowhere = Layout(Access("127.0.0.1:9"), "run-1", "pre.", 1)
    for _ in range(5):
        with pytest.raises(BrokerUnavailable, match="or correct TIDEWIRE_BOOTSTRAP"):
            create_topics(nowhere, [MARKET_BARS])
