"""Why nothing can trade, in sentences."""

from typing import Any

import pytest

from stack.runtime.health import FlowStatus
from stack.runtime.standstill import flows_amiss, servers_down


def flow(**signs: Any) -> FlowStatus:
    return FlowStatus(**{
        "flow": "trade", "state": "running", "lag": 0, "clock": None, "clock_age_s": 1.0,
        "epoch_age_s": 0.5, "restarts": 0, "metrics_port": None, **signs,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("signs", "said"),
    [
        ({}, []),
        ({"epoch_age_s": None, "clock_age_s": None}, []),
        ({"state": "restarting"}, ["trade is restarting"]),
        ({"state": "silent"}, ["trade is silent"]),
        ({"state": "ended"}, ["trade is ended"]),
        ({"epoch_age_s": 75.2}, ["trade has made nothing durable for 75 s"]),
        ({"clock_age_s": 3_600.0}, ["trade's clock is 3,600 s behind"]),
        ({"clock_age_s": -3_600.0}, ["trade's clock is 3,600 s ahead"]),
        ({"restarts": 9, "deaths": 1}, []),
        (
            {"deaths": 3},
            ["trade starts again and again: it has died 3 times before it had written anything"],
        ),
    ],
)
def test_a_flow_of_a_live_run(signs: dict[str, Any], said: list[str]) -> None:
    assert flows_amiss([flow(**signs)], ["running"], live=True) == said


def test_a_run_that_is_played_has_a_time_of_its_own_and_an_end() -> None:
    rows = [flow(clock_age_s=9e7), flow(state="ended", epoch_age_s=900.0)]
    assert flows_amiss(rows, ["running", "ended"], live=False) == []


def test_flows_that_have_told_nothing() -> None:
    assert flows_amiss([], ["running"], live=True) == ["no flow has told how it is"]


def test_a_server_is_named_once() -> None:
    silent = {"Apache Kafka": "Kafka at h:1 does not answer", "PostgreSQL": ""}
    assert servers_down({}, silent) == ["Kafka at h:1 does not answer"]
    assert servers_down({"Apache Kafka": "no space"}, silent) == ["Apache Kafka is down: no space"]
    assert servers_down({}, {"PostgreSQL": ""}) == []
