"""How feeds are: counted, backed off, told as messages and as gauges."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.feed.base import Poll
from connectors.feed.failures import FeedFailed
from connectors.feed.health import JITTER, FeedRegistry, with_jitter
from messages.codec import decoder, encode
from messages.control import FeedHealth


class Slow:
    """A feed that is looked at every ten seconds, every minute at most after failures."""

    name, interval_s, max_back_off_s = "slow", 10.0, 60.0

    def poll(self, memory: Mapping[str, Any]) -> Poll:
        return Poll([], memory)

    def close(self) -> None:
        """Nothing is held."""


def entry(minutes: float, **more: Any) -> dict[str, Any]:
    return {"published_at": datetime.now(UTC) - timedelta(minutes=minutes), **more}


@pytest.fixture
def registry() -> FeedRegistry:
    return FeedRegistry(["slow", "other"])


def test_waits_double_up_to_a_bound_and_a_success_ends_them(registry: FeedRegistry) -> None:
    waits = [registry.failed(Slow(), FeedFailed("X")) for _ in range(5)]
    assert waits == [10, 20, 40, 60, 60]
    assert registry.succeeded("slow", []) == 0
    assert registry.failed(Slow(), FeedFailed("X")) == 10


@pytest.mark.parametrize(("wish", "wait"), [(0, 10), (5, 10), (30, 30), (3_600, 3_600)])
def test_a_servers_wish_counts_even_beyond_the_bound(
    registry: FeedRegistry, wish: float, wait: float
) -> None:
    assert registry.failed(Slow(), FeedFailed("HTTP_429", "", wish)) == wait


def test_a_thousand_failures_overflow_nothing(registry: FeedRegistry) -> None:
    assert {registry.failed(Slow(), FeedFailed("X")) for _ in range(1_500)} == {10, 20, 40, 60}
    assert registry.feeds["slow"].errors == 1_500


def test_what_is_told_of_a_feed(registry: FeedRegistry) -> None:
    first, other = registry.health("run")
    assert (first.state, first.last_success, first.entries) == ("waiting", None, 0)
    registry.failed(Slow(), FeedFailed("HTTP_500", "x" * 1_000))
    failing = registry.health("run")[0]
    assert (failing.state, failing.errors, failing.back_off_s) == ("failing", 1, 10.0)
    assert failing.detail == ("HTTP_500: " + "x" * 1_000)[:500]
    registry.succeeded("slow", [entry(5), entry(1)])
    healthy = registry.health("run")[0]
    assert (healthy.state, healthy.entries, healthy.errors) == ("healthy", 2, 1)
    assert (healthy.back_off_s, healthy.detail) == (0, "")
    assert other.feed == "other"
    assert registry.health("run")[1].state == "waiting"
    assert decoder(FeedHealth)(encode(healthy)) == healthy
    assert healthy.id != registry.health("another run")[0].id


def test_since_when_a_feed_fails_outlives_the_process(
    registry: FeedRegistry, tmp_path: Path
) -> None:
    registry.failed(Slow(), FeedFailed("HTTP_404"))
    since = registry.health("run")[0].failing_since
    registry.failed(Slow(), FeedFailed("HTTP_404"))
    told = registry.health("run")
    assert since is not None
    assert [f.failing_since for f in told] == [since, None]
    file = tmp_path / "feeds.json"
    file.write_bytes(b"[" + b",".join(map(encode, told)) + b"]")
    later = FeedRegistry(["new", "slow"])
    later.recall(file)
    later.failed(Slow(), FeedFailed("HTTP_404"))
    assert [f.failing_since for f in later.health("run")] == [None, since]
    later.succeeded("slow", [])
    assert later.health("run")[1].failing_since is None
    file.write_text("[{")
    later.recall(file)
    later.recall(tmp_path / "none.json")


def test_the_newest_item_is_kept_and_undated_ones_are_none(registry: FeedRegistry) -> None:
    newest = entry(1)
    registry.succeeded("slow", [entry(9), newest, entry(5)])
    registry.succeeded("slow", [entry(30), entry(0, undated=True)])
    registry.succeeded("slow", [])
    assert registry.feeds["slow"].last_item == newest["published_at"]
    assert registry.feeds["slow"].entries == 5


def test_gauges_are_silent_about_what_is_not_known(registry: FeedRegistry) -> None:
    assert list(registry.gauges()) == [("back_off", "slow", 0.0), ("back_off", "other", 0.0)]
    registry.succeeded("slow", [])
    registry.failed(Slow(), FeedFailed("X"))
    found = {(gauge, feed): value for gauge, feed, value in registry.gauges()}
    assert found["back_off", "slow"] == 10
    assert found["last_success", "slow"] > 1_700_000_000
    assert ("last_item", "slow") not in found
    registry.succeeded("other", [entry(1)])
    assert ("last_item", "other") in {(g, f) for g, f, _ in registry.gauges()}


def test_jitter_makes_a_wait_up_to_a_tenth_longer() -> None:
    found = [with_jitter(100.0) for _ in range(200)]
    assert all(100 <= wait <= 100 * (1 + JITTER) for wait in found)
    assert len(set(found)) > 100
    assert with_jitter(0.0) == 0
