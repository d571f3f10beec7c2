"""A day at the dashboard: closing, halting, the API away and back; then backtests and proofs."""

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, served
from tests.dashboard.reader import Reader
from tests.harness import MidRun, options, play
from tests.waiting import eventually

BARS = 60
pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]


class Day:
    """A day that is played in a thread, and waits every so many bars until it is let go on."""

    def __init__(self, services: Services, dashboard: Path) -> None:
        self._services, self._dashboard = services, dashboard
        self._mid_run = MidRun(services.access, BARS)
        self._bars, self._asked, self._over = BARS, threading.Event(), False
        self._begun, self._stands = threading.Event(), threading.Event()
        self._stack = ExitStack()
        self.web: Served
        self.summary: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._play, daemon=True)

    def _play(self) -> None:
        _, self.summary = play(
            self._services, options(pace=150), before=self._serve, meddle=self._hold, timeout=500
        )

    def _serve(self, demo: Demo) -> None:
        run = demo.run
        api = served(run, as_api(self._services, run), dashboard=self._dashboard)
        self.web = self._stack.enter_context(api)
        self._begun.set()

    def _hold(self, demo: Demo) -> None:
        if not self._mid_run(demo):
            return
        if not (self._asked.is_set() or self._over):
            self._stands.set()
            return
        self._asked.clear()
        self._bars += BARS
        self._mid_run.go_on(demo, None if self._over else self._bars)

    def start(self) -> None:
        """Begin; returns once the API serves."""
        self._thread.start()
        assert self._begun.wait(120)

    def go_on(self) -> None:
        """Let it play on by so many bars."""
        self._stands.clear()
        self._asked.set()

    def stand(self) -> None:
        """Wait until it plays no more bars before it is let go on."""
        assert self._stands.wait(120)

    def end(self) -> dict[str, Any]:
        """Let it play to its end; returns what the auditor says."""
        self._over = True
        self._thread.join(400)
        assert not self._thread.is_alive()
        return self.summary

    def close(self) -> None:
        self._stack.close()


@contextmanager
def day(services: Services, dashboard: Path) -> Iterator[Day]:
    playing = Day(services, dashboard)
    playing.start()
    try:
        yield playing
    finally:
        playing.end()
        playing.close()


def positions(page: Page) -> Any:
    return page.get_by_role("region", name="Table of open positions").locator("tbody tr")


def asked_to_close(page: Page, reader: Reader) -> str | None:
    """Close a position, asked once more; None where a strategy sold it in between.

    `market` stands, but what follows from its last bars may still be on its way.
    """
    ticker: str = positions(page).first.get_by_role("link").first.inner_text()
    asks = page.get_by_role("alertdialog", name=f"Close {ticker}")
    sell = asks.get_by_role("button", name=re.compile(f"^Sell .* {ticker}$"))
    closing = page.get_by_role("button", name=f"Closing {ticker}")
    with suppress(AssertionError, Error):
        page.get_by_role("button", name=f"Close {ticker},").click(timeout=5_000)
        expect(asks).to_contain_text("Estimated proceeds", timeout=5_000)
    assert reader.violations() == []
    with suppress(AssertionError, Error):
        sell.click(timeout=5_000)
        expect(closing).to_be_visible(timeout=5_000)
        return ticker
    return None


def until(playing: Day, condition: Any) -> None:
    """Let the market go on, a little at a time, until something is so."""

    def asked() -> bool:
        playing.web.forget_calls()
        if condition():
            return True
        playing.go_on()
        return False

    eventually(asked, within=120, step=0.3)


def test_a_day_at_the_dashboard(services: Services, dashboard: Path, browser: Browser) -> None:
    with day(services, dashboard) as playing, Reader(browser, playing.web) as reader:
        page = reader.page
        reader.enter()
        pill = page.locator(".pill")
        expect(pill).to_contain_text("Active")
        until(playing, lambda: positions(page).count() >= 2)

        # Closing: asked, pending, and gone only when the event is back.
        playing.stand()
        ticker = eventually(lambda: asked_to_close(page, reader), within=120)
        until(playing, lambda: positions(page).filter(has_text=ticker).count() == 0)

        # Halting: numbers, pending, and the pill follows the event.
        page.get_by_role("button", name="Halt", exact=True).click()
        dialog = page.get_by_role("alertdialog")
        expect(dialog).to_contain_text("Estimated proceeds")
        dialog.get_by_label(re.compile("^Why")).fill("lunch")
        dialog.get_by_role("button", name="Halt trading").click()
        until(playing, lambda: "Halted" in pill.inner_text())
        expect(page.locator(".toast", has_text="Trading is halted")).to_be_visible()
        assert reader.violations() == []
        dialog.get_by_role("button", name="Resume trading").click()
        until(playing, lambda: "Active" in pill.inner_text())
        page.keyboard.press("Escape")

        # Away and back: what is shown says how old it is, and comes back by itself.
        page.context.set_offline(True)
        playing.web.api.live._call(playing.web.api.live._send_away, 4503, "BROKER_AWAY")
        expect(page.get_by_role("alert")).to_contain_text("Nothing heard for")
        assert reader.violations() == []
        page.context.set_offline(False)
        expect(page.get_by_text(re.compile("^Live"))).to_be_visible()
        expect(page.get_by_text("Nothing heard for")).to_have_count(0)

        summary = playing.end()
        assert summary["accounted"], summary.get("first_unaccounted")
        assert summary["rows"]["trading_states"] == 2


def test_news_are_filtered_and_the_address_keeps_it(reader: Reader) -> None:
    page = reader.page
    reader.go("/news?ticker=NVDA")
    reader.settled()
    articles = page.get_by_role("article")
    expect(articles.first).to_be_visible()
    for text in articles.all_inner_texts():
        assert "NVDA" in text
    page.reload()
    reader.settled()
    expect(articles.first).to_be_visible()
    assert "ticker=NVDA" in page.url


def test_a_backtest_is_asked_for_and_compared(reader: Reader) -> None:
    page = reader.page
    reader.go("/backtests")
    reader.settled()
    page.get_by_role("button", name=re.compile("^(Run|Start)")).first.click()
    expect(page).to_have_url(re.compile(r"/backtests/\w"))
    expect(page.get_by_role("heading", name=re.compile("Equity|Growth"))).to_be_visible()
    reader.settled()
    assert reader.violations() == []
    assert reader.sideways() == 0
    expect(page.get_by_text("NaN")).to_have_count(0)


def test_a_day_is_proved(reader: Reader) -> None:
    page = reader.page
    reader.go("/system")
    reader.settled()
    page.get_by_role("button", name=re.compile("^(Prove|Verify)")).first.click()
    expect(page.get_by_text(re.compile("^Proved"))).to_be_visible()
    assert reader.violations() == []
