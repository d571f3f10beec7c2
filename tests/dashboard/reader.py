"""Somebody before a browser, and what the browser says of the page's faults."""

import re
from pathlib import Path
from types import TracebackType
from typing import Final, Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.api.served import Served

AXE: Final = Path(__file__).parents[2] / "dashboard/node_modules/axe-core/axe.min.js"
WITHIN_MS: Final = 60_000  # far beyond what a busy machine needs
# What the browser says of answers that tests provoke on purpose.
EXPECTED: Final = re.compile(r"Failed to load resource|WebSocket connection to .* failed")
ZONE: Final = "America/New_York"
# Layout shifts that no key or click caused, as the browser adds them up.
SHIFTS: Final = """() => {
  window.shifted = 0;
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      window.shifted += entry.value;
      for (const { node, previousRect, currentRect } of entry.sources) {
        const name = (node?.outerHTML ?? node?.textContent ?? "").slice(0, 90);
        window.shifts.push(`${previousRect.y}+${previousRect.height} -> ${currentRect.y}+`
          + `${currentRect.height} ${name}`);
      }
    }
  }).observe({ type: "layout-shift", buffered: true });
}"""

expect.set_options(timeout=WITHIN_MS)


class Reader:
    """A browser's page on the dashboard; on leaving, nothing may have gone wrong in it.

    Attributes:
        page: Playwright's.
        faults: what the browser reported: errors of scripts, of the content policy, of React.
    """

    page: Page

    def __init__(
        self, browser: Browser, web: Served, *, width: int = 1440, height: int = 900,
        theme: Literal["dark", "light"] = "dark",
    ) -> None:  # fmt: skip
        """Take the browser and where the dashboard is served."""
        self._web = web
        self._context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, timezone_id=ZONE,
            reduced_motion="reduce",  # what is half faded in has no colour to judge
        )  # fmt: skip
        self.faults: list[str] = []

    def __enter__(self) -> "Reader":
        """Open an empty page."""
        self.page = self._context.new_page()
        self.page.set_default_timeout(WITHIN_MS)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._heard)
        self.page.add_init_script(f"({SHIFTS})()")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Close it; a fault that it reported is a failure."""
        self._context.close()
        if kind is None:
            assert self.faults == [], self.faults

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.faults.append(message.text)

    def enter(self, path: str = "/") -> None:
        """Sign in by a link of this machine's, at a page."""
        link = self._web.api.access.links.give()
        self.page.goto(f"{self._web.origin.public}{path}#link={link}")
        expect(self.page.get_by_role("navigation", name="Pages")).to_be_visible()

    def go(self, path: str) -> None:
        """Open a page as an address, keeping the sign-in of the cookie."""
        self.page.goto(f"{self._web.origin.public}{path}")
        expect(self.page.get_by_role("navigation", name="Pages")).to_be_visible()

    def settled(self) -> None:
        """Wait until no panel waits for data any more."""
        busy = self.page.locator('[aria-busy="true"]')
        expect(busy, self.page.url).to_have_count(0)

    def violations(self) -> list[str]:
        """Return what axe finds against the page, in a line each."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("() => axe.run()")
        return [
            f"{each['id']}: {each['help']}: {node['html'][:160]}"
            for each in found["violations"] for node in each["nodes"]
        ]  # fmt: skip

    def shifted(self) -> tuple[float, list[str]]:
        """Return the cumulative layout shift so far, and what moved."""
        value, moved = self.page.evaluate("() => [window.shifted, window.shifts]")
        return value, moved

    def sideways(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        value: int = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return value
