"""A flow does what its run.json says, whatever the shell that starts it has set."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.feed.params import NewsParams
from connectors.settings import Settings
from messages.topics import EVERY_TOPIC
from stack.home import Home
from stack.runtime.new_run import new_run
from stack.servers.services import Services
from tests.waiting import eventually
from tests.web import Page, Web, rss, serving

pytestmark = pytest.mark.timeout(120)
OTHERS = {
    "TIDEWIRE_NEWS__FEEDS": "other=http://127.0.0.1:9/none",
    "TIDEWIRE_NEWS__INTERVAL_SECONDS": "86400",
    "TIDEWIRE_LOG_LEVEL": "nonsense",
    "TIDEWIRE_METRICS": "nonsense",
    "TIDEWIRE_CONFIG": "/no/such/file.toml",
    "TIDEWIRE_BOOTSTRAP": "127.0.0.1:9",
    "TIDEWIRE_SCORING__TIER": "nonsense",
}


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as served:
        yield served


@pytest.mark.parametrize("environment", [{}, OTHERS], ids=["same", "other"])
def test_the_news_flow_follows_the_run_s_feeds(
    tmp_path: Path, web: Web, environment: dict[str, str]
) -> None:
    web.pages["/feed"] = Page(rss(("A headline", "https://example.com/1", "")))
    settings = Settings(
        news=NewsParams(feeds=(f"mine={web.url}/feed",), interval_seconds=0.2), metrics=False,
        database_url=SecretStr("postgresql://unused"),
    )  # fmt: skip
    home, now = Home(tmp_path / "home", min_free_bytes=0), datetime.now(UTC)
    with Services(home, settings, in_memory=True) as services:
        run = new_run(services, settings, "live", now, 1)
        run.save()
        services.make_topics(run.layout, EVERY_TOPIC)
        command = [sys.executable, "-m", "stack.cli", "flow", "news", "--run", run.directory]
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TIDEWIRE_")}
        with subprocess.Popen(
            command, cwd=tmp_path, env={**clean, **environment}, stderr=subprocess.PIPE, text=True
        ) as flow:
            try:
                feeds = eventually(lambda: told(run.path("status", "feeds.json"), flow))
            finally:
                flow.terminate()
                flow.wait(30)
    assert [feed["feed"] for feed in feeds] == ["mine"]
    assert len(web.asked) > 1, "asked once a fifth of a second, not once a day"


def told(file: Path, flow: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """Return what the flow tells of its feeds once one has given an entry."""
    assert flow.poll() is None, flow.stderr and flow.stderr.read()
    if not file.exists():
        return []
    feeds: list[dict[str, Any]] = json.loads(file.read_text())
    return feeds if sum(feed["entries"] for feed in feeds) else []
