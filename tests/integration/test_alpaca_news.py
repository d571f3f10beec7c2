"""Alpaca's news by the real SDK against a stand-in: stream, back-fill, revisions, refusals."""

import asyncio
import gc
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgpack
import pytest
import requests
from pydantic import SecretStr
from websockets.exceptions import SecurityError

from connectors.feed import alpaca_news
from connectors.feed.alpaca_news import AlpacaNewsFeed, NewsStream, row_of
from connectors.feed.failures import FeedFailed
from connectors.feed.params import NewsParams
from messages.control import DeadLetter
from messages.news import RawArticle
from operators.admission import AdmitArticles, InputRow
from operators.blocks import Block, Event
from tests.alpaca_double import AlpacaDouble, alpaca, frame
from tests.broker.raw import hangs, raw, says
from tests.waiting import eventually

# The SDK's own: it closes its socket late.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
KEY, SECRET = "PKQJ7WZ2X4", "vTq9Lm3RzX7cKd"


@pytest.fixture
def double() -> Iterator[AlpacaDouble]:
    with alpaca() as running:
        yield running


@pytest.fixture
def feed(double: AlpacaDouble) -> Iterator[AlpacaNewsFeed]:
    where = f"127.0.0.1:{double.port}"
    made = AlpacaNewsFeed(
        NewsParams(alpaca_key=KEY, alpaca_secret=SecretStr(SECRET), alpaca_stream=f"ws://{where}/stream",
                   alpaca_rest=f"http://{where}", timeout_seconds=30)
    )  # fmt: skip
    yield made
    made.close()
    for thread in threading.enumerate():
        if thread.name == "alpaca-news":
            thread.join(60)
    gc.collect()  # here, where the SDK's forgotten sockets are forgiven


