"""Who fills orders, and how that is: on paper, and of a run with a broker."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.kafka.layout import Layout
from messages.topics import BROKER_EVENTS
from messages.trading import OrderRequest
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, served
from tests.api.test_reads import valid
from tests.api.wire import Hand, events, listening
from tests.broker_story import DRIFT, MONEY, at_a_broker, said
from tests.storing import store
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
Found = tuple[Served, OrderRequest]


@pytest.fixture(scope="module")
def traded(services: Services, played_day: Demo) -> Iterator[Found]:
    run, order = at_a_broker(services, played_day.run)
    with served(run, as_api(services, run)) as found:
        yield found, order


def alerts(web: Served) -> list[tuple[str, str, str]]:
    return [
        (a["code"], a["severity"], a["about"]) for a in web.get("/api/system").json()["alerts"]
        if a["code"].startswith("BROKER_")
    ]  # fmt: skip


def test_on_paper_it_says_so_and_nothing_else(web: Served) -> None:
    assert valid(web.get("/api/broker"), "/api/broker") == {"mode": "paper", "broker": None}
    # Just after its start the API may not have heard of everything yet.
    eventually(lambda: alerts(web) == [], what=lambda: alerts(web))


def test_whoever_is_not_signed_in_learns_nothing(traded: Found) -> None:
    assert traded[0].client.get("/api/broker").status_code == 401


def test_a_broker_that_is_ready(traded: Found) -> None:
    found = valid(traded[0].get("/api/broker"), "/api/broker")
    assert found["mode"] == "broker"
    broker: dict[str, Any] = found["broker"]
    assert (broker["name"], broker["readiness"], broker["why"]) == ("alpaca", "READY", "")
    assert broker["since"] == broker["reconciliation"]["at"] == "2025-03-12T13:30:06Z"
    assert broker["reconciliation"]["cash"] == "98765.4300"
    assert broker["reconciliation"]["buying_power"] == "202469.1200"
    assert broker["reconciliation"]["unmanaged"] == [
        {"ticker": "GLD", "qty": "2.5"}, {"ticker": "TSLA", "qty": "-4"},
    ]  # fmt: skip
    assert broker["drift"] is None
    assert (broker["open_orders"], broker["unknown_orders"]) == (0, 0)


def test_an_order_s_life_is_in_its_decision_and_trade(traded: Found) -> None:
    web, order = traded
    path = f"/api/decisions/{order.decision_id}"
    found = valid(web.get(path), "/api/decisions/{id}")
    assert [(t["kind"], t["status"]) for t in found["told"]] == [
        ("order", "ACCEPTED"), ("fill", "FILLED"), ("order", "FILLED"),
    ]  # fmt: skip
    fill = found["told"][1]
    assert (fill["price"], fill["execution_id"], fill["qty"]) == ("100.0200", "x-1", order.qty)
    assert fill["told_at"] < fill["at"]
    [trade] = found["trades"]
    again = valid(web.get(f"/api/trades/{trade['id']}"), "/api/trades/{id}")
    assert again["told"] == found["told"]


def test_what_is_amiss_is_an_alert_until_it_is_over(services: Services, traded: Found) -> None:
    web, _ = traded
    account, schema = web.api.run.rules.account.name, web.api.run.schema

    def after(*more: Any) -> list[tuple[str, str, str]]:
        store(services, schema, list(more))
        # `/api/system` asks no database: a thread looks every two seconds.
        now = web.get("/api/broker").json()["broker"]
        eventually(lambda: web.api.broker().since.isoformat() == moment(now["since"]))  # type: ignore[union-attr]  # it has said something
        return alerts(web)

    assert after(said(account, 20, "stream_down", reason="it hung up")) == [
        ("BROKER_STREAM_DOWN", "critical", "alpaca")
    ]
    assert after(said(account, 21, "stream_up")) == [("BROKER_NOT_RECONCILED", "warning", "alpaca")]
    assert after(said(account, 22, "drift", differences=DRIFT)) == [
        ("BROKER_DRIFT", "critical", "alpaca")
    ]
    [detail] = [a["detail"] for a in web.get("/api/system").json()["alerts"]
                if a["code"] == "BROKER_DRIFT"]  # fmt: skip
    assert detail.startswith("It holds 12 AAPL more than it told of, 1 MSFT fewer than it told of.")
    drift = valid(web.get("/api/broker"), "/api/broker")["broker"]["drift"]
    assert (drift["current"], drift["differences"][0]) == (
        True, {"ticker": "AAPL", "expected": "3", "found": "15"},
    )  # fmt: skip
    assert after(said(account, 23, "reconciled", **MONEY)) == []


def moment(text: str) -> str:
    return text.replace("Z", "+00:00")


def test_it_is_told_live(services: Services, played_day: Demo) -> None:
    hand = Hand(Layout(services.access, "told", "test-told.", 2))
    with served(played_day.run, hand.layout) as web:
        eventually(lambda: web.api.live._ready)
        socket, _ = listening(web, "trades")
        hand.write(BROKER_EVENTS, [said("main", 1, "drift", differences=DRIFT).body])  # type: ignore[list-item]  # a message
        [event] = events(socket, 1)
        socket.close()
    assert (event["kind"], event["data"]["kind"]) == ("broker.events", "drift")
    assert event["data"]["differences"][0]["found"] == "15.0000"
