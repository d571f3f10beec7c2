"""How soon the dashboard paints, and whether it stays smooth while events rain: `make bench-ui`.

Plays a day, serves it with the dashboard, and opens the portfolio in headless Chromium. Prints one
JSON line: Largest Contentful Paint of fresh loads, the longest task while 200 events a second come
by the socket, and beside them how long a loop of plain JavaScript takes in the same browser, so
that figures of two machines can be compared.
"""

import io
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from api.build import api_of, server_of
from api.context import Api
from benchmarks.bench_run import serving
from benchmarks.browser import chromium
from connectors.settings import Settings
from messages.topics import PORTFOLIO_SNAPSHOTS, SIGNALS_GENERATED, TRADES_EXECUTED
from stack.dashboard import DashboardBuild, built_files
from stack.home import Home, free_port
from stack.listening import listening
from stack.runtime.demo import Demo, DemoOptions
from stack.servers.services import Services

RATE: Final = 200
RAIN_S: Final = 20.0
LOADS: Final = 5
REST_MS: Final = 2_000
KINDS: Final = (SIGNALS_GENERATED.name, TRADES_EXECUTED.name, PORTFOLIO_SNAPSHOTS.name)
OBSERVED: Final = """() => {
  window.paints = [];
  window.long = [];
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take))
    .observe({ type, buffered: true });
  watch("largest-contentful-paint", (entry) => window.paints.push(entry.startTime));
  watch("longtask", (entry) => window.long.push(entry.duration));
}"""
CALIBRATION: Final = """() => {
  const began = performance.now();
  let sum = 0;
  for (let i = 0; i < 5e7; i += 1) sum = (sum + i * 31) % 1000003;
  return [performance.now() - began, sum];
}"""


@contextmanager
def served_day(home: Path) -> Iterator[tuple[Api, str]]:
    """Play a day and serve it with its dashboard; gives the API and its address."""
    options = DemoOptions(None, None, "", 1, no_news=False, check=True)
    with Services(Home(home), Settings()) as services:
        demo = Demo(services, Settings(), options, Console(file=io.StringIO()))
        demo.prepare()
        demo.play()
        port = free_port()
        with api_of(serving(demo.run, port, built_files())) as api:
            server = server_of(api)
            thread = threading.Thread(
                target=server.run, args=(listening("localhost", port),), daemon=True
            )
            thread.start()
            yield api, f"http://localhost:{port}"
            server.should_exit = True
            thread.join(30)


def opened(browser: Browser, api: Api, origin: str) -> Page:
    """Open the portfolio in a browser that has nothing kept, and wait until all is shown."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(f"({OBSERVED})()")
    page.goto(f"{origin}/#link={api.access.links.give()}")
    page.get_by_role("navigation", name="Pages").wait_for()
    page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
    api.access.limits._limiter.storage.reset()  # noqa: SLF001  # all loads come from one machine
    return page


def rain(api: Api, page: Page) -> list[float]:
    """Tell so many events a second for a while; returns the tasks that were long, milliseconds."""
    page.evaluate("() => { window.long = []; }")
    began, told = time.perf_counter(), 0
    while (now := time.perf_counter() - began) < RAIN_S:
        while told < now * RATE:
            api.live.say(KINDS[told % len(KINDS)], event(told))
            told += 1
        page.wait_for_timeout(5)
    found: list[float] = page.evaluate("() => window.long")
    return found


def event(number: int) -> dict[str, Any]:
    """Return data that the page has something to do for."""
    return {
        "id": f"bench-{number}", "ticker": "AAPL", "side": "BUY", "qty": 1, "price": "45.0000",
        "status": "EXPIRED", "pnl": None, "at": "2025-03-12T15:00:00Z",
    }  # fmt: skip


def measure(home: Path) -> dict[str, Any]:
    """Return every figure."""
    build = DashboardBuild(lambda line: print(line, file=sys.stderr))  # noqa: T201
    build.start()
    build.wait()
    with served_day(home) as (api, origin), sync_playwright() as playwright:
        browser = chromium(playwright)
        paints, loops = [], []
        for _ in range(LOADS):
            page = opened(browser, api, origin)
            paints.append(page.evaluate("() => window.paints.at(-1)"))
            loops.append(page.evaluate(CALIBRATION)[0])
            page.context.close()
        page = opened(browser, api, origin)
        page.locator("canvas").first.wait_for()
        page.wait_for_timeout(REST_MS)  # the chart comes after all else, and is drawn once
        long = rain(api, page)
        loops.append(page.evaluate(CALIBRATION)[0])
        browser.close()
    return {
        "lcp_ms": round(median(paints)), "lcp_ms_each": [round(each) for each in paints],
        "events_per_s": RATE, "long_tasks": len(long), "longest_task_ms": max(long, default=0),
        "loop_ms": round(median(loops)), "loop_ms_each": [round(each) for each in loops],
    }  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        sys.stdout.write(json.dumps(measure(Path(place))) + "\n")