def rows_until(feed: AlpacaNewsFeed, memory: dict[str, Any], count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def enough() -> bool:
        with suppress(FeedFailed):
            poll = feed.poll(memory)
            memory.update(poll.memory)
            found.extend(poll.rows)
        return len(found) >= count

    eventually(enough, what=lambda: found)
    return found


def connected(double: AlpacaDouble, feed: AlpacaNewsFeed, memory: dict[str, Any], n: int) -> None:
    def there() -> bool:
        with suppress(FeedFailed):
            memory.update(feed.poll(memory).memory)
        return double.connections >= n

    eventually(there)
    assert double.connections == n


def test_the_stream_and_what_was_missed_while_it_was_down(
    double: AlpacaDouble, feed: AlpacaNewsFeed
) -> None:
    memory: dict[str, Any] = {}
    connected(double, feed, memory, 1)
    double.send(frame(1, "Apple &amp; up", symbols=["AAPL", "BTCUSD", "BTC/USD", 7]))
    first = rows_until(feed, memory, 1)[0]
    assert (first["title"], first["tickers"]) == ("Apple & up", ("AAPL", "BTCUSD"))
    assert first["source"] == "alpaca:benzinga"
    missed = {**frame(2, "Missed"), "created_at": "2026-11-25T10:00:00Z",
              "updated_at": "2026-11-25T10:00:00Z"}  # fmt: skip
    del missed["T"]
    double.rest = [missed]
    asked = len(double.asked)
    double.drop()
    assert rows_until(feed, memory, 1)[0]["title"] == "Missed"
    since = datetime.fromisoformat(double.asked[asked]["start"])
    assert datetime.now(UTC) - since < timedelta(minutes=5)


def test_the_keys_are_in_no_log(
    double: AlpacaDouble, feed: AlpacaNewsFeed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    connected(double, feed, {}, 1)
    for part in (KEY[:4], KEY[-4:], SECRET[:4], SECRET[-4:]):  # frames in a log are shortened
        assert part not in caplog.text
        assert part.encode().hex(" ") not in caplog.text


def test_rest_sends_nothing_of_a_netrc_and_asks_a_server_here_without_a_proxy(
    double: AlpacaDouble, feed: AlpacaNewsFeed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    connected(double, feed, {}, 1)
    assert double.asked
    assert feed._client._session.auth is not None
    prepared = feed._client._session.prepare_request(
        requests.Request("GET", f"http://127.0.0.1:{double.port}/")
    )
    assert "Authorization" not in prepared.headers


def test_a_headline_is_no_html_and_a_missing_one_is_the_text() -> None:
    assert row_of(frame(1, "KO <PEP, says R&amp;D"))["title"] == "KO <PEP, says R&D"
    fields = {**frame(1, ""), "content": "<p>Cans are <b>full</b></p>", "source": "x\x1b[2J"}
    row = row_of(fields)
    assert (row["title"], row["source"]) == ("Cans are full", "alpaca:x [2J")


def test_a_later_update_is_a_revision() -> None:
    operator = AdmitArticles(0, live=True)
    created = datetime(2026, 11, 25, 10, tzinfo=UTC)
    found = []
    for minutes in (0, 0, 5, 9):
        moment = (created + timedelta(minutes=minutes)).isoformat()
        fields = {**frame(1, "Apple up"), "created_at": created.isoformat(), "updated_at": moment}
        row = {k: v for k, v in row_of(fields).items() if k != "fetched_for"}
        out = operator.step(Block([Event(1, "", InputRow(0, row))], 1)).events
        found += [e.body.revision for e in out if isinstance(e.body, RawArticle)]
    assert found == [0, 1, 2]


def test_refused_keys_and_a_refusing_rest(double: AlpacaDouble, feed: AlpacaNewsFeed) -> None:
    double.rest_status, double.good_keys = 403, False
    with pytest.raises(FeedFailed, match="HTTP_403"):
        feed.poll({})
    double.rest_status = 200

    def told() -> bool:
        with pytest.raises(FeedFailed, match="STREAM_DOWN") as failed:
            feed.poll({})
        return "auth failed" in str(failed.value)

    eventually(told)


@pytest.mark.parametrize(
    "article",
    [None, {}, {"id": 1}, {"headline": None, "symbols": None}, {"created_at": "yesterday"},
     {"headline": "x", "created_at": 12, "updated_at": "2026-01-01"}],
)  # fmt: skip
def test_odd_articles_are_refused_with_a_reason(article: Any) -> None:
    row = {k: v for k, v in row_of(article).items() if k != "fetched_for"}
    out = AdmitArticles(0, live=True).step(Block([Event(1, "", InputRow(0, row))], 1)).events
    assert all(isinstance(e.body, RawArticle | DeadLetter) for e in out)


def test_the_first_look_waits_for_the_stream(double: AlpacaDouble, feed: AlpacaNewsFeed) -> None:
    """So `feeds check` does not call a quiet hour a failure."""
    assert feed.poll({}).rows == []
    assert double.asked


def admitted(rows: list[dict[str, Any]]) -> list[RawArticle | DeadLetter]:
    events = [Event(1, "", InputRow(i, row)) for i, row in enumerate(rows)]
    found = [e.body for e in AdmitArticles(0, live=True).step(Block(events, 1)).events]
    assert all(isinstance(b, RawArticle | DeadLetter) for b in found)
    return found  # type: ignore[return-value]


@pytest.mark.recorded
def test_recorded_frames_over_the_stream(
    double: AlpacaDouble, feed: AlpacaNewsFeed, recorded: Path
) -> None:
    """Bars, trades and quotes among them are no news; binary times are put back."""
    frames = json.loads((recorded / "alpaca/alpaca_py_ws_frames.json").read_text())
    now = msgpack.Timestamp.from_datetime(datetime.now(UTC))
    frames = [{k: now if v == "<msgpack.Timestamp>" else v for k, v in f.items()} for f in frames]
    assert len(frames) == 8
    memory: dict[str, Any] = {}
    connected(double, feed, memory, 1)
    double.send(*[f for f in frames if f["T"] != "n"], *[f for f in frames if f["T"] == "n"])
    news = [f for f in frames if f["T"] == "n"]
    found = [b for b in admitted(rows_until(feed, memory, len(news))) if isinstance(b, RawArticle)]
    assert [b.symbols for b in found] == [("A",), ("AVGO",)]
    assert [b.title for b in found] == [f["headline"] for f in news]


@pytest.mark.recorded
def test_recorded_answers_over_rest(
    double: AlpacaDouble, feed: AlpacaNewsFeed, recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is news: each is rows that are refused, or a failure with a reason."""
    monkeypatch.setattr(alpaca_news, "MAX_PAGES", 20)
    answers = json.loads((recorded / "alpaca/alpaca_py_responses.json").read_text())
    bodies = [a["body"] for a in answers]
    bodies += [{"news": b if isinstance(b, list) else [b]} for b in bodies]
    for body in bodies:
        double.body = body
        feed._missed.set()
        with suppress(FeedFailed):
            assert not any(isinstance(b, RawArticle) for b in admitted(feed.poll({}).rows))
    assert len(double.asked) >= len(bodies)


def test_pages_without_end_are_a_failure(
    double: AlpacaDouble, feed: AlpacaNewsFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alpaca_news, "MAX_PAGES", 5)
    double.body = {"news": [], "next_page_token": "again"}
    for _ in range(2):
        with pytest.raises(FeedFailed, match="TOO_MANY_PAGES"):
            feed.poll({})
    assert len(double.asked) == 10


def test_a_stream_that_is_sent_elsewhere_does_not_go_there() -> None:
    with raw(hangs) as elsewhere:
        with raw(says(302, b"", f"Location: ws://localhost:{elsewhere.port}/")) as server:
            stream = NewsStream(KEY, SECRET, f"ws://127.0.0.1:{server.port}", lambda: None)
            with pytest.raises(SecurityError, match="elsewhere"):
                asyncio.run(stream._start_ws())
        assert elsewhere.asked == []
        assert "elsewhere" in stream.trouble
