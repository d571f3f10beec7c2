"""Takes a picture of every page, light, dark and on a phone: `make screenshots`.

Plays three simulated days, holds the market in the third's afternoon, so that positions are open and
two days are archived, asks for two backtests and a proof, and writes docs/screenshots/*.png.
"""

import io
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from api.access.origin import Origin
from api.build import Serving, api_of, server_of
from api.context import Api
from benchmarks.dashboard_speed import chromium_of
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
HELD_AT: Final = "15:10"  # New York, of the third day
DRESSES: Final[tuple[tuple[str, Literal["dark", "light"], int, int], ...]] = (
    ("dark", "dark", 1440, 900), ("light", "light", 1440, 900), ("phone", "dark", 390, 844),
)  # fmt: skip
PAGES: Final = (
    ("portfolio", "/"), ("trades", "/trades?show=filled"), ("trades-denied", "/trades?show=denied"),
    ("strategies", "/strategies"), ("news", "/news"), ("backtests", "/backtests"),
    ("system", "/system"), ("ticker", "/tickers/{ticker}"), ("account", "/account"),
)  # fmt: skip


@contextmanager
def held_day(home: Path) -> Iterator[tuple[Api, str]]:
    """Play into the third day's afternoon and hold the market there; gives the API's address."""
    options = DemoOptions(None, None, "", 1, no_news=False, check=True, pace=400, days=3)
    settings = Settings()
    with Services(Home(home), settings) as services:
        demo = Demo(services, settings, options, Console(file=io.StringIO()))
        demo.prepare()
        port = free_port()
        origin = Origin(f"http://localhost:{port}", port, "tidewire_pictures")
        serving = Serving(
            demo.run, layout_as_api(services.home, demo.run), origin, b"k" * 32,
            lambda: flow_vitals(demo.run.path()), lambda: feed_vitals(demo.run.path()),
            starting(home, demo.run), built_files(),
        )  # fmt: skip
        player = threading.Thread(target=demo.play, daemon=True)
        with api_of(serving) as api:
            server = server_of(api)
            sockets = listening("localhost", port)
            threading.Thread(target=server.run, args=(sockets,), daemon=True).start()
            player.start()
            hold(demo)
            yield api, origin.public
            let_go(demo)
            server.should_exit = True
            player.join(300)


def hold(demo: Demo) -> None:
    """Stop the market once it is where it is wanted."""
    while True:
        time.sleep(0.2)
        reader = Reader(demo.run.database_url, demo.run.schema)
        day = reader.progress(demo.run.rules.account.name).day
        reader.close()
        if day >= f"2025-03-14 {HELD_AT}":
            break
    process = demo.supervisor.children["market"].process
    if process is not None:
        process.send_signal(signal.SIGSTOP)


def let_go(demo: Demo) -> None:
    """Let the market play to its end."""
    process = demo.supervisor.children["market"].process
    if process is not None:
        process.send_signal(signal.SIGCONT)
