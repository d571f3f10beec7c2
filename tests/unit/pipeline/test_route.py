"""Where events go: to their topic, to their dead letters, nowhere by declaration, or to a stop."""

import pytest

from flows import control, learn, signals, trade
from flows.pipeline.engine import NOTHING_INTERNAL, UnknownEvent, targets_of
from messages.control import DeadLetter
from messages.flows import PAPER
from messages.market import Bar
from messages.topics import (
    CONTROL_ACCEPTED,
    MARKET_BARS,
    NEWS_SCORED,
    SIGNALS_GENERATED,
    Topic,
)
from messages.trading import TradeSignal
from messages.units import to_datetime
from operators.blocks import Event
from tests.streams import at, bar, command, scored, signal


def letter(topic: Topic[Bar] | Topic[TradeSignal] | str) -> Event:
    name = topic if isinstance(topic, str) else topic.name
    body = DeadLetter(
        id="dlq-1", event_time=to_datetime(at(1)), reason="MALFORMED", detail="", topic=name,
        partition=0, offset=0, payload=b"", size=0,
    )  # fmt: skip
    return Event(at(1), "k", body)


def test_an_event_goes_to_the_topic_of_its_type() -> None:
    target = targets_of(signals.FLOW, signals.INTERNAL)
    assert target(signal(1, "AAA", "LONG")) is SIGNALS_GENERATED
    assert targets_of(control.FLOW, NOTHING_INTERNAL)(command(1, "halt")) is CONTROL_ACCEPTED


def test_dead_letters_are_published_by_one_reader_alone() -> None:
    unreadable = letter(MARKET_BARS)
    ours = targets_of(signals.FLOW, signals.INTERNAL)(unreadable)
    assert ours is not None
    assert ours.name == "market.bars.dlq"
    assert targets_of(trade.FLOW, NOTHING_INTERNAL)(unreadable) is None, "signals publishes it"
    assert targets_of(PAPER["market"], NOTHING_INTERNAL)(letter("market.feed")) is not None


def test_what_is_declared_internal_is_not_published() -> None:
    assert targets_of(signals.FLOW, signals.INTERNAL)(scored(1, "AAA", 0.5)) is None


@pytest.mark.parametrize(
    ("flow", "event", "said"),
    [
        ("signals", scored(1, "AAA", 0.5), "signals has no topic for a ScoredArticle"),
        ("trade", bar(1, "AAA", 1_0000), "trade has no topic for a Bar"),
        ("learn", bar(1, "AAA", 1_0000), "learn has no topic for a Bar"),
        ("learn", letter(NEWS_SCORED.name), "learn has no topic for a DeadLetter"),
    ],
)
def test_an_event_that_would_be_lost_stops_the_flow(flow: str, event: Event, said: str) -> None:
    with pytest.raises(UnknownEvent, match=said):
        targets_of(PAPER[flow], NOTHING_INTERNAL)(event)


def test_the_replayed_flows_declare_no_more_than_they_pass() -> None:
    assert {t.schema for t in signals.FLOW.reads} >= signals.INTERNAL
    for module in (control, trade, learn):
        assert not hasattr(module, "INTERNAL")
