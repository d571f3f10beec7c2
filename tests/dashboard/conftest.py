"""A real browser on the real dashboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from benchmarks.browser import chromium
from stack.dashboard import DashboardBuild, built_files, is_fresh, sources
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, served
from tests.dashboard.reader import Reader


@pytest.fixture(scope="session")
def dashboard() -> Path:
    """Build the dashboard, where it is not; whoever runs beside waits for the one build."""
    said: list[str] = []
    build = DashboardBuild(said.append)
    build.start()
    build.wait()
    checkout = sources()
    assert checkout is not None
    assert is_fresh(checkout), said
    return built_files()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a browser; Playwright's event loop runs until it ends, so it ends with its module."""
    with sync_playwright() as playwright:
        running = chromium(playwright)
        yield running
        running.close()


@pytest.fixture(scope="module")
def web(services: Services, played_day: Demo, dashboard: Path) -> Iterator[Served]:
    """Serve the played day with its dashboard."""
    with served(played_day.run, as_api(services, played_day.run), dashboard=dashboard) as found:
        yield found


@pytest.fixture
def reader(web: Served, browser: Browser) -> Iterator[Reader]:
    """Somebody who is signed in by the link; a fault that the browser reports fails the test."""
    web.forget_calls()
    with Reader(browser, web) as found:
        found.enter()
        yield found
