"""Every page in every dress: nothing that axe, the content policy or the console finds wrong."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser, expect
from rich.console import Console

from connectors.settings import Settings
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, served
from tests.dashboard.reader import Reader
from tests.harness import options
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]
PAGES = (
    "/", "/?range=all", "/trades", "/trades?show=denied", "/strategies", "/news", "/backtests",
    "/system", "/tickers/AAPL", "/tickers/NOSUCH", "/account", "/no/such/page",
)  # fmt: skip
LARGEST_SHIFT = 0.02
NONSENSE = re.compile(r"\b(NaN|undefined|null|Infinity)\b")
DRESSES: Final[tuple[tuple[Literal["dark", "light"], int, int], ...]] = (
    ("dark", 1440, 900), ("light", 375, 812), ("light", 1920, 1080),
)  # fmt: skip


def must_stand_still(reader: Reader, path: str) -> None:
    """Hold a page to the budget of layout shifts.

    Answers come in any order on a busy machine: a page that moved is loaded once more.
    """
    if reader.shifted()[0] >= LARGEST_SHIFT:
        reader.go(path)
        reader.settled()
    shift, moved = reader.shifted()
    assert shift < LARGEST_SHIFT, (path, moved)


@pytest.mark.parametrize(("theme", "width", "height"), DRESSES)
def test_every_page_is_sound(
    web: Served, browser: Browser, theme: Literal["dark", "light"], width: int, height: int
) -> None:
    with Reader(browser, web, theme=theme, width=width, height=height) as reader:
        reader.enter()
        for path in PAGES:
            web.forget_calls()
            reader.go(path)
            reader.settled()
            assert reader.violations() == [], path
            assert reader.sideways() == 0, path
            must_stand_still(reader, path)
            expect(reader.page.get_by_role("heading", level=1)).to_have_count(1)


def test_an_opened_lineage_is_sound(reader: Reader) -> None:
    page = reader.page
    for show in ("filled", "denied"):
        reader.go(f"/trades?show={show}")
        reader.settled()
        page.locator("table button[aria-expanded=false]").first.click()
        expect(page.locator("[aria-expanded=true]")).to_have_count(1)
        reader.settled()
        assert reader.violations() == [], show
        assert reader.sideways() == 0, show


@pytest.mark.parametrize("width", [1440, 375])
def test_what_floats_is_sound(web: Served, browser: Browser, width: int) -> None:
    with Reader(browser, web, width=width) as reader:
        page = reader.page
        reader.enter()
        reader.settled()
        page.get_by_role("button", name="Halt", exact=True).click()
        expect(page.get_by_role("alertdialog")).to_be_visible()
        assert reader.violations() == []
        assert reader.sideways() == 0
        page.keyboard.press("Escape")
        expect(page.get_by_role("alertdialog")).to_have_count(0)
        for key, name in (("?", "Keyboard shortcuts"), ("Control+k", "Search and commands")):
            page.keyboard.press(key)
            expect(page.get_by_role("dialog", name=name)).to_be_visible()
            assert reader.violations() == [], key
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog", name=name)).to_have_count(0)


def test_the_keyboard_goes_everywhere(reader: Reader) -> None:
    page = reader.page
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for key, name in (("t", "Trades"), ("s", "Strategies"), ("n", "News"), ("b", "Backtests"),
                      ("y", "System"), ("p", "Portfolio")):  # fmt: skip
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
        expect(page.locator("#main")).to_be_focused()
        assert page.evaluate("document.documentElement.scrollTop") == 0, "it begins at its top"
        page.evaluate("document.documentElement.scrollTop = 9999")
    page.keyboard.press("Control+k")
    page.keyboard.type("aapl")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="AAPL")).to_be_visible()


def test_the_theme_and_the_palette_are_kept(reader: Reader) -> None:
    page, root = reader.page, reader.page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Theme: dark").click()
    expect(root).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Distinct colours").click()
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")
    expect(root).to_have_attribute("data-palette", "distinct")
    reader.settled()
    assert reader.violations() == []


# A panel that is asked anew is drawn anew: all of them are clicked as they stand.
CLICK_ALL: Final = """() => {
  const found = [...document.querySelectorAll("button")].filter((b) => b.textContent === "Retry");
  found.forEach((button) => button.click());
  return found.length;
}"""


def asked_again(reader: Reader) -> bool:
    """Ask again where a panel offers it; tell whether none does any more."""
    count: int = reader.page.evaluate(CLICK_ALL)
    return count == 0


def test_an_api_that_is_away_is_said_on_every_page_and_comes_back(reader: Reader) -> None:
    """Requests of data are cut on their way; files and the sign-in are still to be had."""
    page = reader.page
    for path in PAGES[:-2]:
        page.route("**/api/**", lambda route: route.abort())
        reader.go(path)
        retry = page.get_by_role("button", name="Retry")
        expect(retry.first, path).to_be_visible()
        reader.settled()  # no panel waits for what will never come
        assert reader.violations() == [], path
        assert reader.sideways() == 0, path
        expect(page.get_by_text(NONSENSE)).to_have_count(0)
        page.unroute("**/api/**")
        eventually(lambda: asked_again(reader))
        reader.settled()


@pytest.fixture(scope="module")
def empty(services: Services, dashboard: Path) -> Iterator[Served]:
    """Serve a run whose flows have not begun: topics and tables are there, and nothing in them."""
    demo = Demo(services, Settings(), options(), Console(file=io.StringIO()))
    demo.prepare()
    demo.board.close()
    with served(demo.run, as_api(services, demo.run), dashboard=dashboard) as found:
        yield found


@pytest.mark.parametrize("width", [1440, 375])
def test_an_empty_system_says_the_next_step(empty: Served, browser: Browser, width: int) -> None:
    with Reader(browser, empty, width=width) as reader:
        reader.enter()
        for path in PAGES:
            empty.forget_calls()
            reader.go(path)
            reader.settled()
            assert reader.violations() == [], path
            assert reader.sideways() == 0, path
            must_stand_still(reader, path)
            expect(reader.page.get_by_text(NONSENSE)).to_have_count(0)
