"""A live stack that follows a feed: a strong headline becomes an order; kill -9 loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from confluent_kafka import Producer

from connectors.runs import load_run
from stack.audit.topic_reader import read_topics
from stack.home import Home
from stack.servers.database import EmbeddedDatabase
from tests.outside import outsider
from tests.scraping import scrape
from tests.waiting import eventually
from tests.web import Page, Web, rss, serving

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]
GOOD = "$MINE soars after record profit, analysts upgrade"
Say = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with serving() as served:
        served.pages["/broken"] = Page(b"<html>sign in</html>")
        yield served


@pytest.fixture(scope="module")
def say(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Say]:
    """Bring a stack up on two feeds, one of them broken; take it down in the end."""
    home = tmp_path_factory.mktemp("live") / "home"
    publish(web, "The board meets on Tuesday")
    env = {
        **os.environ, "TIDEWIRE_HOME": str(home), "TIDEWIRE_RISK__OFF": "MARKET_CLOSED",
        "TIDEWIRE_NEWS__FEEDS": f"good={web.url}/feed,bad={web.url}/broken",
        "TIDEWIRE_NEWS__INTERVAL_SECONDS": "0.3",
    }  # fmt: skip

    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "stack.cli", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
        return done.returncode, done.stdout + done.stderr

    code, said = run("up")
    assert code == 0, said
    try:
        yield run
    finally:
        run("down")
        EmbeddedDatabase(Home(home)).discard()


def publish(web: Web, *titles: str, path: str = "/feed") -> None:
    date = format_datetime(datetime.now(UTC))
    items = [(t, f"https://x.test/{abs(hash(t))}", date) for t in titles]
    web.pages[path] = Page(rss(*items), 200, {"content-type": "application/rss+xml"})


def up(say: Say) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(say("status", "--json")[1])
    return found


def of(say: Say, topic: str) -> list[dict[str, Any]]:
    there = up(say)
    reads = read_topics(load_run(Path(there["directory"])).layout, [topic])[topic]
    return [r.body for r in reads]


def wait_for(say: Say, topic: str, wanted: Callable[[list[dict[str, Any]]], bool]) -> None:
    eventually(lambda: wanted(of(say, topic)), what=lambda: of(say, topic)[-3:], step=0.3)


def bar(say: Say, price: float) -> None:
    """Write a bar of the minute that is just over, as an outside producer does."""
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    start = end - timedelta(minutes=1)
    fields = {
        "id": f"bar-MINE-{time.time_ns()}", "event_time": end.isoformat(), "ticker": "MINE",
        "start": start.isoformat(), "interval": "1m", "source": "mine", "open": price,
        "high": price, "low": price, "close": price, "volume": 5_000_000,
    }  # fmt: skip
    there = up(say)
    producer = Producer(outsider(there).settings())
    producer.produce(f"{there['prefix']}market.bars", json.dumps(fields).encode(), "MINE")
    assert producer.flush(60) == 0


def test_a_strong_headline_becomes_an_order_and_says_how_long_it_took(say: Say, web: Web) -> None:
    wait_for(say, "news.scored", lambda found: len(found) >= 1)
    bar(say, 100.0)
    wait_for(say, "market.bars", lambda found: len(found) >= 1)
    publish(web, "The board meets on Tuesday", GOOD)
    wait_for(say, "orders.requested", lambda found: len(found) == 1)
    scores = {s["title"]: s for s in of(say, "news.scored")}
    assert scores[GOOD]["ticker"] == "MINE"
    assert scores[GOOD]["model_used"].startswith("instant/")
    code, said = say("delays", "--json")
    assert code == 0
    journey = json.loads(said)
    assert journey["ticker"] == "MINE"
    hops = journey["hops"]
    assert list(hops) == ["fetched", "news.raw", "news.scored", "signals.generated",
                          "trade.decisions", "orders.requested"]  # fmt: skip
    assert sum(hops.values()) == pytest.approx(journey["total_ms"], abs=1)
    assert 0 < journey["total_ms"] < 30_000
    assert "orders.requested" in say("delays")[1]


def test_the_feeds_tell_how_they_are(say: Say) -> None:
    eventually(lambda: "HTML_PAGE" in say("feeds")[1], what=lambda: say("feeds")[1], step=0.3)
    code, told = say("feeds", "--json")
    feeds = {f["feed"]: f for f in json.loads(told)}
    assert code == 1
    assert feeds["good"]["state"] == "healthy"
    assert feeds["good"]["last_item"] is not None
    assert feeds["bad"]["errors"] > 0
    assert feeds["bad"]["back_off_s"] > 0
    port = next(f["metrics_port"] for f in up(say)["flows"] if f["flow"] == "news")
    metrics = scrape(port) or ""
    for name in ("feed_entries_total", "feed_errors_total", "feed_last_success_seconds",
                 "feed_last_item_seconds", "feed_back_off_seconds", "feed_fetch_seconds_bucket",
                 "feed_delay_seconds_bucket"):  # fmt: skip
        assert f"tidewire_{name}{{" in metrics, name
    told_on = {f["feed"]: f["state"] for f in of(say, "feeds.health")}
    assert told_on == {"good": "healthy", "bad": "failing"}


def test_feeds_check_prints_what_it_would_publish(say: Say, web: Web) -> None:
    """The address is one that the running stack does not read."""
    publish(web, GOOD, path="/elsewhere")
    code, said = say("feeds", "check", f"{web.url}/elsewhere")
    assert code == 0
    assert f"{GOOD}  [MINE]" in said
    code, said = say("feeds", "check", f"{web.url}/elsewhere", "--json")
    assert {json.loads(line)["title"] for line in said.splitlines()} >= {GOOD}
    code, said = say("feeds", "check")
    assert code == 1
    assert "bad: HTML_PAGE" in said


def test_killed_flows_lose_and_double_nothing(say: Say, web: Web) -> None:
    """News and score are killed again and again while two hundred headlines come in."""
    titles = [f"Headline number {i} of the storm" for i in range(200)]
    for step in range(10):
        publish(web, *titles[: (step + 1) * 20][-60:])
        web.asked.clear()
        eventually(lambda: web.asked)
        kill(say, "news" if step % 2 else "score")
    publish(web, *titles[-60:])

    def whole(topic: str) -> Callable[[list[dict[str, Any]]], bool]:
        return lambda found: set(titles[-60:]) <= {r["title"] for r in found}

    wait_for(say, "news.raw", whole(""))
    wait_for(say, "news.scored", whole(""))
    raw, scored = of(say, "news.raw"), of(say, "news.scored")
    assert len({a["content_hash"] for a in raw}) == len(raw)
    assert len({s["id"] for s in scored}) == len(scored)
    assert {s["article_id"] for s in scored} == {a["id"] for a in raw}
    assert up(say)["up"]


def kill(say: Say, flow: str) -> None:
    directory = Path(up(say)["directory"])
    pid = json.loads((directory / "status" / f"{flow}.json").read_text())["pid"]
    try:
        process = psutil.Process(pid)
        if "flow" in process.cmdline():
            process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return
