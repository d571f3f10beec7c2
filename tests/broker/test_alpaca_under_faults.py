"""Whatever the answers do, each order is placed once and everything is known in the end."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.errors import (
    BrokerAway,
    NotAtBroker,
    OrderDuplicate,
    OutcomeUnknown,
)
from connectors.broker.simulated.rules import ExchangeRules
from connectors.broker.values import BrokerOrder, NewOrder
from tests.broker.served import QUICK, params_for, stand_in
from tests.broker.venue import DOLLAR, TICKER
from tests.waiting import eventually

BEGINS = datetime(2025, 3, 12, 14, 0, tzinfo=UTC)
FAULTS = "accepted_504:0.3,dropped:0.3,html:0.3,storms:0.1,unknown_words:0.2"
ORDERS = 25


def until_known(broker: AlpacaBroker, order: NewOrder) -> BrokerOrder:
    """Place an order as whoever uses a broker does: what is unknown is asked about first."""

    def known() -> bool:
        """Tell whether it is known that it is there, or that it is not."""
        try:
            found.append(broker.order_of(order.client_order_id))
        except NotAtBroker:
            return True
        except BrokerAway:
            return False
        return True

    def placed() -> list[BrokerOrder]:
        try:
            found.append(broker.submit(order))
        except (OutcomeUnknown, OrderDuplicate):
            eventually(known)
        except BrokerAway:
            pass  # it is not there: it is sent again
        return found

    found: list[BrokerOrder] = []
    return eventually(placed)[0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_order_is_placed_once(tmp_path: Path, seed: int) -> None:
    journal = tmp_path / "journal.jsonl"
    with stand_in(journal, BEGINS, ExchangeRules()) as served:
        broker = AlpacaBroker(params_for(served.port), QUICK)
        served.faults(FAULTS, seed)
        names = [f"order-{n}" for n in range(ORDERS)]
        for name in names:
            found = until_known(
                broker,
                NewOrder(client_order_id=name, ticker=TICKER, side="BUY", qty=1, type="LIMIT",
                         limit=DOLLAR),
            )  # fmt: skip
            assert found.client_order_id == name
        served.faults("")
        assert sorted(order.client_order_id for order in broker.orders()) == sorted(names)
        broker.close()
    rows = [json.loads(line) for line in journal.read_text().splitlines()]
    assert {row["reason"] for row in rows if row["what"] == "fault"} >= {
        "accepted_504", "dropped", "html", "storms",
    }  # fmt: skip
    placed = Counter(row["order"]["client_order_id"] for row in rows if row["what"] == "order")
    assert placed == dict.fromkeys(names, 1)
