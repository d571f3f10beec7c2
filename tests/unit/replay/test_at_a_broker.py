"""A day at a broker: what it told is an input, and everything else is made again."""

from pathlib import Path
from typing import Any

import pytest

from connectors.archive.reading import ArchivedRun
from flows.replay.certificate import Certificate, certify
from flows.replay.decision_trace import decision_traces
from flows.replay.execution_difference import differences
from flows.replay.window import reads_of, window_of
from messages.broker import BrokerEvent
from messages.codec import encode
from messages.flows import PAPER
from messages.topics import BROKER_EVENTS, ORDERS_REQUESTED, TRADE_DECISIONS, TRADES_EXECUTED
from messages.trading import Decision, TradeExecution
from operators.blocks import Event
from tests.archives import DAY, archived_day, traded_inputs
from tests.forgery import copy_of
from tests.streams import OPEN, at
from tests.unit.trading.test_outside_broker import told


def in_order(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda e: (e.stamp, e.key))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> ArchivedRun:
    """Archive a day whose entry the broker fills in two parts, at prices of its own."""
    place = tmp_path_factory.mktemp("broker")
    events = [*traded_inputs(), told(OPEN + 1, "stream_up"), told(OPEN + 1, "reconciled")]
    asked = archived_day(place / "asked", in_order(events), at_broker=True)
    [order] = [o for _, o in asked.messages(ORDERS_REQUESTED)]
    fields: dict[str, Any] = {
        "order_id": order.id, "ticker": order.ticker, "side": order.side,
        "status": "PARTIALLY_FILLED",
    }  # fmt: skip
    events += [
        told(at(11.2), "fill", execution_id="a", qty=order.qty - 7, price=99.5, **fields),
        told(at(12.4), "fill", execution_id="b", qty=7, price=99.75, **fields),
    ]
    return archived_day(place / "run-1", in_order(events), at_broker=True)


def test_it_is_certified(day: ArchivedRun) -> None:
    found = certify(day, DAY)
    assert isinstance(found, Certificate)
    assert found.facts[BROKER_EVENTS.name] == 4
    assert found.flows["trade"].records[TRADES_EXECUTED.name] == 2


def test_another_word_of_the_broker_is_another_day(day: ArchivedRun, tmp_path: Path) -> None:
    other = ArchivedRun(copy_of(day.path, tmp_path))
    told_less = [e for e in window_of(day, None, DAY).events[1:] if not _is_second_fill(e)]
    made = certify(archived_day(tmp_path / "x", in_order(told_less), at_broker=True), DAY)
    first = certify(other, DAY)
    assert isinstance(made, Certificate)
    assert isinstance(first, Certificate)
    assert made.proof != first.proof


def _is_second_fill(event: Event) -> bool:
    return isinstance(event.body, BrokerEvent) and event.body.execution_id == "b"


def test_only_a_run_with_a_broker_reads_what_one_told() -> None:
    assert BROKER_EVENTS in reads_of("broker")
    assert BROKER_EVENTS not in reads_of("paper")
    assert PAPER["trade"].reads != reads_of("broker")


def test_the_loop_as_it_was_recorded_makes_the_recorded_executions(day: ArchivedRun) -> None:
    window = window_of(day, None, DAY)
    made = window.play(window.recorded_loop())
    booked = [encode(e.body) for e in made if isinstance(e.body, TradeExecution)]
    assert booked == [encode(e) for e in window.executions()]
    assert len(booked) == 2


def test_what_the_broker_did_otherwise_than_a_backtest_is_listed(day: ArchivedRun) -> None:
    count, listed = differences(window_of(day, None, DAY))
    assert count == 2
    first = listed[0]
    assert first.recorded is not None
    assert first.backtest is not None
    assert (first.recorded.price, first.recorded.order_id) == (99.5, first.backtest.order_id)


def test_what_the_checks_measured_has_the_broker_s(day: ArchivedRun) -> None:
    traces = decision_traces(day, DAY)
    entries = [
        d for _, d in day.messages(TRADE_DECISIONS) if isinstance(d, Decision) and d.accepted
    ]
    [entry] = [d for d in entries if d.side == "BUY"]
    assert [n for n in traces[entry.id].numbers if n[0] == "BROKER"] == [
        ("BROKER", "READY", "READY")
    ]


def test_from_the_first_record_on_it_is_the_same(day: ArchivedRun) -> None:
    first, again = certify(day, DAY), certify(day, DAY, from_start=True, size=1)
    assert isinstance(first, Certificate)
    assert isinstance(again, Certificate)
    assert first.proof == again.proof
