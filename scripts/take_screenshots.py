"""Takes a picture of every page, light, dark and on a phone: `make screenshots`.

Plays three simulated days, slows the market down in the third's afternoon, so that positions are
open and two days are archived, asks for two backtests, and writes docs/screenshots/*.png.
"""

import io
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import httpx
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console

from api.access.origin import Origin
from api.build import Serving, api_of, server_of
from api.context import Api
from benchmarks.browser import chromium
from connectors.settings import Settings
from connectors.storage.queries import Reader
from stack.commanding import layout_as_api
from stack.dashboard import DashboardBuild, built_files
from stack.home import Home, free_port
from stack.jobs import starting
from stack.listening import listening
from stack.runtime.demo import Demo, DemoOptions
from stack.runtime.vital_signs import feed_vitals, flow_vitals
from stack.servers.services import Services

TARGET: Final = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
SLOW_FROM: Final = "14:20"  # New York, of the third day
RUN_S, REST_S = 0.1, 1.5  # of the market, while pictures are taken
ZONE: Final = "America/New_York"
PHONE: Final = 768
Dress = tuple[str, Literal["dark", "light"], int, int]
DRESSES: Final[tuple[Dress, ...]] = (
    ("dark", "dark", 1440, 900), ("light", "light", 1440, 900), ("phone", "dark", 390, 844),
)  # fmt: skip
PAGES: Final = (
    ("portfolio", "/"), ("trades", "/trades?show=filled"), ("trades-denied", "/trades?show=denied"),
    ("strategies", "/strategies"), ("news", "/news"), ("backtests", "/backtests"),
    ("system", "/system"), ("ticker", "/tickers/{ticker}"), ("account", "/account"),
)  # fmt: skip


@contextmanager
def held_day(home: Path) -> Iterator[tuple[Api, str]]:
    """Play into the third day's afternoon and go on slowly; gives the API and its address."""
    options = DemoOptions(None, None, "", 1, no_news=False, check=True, pace=250, days=3)
    settings = Settings()
    with Services(Home(home), settings) as services:
        demo = Demo(services, settings, options, Console(file=io.StringIO()))
        demo.prepare()
        port = free_port()
        origin = Origin(f"http://localhost:{port}", port, "tidewire_pictures")
        serving = Serving(
            demo.run, layout_as_api(services.home, demo.run), origin, b"k" * 32,
            lambda: flow_vitals(demo.run.path(), live=False), lambda: feed_vitals(demo.run.path()),
            starting(home, demo.run), built_files(),
        )  # fmt: skip
        player = threading.Thread(target=demo.play, daemon=True)
        with api_of(serving) as api:
            server = server_of(api)
            sockets = listening("localhost", port)
            threading.Thread(target=server.run, args=(sockets,), daemon=True).start()
            player.start()
            wait_for_afternoon(demo)
            seen = threading.Event()
            slow = threading.Thread(target=slow_down, args=(demo, seen))
            slow.start()
            yield api, origin.public
            seen.set()
            slow.join()
            server.should_exit = True
            player.join(300)


def wait_for_afternoon(demo: Demo) -> None:
    """Return once the market is where pictures are wanted."""
    day = ""
    while day < f"2025-03-14 {SLOW_FROM}":
        time.sleep(0.2)
        reader = Reader(demo.run.database_url, demo.run.schema)
        day = reader.progress(demo.run.rules.account.name).day
        reader.close()


def slow_down(demo: Demo, seen: threading.Event) -> None:
    """Let the market run for a moment and rest for longer, until everything was seen."""
    process = demo.supervisor.children["market"].process
    while process is not None and not seen.is_set():
        process.send_signal(signal.SIGSTOP)
        time.sleep(REST_S)
        process.send_signal(signal.SIGCONT)
        time.sleep(RUN_S)


class Visitor:
    """A browser's page that is signed in, and takes pictures of itself."""

    def __init__(self, browser: Browser, api: Api, origin: str, dress: Dress) -> None:
        """Sign in by a link."""
        self._name, theme, width, height = dress
        self._api, self._origin = api, origin
        scale = 2 if width < PHONE else 1
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, timezone_id=ZONE,
            device_scale_factor=scale, reduced_motion="reduce",
        )  # fmt: skip
        self.page = context.new_page()
        self.page.goto(origin)
        self.page.get_by_role("heading", name="Sign in to your desk").wait_for()
        self.shoot("login")
        self.page.goto("about:blank")
        self.page.goto(f"{origin}/#link={api.access.links.give()}")
        self.page.get_by_role("navigation", name="Pages").wait_for()

    def go(self, path: str) -> None:
        """Open a page and wait until all of it is there."""
        self._api.access.limits._limiter.storage.reset()  # noqa: SLF001  # one person, many pages
        self.page.goto(self._origin + path)
        self.page.get_by_role("navigation", name="Pages").wait_for()
        self.settle()

    def settle(self) -> None:
        """Wait until no panel waits and every chart is drawn."""
        self.page.wait_for_timeout(500)
        self.page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
        self.page.wait_for_timeout(1_000)

    def shoot(self, name: str) -> None:
        """Keep what is to be seen."""
        self.page.screenshot(path=TARGET / f"{name}-{self._name}.png")


def tour(visitor: Visitor, ticker: str, runs: list[str]) -> None:
    """Look at everything."""
    page = visitor.page
    for name, path in PAGES:
        visitor.go(path.format(ticker=ticker))
        visitor.shoot(name)
    for show in ("filled", "denied"):
        visitor.go(f"/trades?show={show}")
        page.locator("table button[aria-expanded=false]").nth(1).click()
        visitor.settle()
        visitor.shoot(f"lineage-{show}")
    visitor.go(f"/backtests/{runs[0]}")
    visitor.shoot("backtest")
    visitor.go(f"/backtests/{runs[0]}?with={runs[1]}")
    visitor.shoot("compare")
    visitor.go("/")
    page.get_by_role("button", name="Halt", exact=True).click()
    visitor.settle()
    visitor.shoot("halt")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    visitor.settle()
    visitor.shoot("palette")


def backtests(api: Api, origin: str) -> list[str]:
    """Ask for two backtests over the archived days, and wait for them; returns their ids."""
    person, _ = api.access.sessions.begin("pictures", "ada", "owner")
    bearer = {"Authorization": f"Bearer {api.access.tokens.of(person)}"}
    found = []
    with httpx.Client(base_url=origin, headers=bearer, timeout=60) as client:
        for number, slippage in enumerate((1, 10)):
            asked = {"first": "2025-03-12", "last": "2025-03-13", "slippage_bps": slippage}
            key = {"Idempotency-Key": f"picture-{number}"}
            taken = client.post("/api/backtest/run", json=asked, headers=key).raise_for_status()
            found.append(taken.json()["run_id"])
        while any(
            client.get(f"/api/backtest/{id_}").json()["status"] in ("queued", "running")
            for id_ in found
        ):
            time.sleep(1)
    return found


def main() -> None:
    """Take all pictures."""
    build = DashboardBuild(print)
    build.start()
    build.wait()
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, held_day(Path(place)) as (api, origin):
        runs = backtests(api, origin)
        with sync_playwright() as playwright:
            browser = chromium(playwright)
            for dress in DRESSES:
                tour(Visitor(browser, api, origin, dress), "NVDA", runs)
            browser.close()


if __name__ == "__main__":
    main()
