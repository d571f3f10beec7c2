"""Reddit by the real praw against a local server: recorded answers, scores, and refusals."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.feed.failures import FeedFailed
from connectors.feed.params import NewsParams
from connectors.feed.reddit import RedditFeed, post_of, reddit_of
from messages.control import DeadLetter
from messages.news import RawArticle
from operators.admission import AdmitArticles, InputRow
from operators.blocks import Block, Event
from tests.web import Page, Web, serving

JSON = {"content-type": "application/json", "x-ratelimit-remaining": "90", "x-ratelimit-used": "1",
        "x-ratelimit-reset": "300"}  # fmt: skip
TOKEN = Page(b'{"access_token": "t", "token_type": "bearer", "expires_in": 3600, "scope": "*"}',
             200, JSON)  # fmt: skip


def listing(*posts: dict[str, Any]) -> Page:
    children = [{"kind": "t3", "data": {**post, "id": post["name"]}} for post in posts]
    body = {"kind": "Listing", "data": {"after": None, "before": None, "children": children}}
    return Page(json.dumps(body).encode(), 200, JSON)


def post(name: str, score: int, title: str = "AAPL to the moon", **more: Any) -> dict[str, Any]:
    return {
        "name": name, "title": title, "score": score, "created_utc": 1_700_000_000.0,
        "selftext": "some *text*", "permalink": f"/r/stocks/comments/{name}/x/", **more,
    }  # fmt: skip


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as served:
        served.pages["/api/v1/access_token"] = TOKEN
        served.pages["/r/stocks/hot"] = served.pages["/r/stocks/new"] = listing()
        yield served


@pytest.fixture
def feed(web: Web) -> Iterator[RedditFeed]:
    params = NewsParams(reddit_id="id", reddit_url=web.url, timeout_seconds=5)
    made = RedditFeed(reddit_of(params), "stocks", 50, 60)
    yield made
    made.close()


def test_posts_from_a_score_on_once(web: Web, feed: RedditFeed) -> None:
    web.pages["/r/stocks/hot"] = listing(post("a", 60), post("b", 10), post("c", 99, stickied=True))
    web.pages["/r/stocks/new"] = listing(post("a", 60))
    found = feed.poll({})
    assert [(r["title"], r["content"]) for r in found.rows] == [("AAPL to the moon", "some *text*")]
    assert found.rows[0]["url"] == "https://www.reddit.com/r/stocks/comments/a/x/"
    assert feed.poll(found.memory).rows == []


def test_a_risen_score_is_a_revision(web: Web, feed: RedditFeed) -> None:
    operator, revisions = AdmitArticles(0, live=True), list[tuple[int, int]]()
    memory: dict[str, Any] = {}
    for score in (20, 50, 70, 100, 120, 250):
        web.pages["/r/stocks/hot"] = listing(post("a", score))
        found = feed.poll(memory)
        memory = dict(found.memory)
        events = [Event(1, "", InputRow(i, row)) for i, row in enumerate(found.rows)]
        out = operator.step(Block(events, 1)).events
        revisions += [(score, e.body.revision) for e in out if isinstance(e.body, RawArticle)]
        assert not any(isinstance(e.body, DeadLetter) for e in out)
    assert revisions == [(50, 0), (100, 1), (250, 2)]


def test_a_post_is_no_html_and_a_bad_one_costs_no_other(web: Web, feed: RedditFeed) -> None:
    page = listing(
        post("a", 60, "KO <PEP, says &amp; R&D", selftext="if x <b and y> &lt; *z*"),
        post("b", 60, created_utc=1e300), post("c", 60, created_utc="soon"),
        post("d", 60, "", selftext="Only a text"), post("e", 60, "", selftext=""),
        post("f", 60, selftext=None), post("g", 60, permalink=7), post("h", 60) | {"title": None},
    )  # fmt: skip
    body = json.loads(page.body)
    body["data"]["children"] += [{"odd": 1}, None, 7]
    web.pages["/r/stocks/hot"] = Page(json.dumps(body).encode(), 200, JSON)
    found = {row["url"].split("/")[-3]: row for row in feed.poll({}).rows}
    assert (found["a"]["title"], found["a"]["content"]) == (
        "KO <PEP, says &amp; R&D", "if x <b and y> &lt; *z*",
    )  # fmt: skip
    assert found["b"]["undated"]
    assert found["c"]["undated"]
    assert found["d"]["title"] == "Only a text"
    assert found["f"]["content"] == ""
    assert found["h"]["title"] == "some *text*"
    assert "e" not in found


def test_a_wish_is_bounded(web: Web, feed: RedditFeed) -> None:
    for wish, wait in (("1e12", 86_400), ("nan", 0), ("soon", 0), ("-3", 0)):
        web.pages["/r/stocks/hot"] = Page(b"{}", 429, {"retry-after": wish, **JSON})
        with pytest.raises(FeedFailed) as failed:
            feed.poll({})
        assert failed.value.retry_after_s == wait


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page(b"{}", 429, {"retry-after": "12", **JSON}), "HTTP_429"),
        (Page(b"{}", 403, JSON), "HTTP_403"),
        (Page(b"{}", 404, JSON), "HTTP_404"),
        (Page(b"<html>", 200, JSON), "UNPARSABLE"),
        (Page(b'{"kind": "Listing"}', 200, JSON), "UNPARSABLE"),
        (Page(b"[1, 2]", 200, JSON), "UNPARSABLE"),
    ],
    ids=["429", "403", "404", "html", "no children", "a list"],
)
def test_refusals_are_reasons(web: Web, feed: RedditFeed, page: Page, reason: str) -> None:
    web.pages["/r/stocks/hot"] = page
    with pytest.raises(FeedFailed) as failed:
        feed.poll({})
    assert failed.value.reason == reason
    assert failed.value.retry_after_s == (12 if reason == "HTTP_429" else 0)


def test_wrong_keys(web: Web, feed: RedditFeed) -> None:
    web.pages["/api/v1/access_token"] = Page(b'{"error": "invalid_grant"}', 401, JSON)
    with pytest.raises(FeedFailed, match=r"HTTP_401|REDDIT_LOGIN"):
        feed.poll({})


@pytest.mark.recorded
def test_every_recorded_answer_is_posts_or_a_reason(
    web: Web, feed: RedditFeed, recorded: Path
) -> None:
    articles = 0
    for file in sorted((recorded / "reddit").glob("*.responses.json.gz")):
        for answer in json.loads(gzip.decompress(file.read_bytes())):
            if answer["method"] != "GET":
                continue
            body = json.dumps(answer["body"]).encode()
            headers = {**JSON, "location": "/elsewhere"} if answer["status"] == 302 else JSON
            web.pages["/r/stocks/hot"] = Page(body, int(answer["status"]), headers)
            try:
                rows = feed.poll({}).rows
            except FeedFailed:
                continue
            events = [Event(1, "", InputRow(i, row)) for i, row in enumerate(rows)]
            out = [e.body for e in AdmitArticles(0, live=True).step(Block(events, 1)).events]
            assert all(isinstance(b, RawArticle | DeadLetter) for b in out)
            articles += sum(isinstance(b, RawArticle) for b in out)
    assert articles > 100


@pytest.mark.recorded
def test_posts_of_wallstreetbets(web: Web, feed: RedditFeed, recorded: Path) -> None:
    lines = gzip.decompress((recorded / "reddit/wsb_posts.jsonl.gz").read_bytes()).splitlines()
    rows = [json.loads(line) for line in lines]
    for start in range(0, len(rows), 100):
        part = rows[start : start + 100]
        web.pages["/r/stocks/hot"] = listing(
            *(post(r["id"], max(50, r["score"]), r["title"], selftext=r["content"]) for r in part)
        )
        found = feed.poll({}).rows
        events = [Event(1, "", InputRow(i, row)) for i, row in enumerate(found)]
        out = [e.body for e in AdmitArticles(0, live=True).step(Block(events, 1)).events]
        assert all(isinstance(b, RawArticle) for b in out), out
        assert len(out) == len({r["id"] for r in part})


@pytest.mark.parametrize(
    "fields", [{}, {"title": 1}, {"title": "x", "score": "9"}, {"title": "x", "score": 1}]
)
def test_what_is_no_post(fields: dict[str, Any]) -> None:
    assert post_of(fields) is None
