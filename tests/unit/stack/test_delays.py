"""The way of an order: hop by hop from an article, and on to a broker's fill."""

from typing import Any

from stack.audit.topic_reader import TopicRecord
from stack.commands.delays import AT_BROKER, HOPS, TOPICS, journeys_in

WAY = ("art-1", "sco-1", "sig-1", "dec-1", "ord-1")


def record(stamp: int, appended_ms: int, **body: Any) -> TopicRecord:
    return TopicRecord(0, 0, stamp, appended_ms, True, body)


def logs() -> dict[str, list[TopicRecord]]:
    """Return an article of 10:00, fetched a second later, and an order of a second after that."""
    causes = [(), *([c] for c in WAY)]
    found = {
        topic: [record(n, 1_741_773_601_000 + 250 * n, id=WAY[n], causes=list(causes[n]))]
        for n, topic in enumerate(TOPICS)
    }
    found["news.raw"][0].body.update(
        title="AAPL soars", published_at="2025-03-12T10:00:00Z", fetched_at="2025-03-12T10:00:01Z"
    )
    found["orders.requested"][0].body.update(ticker="AAPL")
    return found


def test_on_paper_it_ends_with_the_order() -> None:
    [journey] = journeys_in(logs())
    assert tuple(name for name, _ in journey.hops) == HOPS
    assert journey.hops[0] == ("fetched", 1_000.0)
    assert journey.total_ms == 2_000.0


def test_with_a_broker_it_goes_on_to_the_first_fill() -> None:
    at, order = 1_741_773_602_000, "ord-1"
    found = logs()
    found[AT_BROKER] = [
        record(9, at + 900, kind="fill", order_id=order), record(7, at, kind="stream_up"),
        record(8, at + 400, kind="fill", order_id=order),
        record(7, at, kind="order", order_id=order),
    ]  # fmt: skip
    [journey] = journeys_in(found)
    assert journey.hops[-1] == ("broker's fill", 400.0)
    assert journey.total_ms == 2_400.0


def test_an_order_that_no_broker_has_filled_yet_ends_with_itself() -> None:
    [journey] = journeys_in({**logs(), AT_BROKER: []})
    assert journey.hops[-1] == ("orders.requested", 250.0)
