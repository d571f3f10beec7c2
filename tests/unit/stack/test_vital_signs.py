"""The signs that the API asks for: read off a run's directory, whatever is in it."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.vitals import FeedVitals, FlowVitals
from stack.runtime.vital_signs import feed_vitals, flow_vitals


def write(run: Path, name: str, value: Any) -> None:
    (run / "status").mkdir(exist_ok=True)
    (run / "status" / f"{name}.json").write_text(json.dumps(value))


def test_a_run_that_has_said_nothing_has_no_signs(tmp_path: Path) -> None:
    assert list(flow_vitals(tmp_path, live=True)) == []
    assert list(feed_vitals(tmp_path)) == []


def test_flows_are_as_they_and_their_supervisor_say(tmp_path: Path) -> None:
    write(tmp_path, "supervisor", {"trade": ["running", 2], "news": ["ended", 0]})
    told = {"at": time.time(), "lag": 7, "clock": 0, "clock_age_s": 3.0, "epoch_age_s": 1.5}
    write(tmp_path, "trade", told)
    assert list(flow_vitals(tmp_path, live=True)) == [
        FlowVitals(
            flow="trade", state="running", lag=7, clock=datetime(1970, 1, 1, tzinfo=UTC),
            clock_age_s=3.0, epoch_age_s=1.5, restarts=2,
        ),
        FlowVitals(flow="news", state="ended"),
    ]  # fmt: skip
    assert flow_vitals(tmp_path, live=False)[0].clock_age_s is None  # of another day
    write(tmp_path, "trade", {"at": time.time() - 60})
    assert [flow.state for flow in flow_vitals(tmp_path, live=True)] == ["silent", "ended"]


def test_feeds_are_as_they_say(tmp_path: Path) -> None:
    told = {
        "feed": "a", "state": "failing", "last_success": "2026-05-04T12:00:00Z", "last_item": None,
        "entries": 3, "errors": 1, "back_off_s": 4.0, "detail": "TIMEOUT", "id": "hea-1",
    }  # fmt: skip
    write(tmp_path, "feeds", [told])
    [feed] = feed_vitals(tmp_path)
    assert feed == FeedVitals(
        feed="a", state="failing", last_success=datetime(2026, 5, 4, 12, tzinfo=UTC), entries=3,
        errors=1, detail="TIMEOUT",
    )  # fmt: skip


def test_the_feed_of_bars_is_one_of_them(tmp_path: Path) -> None:
    write(tmp_path, "feeds", [{"feed": "a", "state": "healthy"}])
    write(tmp_path, "bars", [{"feed": "alpaca_bars", "state": "failing"}])
    assert [feed.feed for feed in feed_vitals(tmp_path)] == ["alpaca_bars", "a"]


@pytest.mark.parametrize("text", ["", "{", "null", '[{"feed": 1}]'])
def test_a_file_that_is_cut_or_of_another_kind_is_no_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "status").mkdir()
    (tmp_path / "status" / "feeds.json").write_text(text)
    assert list(feed_vitals(tmp_path)) == []


@pytest.mark.parametrize(
    "data",
    [
        b'[{"feed": "\xff"}]',
        b'[{"x": ' + b"[" * 5_000,
        b'[{"feed": "a", "state": "ok", "last_item": "2026-05-04T12:00:00"}]',
    ],
)
def test_bytes_that_are_no_json_and_times_of_no_zone_are_no_fault(
    tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "status").mkdir()
    (tmp_path / "status" / "feeds.json").write_bytes(data)
    assert list(feed_vitals(tmp_path)) == []
