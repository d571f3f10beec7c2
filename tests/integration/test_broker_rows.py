"""The broker as it is now, read from a real database."""

import uuid
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from connectors.storage.broker import KINDS, NEWEST, BrokerNow, broker_now, difference_words
from connectors.storage.connection import reading
from connectors.storage.pages import Pages
from connectors.storage.schema import upgrade
from messages.broker import Difference
from messages.trading import OrderRequest
from operators.blocks import Event
from stack.servers.services import Services
from tests.storing import history, store
from tests.streams import at
from tests.unit.trading.test_outside_broker import fill, told

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(400)]
MONEY: dict[str, Any] = {
    "cash": Decimal("900.5"), "equity": Decimal(1000), "buying_power": Decimal(1800),
}  # fmt: skip


@pytest.fixture
def schema(services: Services) -> str:
    name = f"test_{uuid.uuid4().hex[:8]}"
    upgrade(services.database_url, name)
    return name


@pytest.fixture
def now(services: Services, schema: str) -> Any:
    """Store events, one batch each call, and return the broker as it is then."""

    def look(*events: Event) -> BrokerNow:
        store(services, schema, list(events))
        with reading(services.database_url, schema) as connection:
            return broker_now(connection, "main")

    return look


def test_before_it_has_said_anything(now: Any) -> None:
    found = now()
    assert found == BrokerNow("NOT_RECONCILED", None, "", None, None, 0, 0, 0)


def test_readiness_follows_what_was_said_last(now: Any) -> None:
    assert now(told(at(1), "stream_up")).readiness == "NOT_RECONCILED"
    found = now(told(at(2), "reconciled", unmanaged=("BRK.B 2.5", "ZZZ -1"), **MONEY))
    assert (found.readiness, found.since, found.drift) == ("READY", found.reconciliation.at, None)
    assert found.reconciliation.unmanaged == (("BRK.B", Decimal("2.5")), ("ZZZ", Decimal(-1)))
    assert found.reconciliation.cash == Decimal("900.5")
    found = now(told(at(3), "stream_down", reason="it hung up"))
    assert (found.readiness, found.why) == ("STREAM_DOWN", "it hung up")
    assert found.reconciliation.equity == 1000, "as it was found last"


def test_what_was_said_at_once_counts_in_its_order(now: Any) -> None:
    for n, kinds in enumerate((("reconciled", "stream_up"), ("stream_up", "reconciled"))):
        found = now(*(told(at(1 + n), kind, **MONEY) for kind in kinds))
        assert found.readiness == ("NOT_RECONCILED" if n == 0 else "READY")


def test_a_drift_is_over_once_all_is_accounted_for(now: Any) -> None:
    drift = (Difference("AAPL", Decimal(3), Decimal(15)),)
    found = now(told(at(1), "reconciled", **MONEY), told(at(2), "drift", differences=drift))
    assert found.drift.current
    assert found.readiness == "NOT_RECONCILED"
    assert found.drift.differences == (("AAPL", Decimal(3), Decimal(15)),)
    assert not now(told(at(3), "reconciled", **MONEY)).drift.current


def test_orders_that_are_open_unknown_or_not_heard_of(
    services: Services, schema: str, now: Any
) -> None:
    first, *_ = [e for e in history() if isinstance(e.body, OrderRequest)]
    orders = [
        Event(first.stamp, "main", OrderRequest(**{
            **{f: getattr(first.body, f) for f in first.body.__struct_fields__},
            "id": f"ord-{n}", "client_order_id": f"ord-{n}", "account": "main",
        }))
        for n in range(4)
    ]  # fmt: skip
    named = {"broker_order_id": "7", "ticker": "AAA", "side": "BUY"}
    events = [
        told(at(3), "order", order_id="ord-0", status="ACCEPTED", **named),
        told(at(3), "order", order_id="ord-1", status="UNKNOWN", reason="no answer"),
        told(at(3), "order", order_id="ord-2", status="REJECTED", **named),
        fill(at(4), "ord-0", 1, 5, 99.5),
    ]
    found = now(*orders, *events)
    assert (found.open_orders, found.unknown_orders, found.silent_orders) == (3, 1, 1)
    with reading(services.database_url, schema) as connection:
        life = Pages(connection).read("told_of_order", id="ord-0")
        assert Pages(connection).read("told_of_order", id="") == []
    assert [(row["kind"], row["status"]) for row in life] == [
        ("order", "ACCEPTED"), ("fill", "PARTIALLY_FILLED"),
    ]  # fmt: skip


def test_the_newest_are_read_by_their_index(services: Services, schema: str) -> None:
    store(services, schema, [told(at(1) + n, "stream_up") for n in range(500)])
    values = {"account": "main", "kinds": list(KINDS)}
    with psycopg.connect(services.database_url, row_factory=dict_row) as connection:
        connection.execute(f"SET search_path TO {schema}".encode())
        connection.execute("ANALYZE broker_events")
        plan = connection.execute(f"EXPLAIN {NEWEST}".encode(), values).fetchall()
    text = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "Seq Scan on broker_events" not in text, text


@pytest.mark.parametrize(
    ("expected", "found", "words"),
    [
        ("3", "15", "12 AAPL more than it told of"),
        ("15", "3", "12 AAPL fewer than it told of"),
        ("0", "100", "100 AAPL more than it told of"),
        ("0", "-2.50", "2.5 AAPL fewer than it told of"),
    ],
)
def test_a_difference_in_words(expected: str, found: str, words: str) -> None:
    assert difference_words("AAPL", Decimal(expected), Decimal(found)) == words
