"""Passkeys in the real browser: registering, leaving, signing in, and what goes wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from connectors.storage.access import SCHEMA
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, as_live, served
from tests.dashboard.reader import Reader

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def live(services: Services, played_day: Demo, dashboard: Path) -> Iterator[Served]:
    """Serve the played day as if it were live, with its dashboard."""
    run = as_live(played_day.run)
    with served(run, as_api(services, run), dashboard=dashboard) as found:
        yield found


@pytest.fixture
def someone(live: Served, browser: Browser, services: Services) -> Iterator[Reader]:
    live.forget_calls()
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        for table in ("users", "challenges", "invitations", "audit_log"):
            connection.execute(f"DELETE FROM {SCHEMA}.{table}".encode())
    with Reader(browser, live) as reader:
        yield reader


class Device:
    """The browser's authenticator: a finger that always fits, until told otherwise."""

    def __init__(self, page: Page) -> None:
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable")
        options: dict[str, Any] = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }  # fmt: skip
        made = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = made["authenticatorId"]

    def fits(self, yes: bool) -> None:
        """Let the finger fit, or not."""
        asked = {"authenticatorId": self._id, "isUserVerified": yes}
        self._cdp.send("WebAuthn.setUserVerified", asked)

    def count(self) -> int:
        """Return how many passkeys it has."""
        found = self._cdp.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        return len(found["credentials"])


def signed_in(page: Page) -> None:
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()


def test_somebody_registers_leaves_and_comes_back(someone: Reader, live: Served) -> None:
    page, origin = someone.page, live.origin.public
    page.goto(f"{origin}/#register={live.api.access.links.give()}")
    device = Device(page)
    expect(page.get_by_role("heading", name="Make your passkey")).to_be_visible()
    assert "register" not in page.url
    assert someone.violations() == []
    page.get_by_label("Username").fill("ada")
    page.get_by_role("button", name="Make a passkey").click()
    signed_in(page)
    assert device.count() == 1
    expect(page.get_by_text("ada", exact=True)).to_be_visible()

    page.reload()  # the cookie is the sign-in
    signed_in(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to your desk")).to_be_visible()
    assert someone.violations() == []

    device.fits(yes=False)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was signed.")
    device.fits(yes=True)
    page.get_by_label("Username").fill("")
    page.get_by_role("button", name="Sign in with a passkey").click()
    signed_in(page)

    page.goto(f"{origin}/account")
    signed_in(page)
    expect(page.get_by_role("region", name="Passkeys").first).to_be_visible()
    someone.settled()
    assert someone.violations() == []
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text(f"{origin}/#register=")).to_be_visible()


def test_a_sign_in_that_ends_leads_back_to_where_it_was(someone: Reader, live: Served) -> None:
    page, origin = someone.page, live.origin.public
    page.goto(f"{origin}/#register={live.api.access.links.give()}")
    Device(page)
    page.get_by_label("Username").fill("bob")
    page.get_by_role("button", name="Make a passkey").click()
    signed_in(page)
    page.goto(f"{origin}/trades?show=denied")
    signed_in(page)
    someone.settled()
    beside = page.context.new_page()  # another tab of the same browser signs out
    beside.goto(origin)
    signed_in(beside)
    beside.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("alert")).to_contain_text("Your sign-in has ended.")
    assert page.url.endswith("/trades?show=denied")
    page.get_by_role("button", name="Sign in with a passkey").click()
    signed_in(page)
    expect(page.get_by_role("heading", level=1, name="Trades")).to_be_visible()
    assert page.url.endswith("/trades?show=denied")


def test_a_link_that_was_used_says_so(someone: Reader, live: Served) -> None:
    link = live.api.access.links.give()
    assert live.api.access.links.take(link)
    someone.page.goto(f"{live.origin.public}/#register={link}")
    someone.page.get_by_label("Username").fill("eve")
    someone.page.get_by_role("button", name="Make a passkey").click()
    expect(someone.page.get_by_role("alert")).to_contain_text("ask for another")
