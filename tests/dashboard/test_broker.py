"""A run with a broker, in a browser: the badge, the panel, an order's life, and a drift."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from messages.trading import OrderRequest
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, served
from tests.broker_story import DRIFT, at_a_broker, said
from tests.dashboard.reader import Reader
from tests.storing import store

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]
Found = tuple[Served, OrderRequest]


@pytest.fixture(scope="module")
def traded(services: Services, played_day: Demo, dashboard: Path) -> Iterator[Found]:
    run, order = at_a_broker(services, played_day.run)
    with served(run, as_api(services, run), dashboard=dashboard) as found:
        yield found, order


def test_a_broker_is_shown_with_what_it_said(
    services: Services, traded: Found, browser: Browser
) -> None:
    web, order = traded
    with Reader(browser, web) as reader:
        reader.enter()
        badge = reader.page.locator(".top .mode")
        expect(badge).to_have_text("Broker: Alpaca · ready")
        reader.go("/system")
        panel = reader.page.get_by_role("region", name="Broker")
        expect(panel).to_contain_text("$98,765.43")
        expect(panel).to_contain_text("2.5 GLD, \u22124 TSLA")
        reader.settled()
        assert reader.violations() == []
        assert reader.sideways() == 0

        reader.go(f"/trades?open={order.decision_id}")
        life = reader.page.get_by_role("list", name="What Alpaca said of the order")
        expect(life.get_by_role("listitem")).to_have_count(3)
        expect(life).to_contain_text(f"{order.qty} at 100.0200")
        reader.settled()
        assert reader.violations() == []

        drift: Any = said(web.api.run.rules.account.name, 30, "drift", differences=DRIFT)
        store(services, web.api.run.schema, [drift])
        reader.go("/system")
        panel = reader.page.get_by_role("region", name="Broker")
        expect(panel).to_contain_text("The broker holds 12 AAPL more than it told of")
        expect(reader.page.get_by_role("region", name="To look at")).to_contain_text(
            "Alpaca holds something else than it told of"
        )
        expect(badge).to_have_text("Broker: Alpaca · not reconciled")
        reader.settled()
        assert reader.violations() == []


def test_it_fits_a_telephone(traded: Found, browser: Browser) -> None:
    with Reader(browser, traded[0], width=375, height=812, theme="light") as reader:
        reader.enter()
        reader.go("/system")
        expect(reader.page.get_by_role("region", name="Broker")).to_contain_text("Readiness")
        reader.settled()
        assert reader.violations() == []
        assert reader.sideways() == 0


def test_it_fits_a_small_desk(traded: Found, browser: Browser) -> None:
    with Reader(browser, traded[0], width=1024, height=768) as reader:
        reader.enter()
        expect(reader.page.locator(".top .mode")).to_have_text(re.compile("Broker: Alpaca"))
        reader.settled()
        assert reader.violations() == []
        assert reader.sideways() == 0


def test_on_paper_it_says_so(reader: Reader) -> None:
    expect(reader.page.locator(".top .mode")).to_have_text("PAPER")
    reader.go("/system")
    panel = reader.page.get_by_role("region", name="Broker")
    expect(panel).to_contain_text("Paper: Tidewire fills orders itself")
    reader.settled()
