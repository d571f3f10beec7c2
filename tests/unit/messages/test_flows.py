"""The flow table: each topic has one writer, each record a reader's rank, in both modes."""

import importlib

import pytest

from messages.control import DeadLetter
from messages.flows import (
    AT_A_BROKER,
    BROKER,
    FROM_OUTSIDE,
    FROM_THE_START,
    PAPER,
    FlowTable,
    is_archived,
)
from messages.topics import (
    ACCOUNT_RESETS,
    BROKER_EVENTS,
    CONTROL_ACCEPTED,
    EVERY_TOPIC,
    EXECUTIONS_CORRECTED,
    FEEDS_HEALTH,
    MARKET_BARS,
    MARKET_HALTS,
    NEWS_SCORED,
    ORDERS_REQUESTED,
    POSITIONS,
    RUNS_STARTED,
    SIGNALS_GENERATED,
    STRATEGY_WEIGHTS,
    SYSTEM_EVENTS,
    TOPICS,
    TRADES_EXECUTED,
)
from operators.catalogue import CATALOGUE

MODES = [PAPER, BROKER]
modes = pytest.mark.parametrize("table", MODES, ids=lambda t: t.mode)


@modes
def test_each_topic_has_one_writer(table: FlowTable) -> None:
    for topic in EVERY_TOPIC:
        writers = [f.name for f in table.flows if topic in f.writes]
        outside = topic in (*FROM_THE_START, *FROM_OUTSIDE, SYSTEM_EVENTS, FEEDS_HEALTH)
        outside |= table is PAPER and topic in AT_A_BROKER
        assert len(writers) <= 1, topic.name
        assert bool(writers) != outside, f"{topic.name}: {writers or 'nobody'} writes it"


@modes
def test_what_is_read_is_written(table: FlowTable) -> None:
    for flow in table.flows:
        for topic in flow.reads:
            assert table.writer(topic) or topic in (*FROM_THE_START, *FROM_OUTSIDE), topic.name
        assert len(set(flow.reads)) == len(flow.reads)
        assert not set(flow.reads) & set(flow.writes), "a flow that waits for itself"


@modes
def test_what_a_flow_reads_has_a_publisher_of_its_dead_letters(table: FlowTable) -> None:
    for flow in table.flows:
        for topic in flow.reads:
            if topic.schema is not DeadLetter and flow.name != "persist":
                assert table.dead_letters_of(topic), topic.name
    owners = [t.name for f in table.flows for t in f.writes if t.schema is DeadLetter]
    assert len(owners) == len(set(owners))


@modes
def test_a_message_type_has_one_rank_within_a_flow(table: FlowTable) -> None:
    for flow in table.flows:
        schemas = [t.schema for t in flow.reads if t.schema is not DeadLetter]
        if flow.name != "persist":
            assert len(schemas) == len(set(schemas)), flow.name


@pytest.mark.parametrize(
    ("table", "flow", "ranks"),
    [
        (PAPER, "signals", [CONTROL_ACCEPTED, STRATEGY_WEIGHTS, NEWS_SCORED, MARKET_BARS]),
        (PAPER, "trade", [CONTROL_ACCEPTED, MARKET_BARS, SIGNALS_GENERATED]),
        (
            PAPER,
            "learn",
            [
                RUNS_STARTED,
                CONTROL_ACCEPTED,
                TRADES_EXECUTED,
                EXECUTIONS_CORRECTED,
                ACCOUNT_RESETS,
                MARKET_BARS,
                SIGNALS_GENERATED,
            ],
        ),
        (
            BROKER,
            "trade",
            [CONTROL_ACCEPTED, BROKER_EVENTS, MARKET_HALTS, MARKET_BARS, SIGNALS_GENERATED],
        ),
        (BROKER, "execute", [CONTROL_ACCEPTED, ORDERS_REQUESTED]),
    ],
    ids=lambda v: getattr(v, "mode", v) if not isinstance(v, list) else "",
)
def test_ranks(table: FlowTable, flow: str, ranks: list[object]) -> None:
    assert list(table[flow].reads) == ranks
    assert [table[flow].rank(t) for t in table[flow].reads] == list(range(len(ranks)))


def test_who_fills_orders_is_the_difference_of_the_modes() -> None:
    assert PAPER.writer(TRADES_EXECUTED) == BROKER.writer(TRADES_EXECUTED) == "trade"
    assert BROKER.writer(BROKER_EVENTS) == "execute"
    assert BROKER.readers(BROKER_EVENTS) == ("trade",)
    assert (BROKER.writer(MARKET_HALTS), BROKER.readers(MARKET_HALTS)) == ("market", ("trade",))
    assert set(BROKER.names) - set(PAPER.names) == {"execute"}
    assert BROKER["execute"].entry
    assert BROKER.readers(ORDERS_REQUESTED) == ("execute",)


def test_topics_that_no_flow_waits_for() -> None:
    assert {POSITIONS, ORDERS_REQUESTED} <= PAPER.unread
    assert MARKET_BARS not in PAPER.unread
    assert ORDERS_REQUESTED not in BROKER.unread
    assert {t for t in PAPER.unread if t.schema is not DeadLetter} == {
        t for t in TOPICS if PAPER.writer(t) and not PAPER.readers(t)
    }


def test_inputs_from_outside_a_group_of_flows_suit_the_ranks_of_each() -> None:
    inputs = PAPER.inputs_of(("signals", "trade", "learn"))
    assert set(inputs) == {RUNS_STARTED, CONTROL_ACCEPTED, NEWS_SCORED, MARKET_BARS}
    for name in ("signals", "trade"):
        reads = [t for t in PAPER[name].reads if t in inputs]
        assert sorted(reads, key=inputs.index) == reads


def test_a_flow_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="moon"):
        PAPER["moon"]
    with pytest.raises(ValueError, match="not in tuple"):
        PAPER["learn"].rank(NEWS_SCORED)


@pytest.mark.parametrize("name", BROKER.names)
def test_each_flow_has_a_module_of_its_name(name: str) -> None:
    module = importlib.import_module(f"flows.{name}")
    assert module.FLOW is (PAPER if name in PAPER.names else BROKER)[name]
    assert callable(module.flow)


def test_operators_run_in_flows_of_the_table() -> None:
    assert {entry.flow for entry in CATALOGUE} <= set(PAPER.names)


def test_telemetry_is_not_archived() -> None:
    assert [t.name for t in EVERY_TOPIC if not is_archived(t)] == ["system.events", "feeds.health"]
