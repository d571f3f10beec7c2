"""A run as a value: what is in its id, and what contradicts itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messages.requests import InputFile, StrategySource
from messages.runs import RunSpec
from messages.values import RequestInvalid

NOW = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)
BARS = InputFile(role="bars", digest="a" * 64, name="bars.parquet")
NEWS = InputFile(role="news", digest="b" * 64)


def spec(**changes: Any) -> RunSpec:
    fields: dict[str, Any] = {
        "run_id": "live", "interval": "1m", "partitions": 2, "started_at": NOW,
        "first_moment": NOW, "params": {"risk": {"max_positions": 20}},
    }  # fmt: skip
    return RunSpec(**{**fields, **changes})


CHANGES: dict[str, Any] = {
    "run_id": "other", "interval": "5m", "partitions": 3, "inputs": (BARS,), "pace": 5,
    "started_at": NOW + timedelta(seconds=1), "first_moment": NOW - timedelta(seconds=1),
    "params": {"risk": {"max_positions": 21}},
    "strategies": (StrategySource(name="mine", class_name="Mine", digest="c" * 64),),
    "tick_ms": 60, "feeds": ("cnbc=https://www.cnbc.com#1",), "news": {"interval_seconds": 60.0},
    "market": {"feed": "alpaca"},
    "scoring": {"tier": "instant"}, "directories": ("d" * 64,), "mode": "broker",
    "broker": {"kind": "alpaca"},
}  # fmt: skip


def test_every_field_is_in_the_id() -> None:
    assert set(CHANGES) == set(RunSpec.__struct_fields__)
    ids = [spec().id, *(spec(**{name: value}).id for name, value in CHANGES.items())]
    assert len(set(ids)) == len(ids)


def test_the_same_run_has_one_id() -> None:
    changes = {**CHANGES, "mode": "paper"}  # where bars are played
    moved = InputFile(role="bars", digest="a" * 64, name="elsewhere.parquet")
    assert spec(inputs=(moved,)).id == spec(inputs=(BARS,)).id
    assert RunSpec.from_json(spec(**changes).to_json()) == spec(**changes)


def test_a_run_without_bars_is_live() -> None:
    assert spec().live
    assert not spec(inputs=(BARS,)).live
    assert not spec(inputs=(BARS, NEWS)).live


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"partitions": 0}, "partitions"),
        ({"partitions": 65}, "partitions"),
        ({"interval": "1w"}, "interval"),
        ({"pace": -1}, "pace"),
        ({"tick_ms": 5}, "tick_ms"),
        ({"run_id": ""}, "run_id"),
        ({"started_at": NOW.replace(tzinfo=None)}, "started_at.*timezone"),
        ({"inputs": (BARS, BARS)}, "once each"),
        ({"inputs": (NEWS,)}, "name bars, too"),
        ({"inputs": (BARS,), "mode": "broker"}, "a broker has no past"),
        ({"mode": "live"}, "mode"),
        ({"news": {"key": object()}}, "news"),
    ],
)
def test_what_does_not_hold_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestInvalid, match=said):
        spec(**change)
