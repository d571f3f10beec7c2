"""What a broker told is what was booked: each forgery is planted in good records, and named."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from messages.broker import BrokerEvent
from messages.codec import encode
from messages.trading import Decision, OrderRequest, TradeExecution
from operators.blocks import Event
from stack.audit.broker import by_time, check_broker
from stack.audit.marks import marks_of
from stack.audit.rules import NotAccounted
from stack.audit.topic_reader import TopicRecord
from tests.streams import at, bar, signal
from tests.unit.trading.test_legs import Protected
from tests.unit.trading.test_outside_broker import AtBroker, ended, fill, told

Topics = dict[type[Any], list[TopicRecord]]
Forge = Callable[[Topics], object]


def record(n: int, stamp: int, body: dict[str, Any]) -> TopicRecord:
    return TopicRecord(0, n, stamp, 0, True, body)


def of(events: list[Event]) -> Topics:
    """Return events as they lie in their topics."""
    found: Topics = {kind: [] for kind in (BrokerEvent, Decision, OrderRequest, TradeExecution)}
    for event in events:
        if isinstance(event.body, BrokerEvent | Decision | OrderRequest | TradeExecution):
            topic = found[type(event.body)]
            topic.append(record(len(topic), event.stamp, msgspec.json.decode(encode(event.body))))
    return found


def history() -> Topics:
    """Return a day: an entry in two parts, an exit that is cancelled, and filled after all."""
    at_broker, events = AtBroker(ready=False), list[Event]()

    def step(*given: Event) -> list[Event]:
        made = at_broker.step(*given)
        events.extend([*given, *made])
        return made

    def order_of(made: list[Event]) -> str:
        return next(e.body.id for e in made if isinstance(e.body, OrderRequest))

    step(told(at(0), "stream_up"), told(at(0.5), "reconciled"))
    entry = order_of(step(bar(1, "AAA", 100_0000), signal(1, "AAA", "LONG")))
    step(told(at(1.1), "order", order_id=entry, status="ACCEPTED"))
    step(fill(at(1.2), entry, 1, 20, 100.0))
    step(fill(at(1.3), entry, 2, 30, 100.1))
    step(told(at(1.3), "order", order_id=entry, status="FILLED"))
    step(told(at(1.5), "stream_down"), bar(2, "AAA", 101_0000))
    leaving = order_of(step(bar(3, "AAA", 99_0000), signal(3, "AAA", "SHORT")))
    step(ended(at(4), leaving, "CANCELLED"))
    step(fill(at(5), leaving, 3, 10, 99.0, "SELL"))
    step(fill(at(6), leaving, 4, 40, 99.5, "SELL"))
    return of(events)


def problem(topics: Topics) -> str:
    try:
        check_broker(*topics.values())
    except NotAccounted as error:
        return str(error)
    return "nothing"


def changed(of_kind: type[Any], n: int, **fields: Any) -> Forge:
    def forge(topics: Topics) -> None:
        old, plain = topics[of_kind][n], dict(fields)
        stamp = plain.pop("stamp", old.stamp)
        topics[of_kind][n] = record(old.offset, stamp, old.body | plain)

    return forge


def added(kind: type[Any], like: int, **fields: Any) -> Forge:
    def forge(topics: Topics) -> None:
        old = topics[kind][like]
        topics[kind].append(record(len(topics[kind]), old.stamp, old.body | fields))

    return forge


def without(kind: type[Any], n: int) -> Forge:
    return lambda topics: topics[kind].pop(n)


def test_a_good_day_is_accounted_for_even_where_something_is_told_twice() -> None:
    topics = history()
    assert [e.body["status"] for e in topics[TradeExecution]] == [
        "PARTIALLY_FILLED", "FILLED", "CANCELLED", "PARTIALLY_FILLED", "CANCELLED", "FILLED",
    ]  # fmt: skip
    assert problem(topics) == "nothing"
    for kind in topics:
        topics[kind] += topics[kind]
    assert problem(topics) == "nothing"


FORGERIES: list[tuple[Forge, str]] = [
    (changed(BrokerEvent, 2, order_id="ord-x"), "an order that was not requested: bro-"),
    (changed(BrokerEvent, 3, order_id="ord-x"), "an order that was not requested: bro-"),
    (added(BrokerEvent, 3, id="bro-x"), "an execution was told twice: bro-x"),
    (
        changed(BrokerEvent, 3, price=100.05),
        "the broker told BUY 20 AAA at 100.05, commission 0, booked was BUY 20 AAA at 100.0",
    ),
    (changed(TradeExecution, 0, qty=19), "booked was BUY 19 AAA"),
    (changed(TradeExecution, 0, commission="0.5"), "100.0, commission 0.5"),
    (changed(TradeExecution, 0, order_id="ord-x"), "the broker told BUY 20 AAA"),
    (without(TradeExecution, 1), "a fill that the broker told is not booked: bro-"),
    (without(BrokerEvent, 4), "an execution that no broker told: exe-"),
    (
        added(TradeExecution, 1, id="exe-x", execution_id="exe-x"),
        "an execution that no broker told: exe-x",
    ),
    (added(TradeExecution, 1, qty=7), "two executions have one id: exe-"),
    (without(TradeExecution, 2), "ended an order 3 times, booked were 2 ends: ord-"),
    (without(BrokerEvent, 7), "ended an order 1 times, booked were 3 ends: ord-"),
    (
        added(TradeExecution, 2, id="exe-x"),
        "ended an order 3 times, booked were 4 ends: ord-",
    ),
    (changed(BrokerEvent, 2, status="FILLED"), "nothing"),
    (
        added(BrokerEvent, 7, id="bro-x", status="FILLED", order_id="ord-1"),
        "an order that was not requested",
    ),
    (without(BrokerEvent, 1), "entry was accepted while the broker was NOT_RECONCILED: dec-"),
    (
        changed(BrokerEvent, 1, kind="stream_down"),
        "an entry was accepted while the broker was STREAM_DOWN: dec-",
    ),
    (changed(BrokerEvent, 1, kind="drift"), "while the broker was NOT_RECONCILED: dec-"),
    (changed(BrokerEvent, 1, stamp=at(1) + 1), "while the broker was NOT_RECONCILED: dec-"),
    (changed(BrokerEvent, 1, stamp=at(1)), "nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("forge", "found"), FORGERIES, ids=map(str, range(len(FORGERIES))))
def test_a_forgery_is_named(forge: Forge, found: str) -> None:
    topics = history()
    forge(topics)
    assert found in problem(topics)


def protected() -> Topics:
    """Return a day with stops at the broker: a stop in two parts, and a target that ends unmet."""
    desk, events = Protected(), list[Event]()

    def step(*given: Event) -> None:
        events.extend([*given, *desk.step(*given)])

    events += [told(at(0), "reconciled"), *desk.made]
    step(desk.sold(2, "stop", 2, 20))
    step(desk.sold(3, "stop", 3, 30, 96.5))
    step(desk.leg(3, "stop", status="FILLED"), desk.leg(3, "target", status="CANCELLED"))
    return of(events)


LEGS: list[tuple[Forge, str]] = [
    (changed(BrokerEvent, 3, leg_of="ord-x"), "an order that was not requested"),
    (changed(BrokerEvent, 4, leg_of="", leg=""), "told of a leg as of another order"),
    (changed(OrderRequest, 0, stop_price=None), "a leg of an entry that was sent without it"),
    (changed(OrderRequest, 1, leg_of="ord-x"), "a leg of an entry that was sent without it"),
    (added(OrderRequest, 1, id="ord-x", leg="target"), "a leg was ordered, and not filled"),
    (without(OrderRequest, 1), "an order that was not requested"),
    (without(TradeExecution, 1), "the broker told SELL 20 AAA at 97.0"),
    (without(BrokerEvent, 5), "an execution that no broker told"),
]  # fmt: skip


@pytest.mark.parametrize(("forge", "found"), LEGS, ids=map(str, range(len(LEGS))))
def test_a_forged_leg_is_named(forge: Forge, found: str) -> None:
    topics = protected()
    assert problem(topics) == "nothing"
    forge(topics)
    assert found in problem(topics)


def test_a_leg_that_ends_without_a_fill_was_no_order() -> None:
    topics = protected()
    targets = [e.body for e in topics[BrokerEvent] if e.body["leg"] == "target"]
    assert targets
    assert {e["order_id"] for e in targets}.isdisjoint(o.body["id"] for o in topics[OrderRequest])


def test_an_order_that_is_said_to_be_filled_has_all_its_fills() -> None:
    topics = history()
    topics[BrokerEvent] = [r for r in topics[BrokerEvent] if r.body["execution_id"] != "theirs-2"]
    topics[TradeExecution].pop(1)
    assert "is filled, and not all of its fills" in problem(topics)


def test_a_record_that_was_written_again_counts_once_and_as_it_was_first() -> None:
    first, again = record(0, 1, {"id": "a", "n": 1}), record(1, 2, {"id": "a", "n": 2})
    assert by_time([again, first]) == [first]


def test_a_ticker_is_worth_its_last_close_or_a_fill_since() -> None:
    def close(n: int, stamp: int, minute: int, price: float, revision: int = 0) -> TopicRecord:
        body = {"ticker": "AAA", "start": f"10:{minute:02}", "close": price, "revision": revision}
        return record(n, stamp, body)

    bars = [close(0, 1, 1, 10.0), close(1, 2, 2, 11.0), close(2, 3, 1, 9.0), close(3, 4, 3, 8.0, 1)]
    fills = [
        record(n, stamp, {"ticker": "AAA", "price": price})
        for n, (stamp, price) in enumerate([(2, 10.5), (5, None), (6, 12.5)])
    ]
    assert marks_of(bars, (), 10) == {"AAA": Decimal("11.0")}
    assert marks_of(bars, fills, 6) == {"AAA": Decimal("11.0")}
    assert marks_of(bars, fills, 7) == {"AAA": Decimal("12.5")}
    assert marks_of(bars, fills, 2) == {"AAA": Decimal("10.0")}
