"""`tidewire feeds`: how the running stack's feeds are; `feeds check`: try one and show it."""

import argparse
import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from connectors.feed.base import Feed
from connectors.feed.failures import FeedFailed
from connectors.feed.feeds import feeds_of, fetcher_of
from connectors.feed.params import NewsParams
from connectors.feed.reader import SHARED
from connectors.feed.remedies import KNOWN, remedy
from connectors.feed.rss import RssFeed
from connectors.settings import load_settings
from connectors.tickers.directory import ticker_finder
from messages.codec import encode
from messages.control import DeadLetter
from messages.news import RawArticle
from operators.admission import AdmitArticles, InputRow
from operators.blocks import Block, Event
from operators.news.tickers import TickerFinder
from stack.commands.options import home_of
from stack.commands.table import text_table
from stack.errors import StackError, shown
from stack.home import Home
from stack.runtime.presence import running

SHOWN: Final = 20
TITLE: Final = 90


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("action", nargs="?", choices=("check",), help="fetch once, show what came")
    parser.add_argument("url", nargs="?", default="", help="of a feed (default: all settings')")
    parser.add_argument("--json", action="store_true", help="JSON, one article a line")


def run(options: argparse.Namespace) -> int:
    """Show how the running stack's feeds are, or try some; returns 1 when one fails.

    Raises:
        StackError: nothing is up, or its news flow has not reported anything yet.
    """
    if options.action == "check":
        text, code = run_check(options.url, as_json=options.json)
    else:
        text, code = run_feeds(home_of(options), as_json=options.json)
    # JSON has escapes of its own; names, titles and reasons come from strangers.
    sys.stdout.write((text if options.json else shown(text)) + "\n")
    return code


def run_feeds(home: Home, *, as_json: bool) -> tuple[str, int]:
    """Return how each feed of the running stack is, and 0 if none of them fails.

    Raises:
        StackError: nothing is up, or its news flow has not said anything yet.
    """
    there = running(home)
    if there is None:
        reason = (
            "Nothing is up: start it with `tidewire up`, or try feeds by `tidewire feeds check`."
        )
        raise StackError(reason)
    status = Path(there["directory"], "status")
    try:
        feeds = json.loads((status / "feeds.json").read_text())
    except (FileNotFoundError, ValueError) as error:
        reason = "The news flow has told nothing of its feeds yet: try again in some seconds."
        raise StackError(reason) from error
    with suppress(FileNotFoundError, ValueError):  # a run need not follow bars
        feeds = json.loads((status / "bars.json").read_text()) + feeds
    code = int(any(feed["state"] == "failing" for feed in feeds))
    if as_json:
        return json.dumps(feeds), code
    if not feeds:
        return "no feeds: name some in TIDEWIRE_NEWS__FEEDS", code
    head = ("feed", "state", ">entries", ">errors", ">back-off", "last item", "detail")
    return text_table(head, map(_row, feeds)), code


def _row(feed: dict[str, Any]) -> tuple[str, ...]:
    item = (feed["last_item"] or "-")[:19].replace("T", " ")
    return (
        feed["feed"], feed["state"], f"{feed['entries']:,}", f"{feed['errors']:,}",
        f"{feed['back_off_s']:.0f} s", item, feed["detail"],
    )  # fmt: skip


def run_check(url: str, *, as_json: bool) -> tuple[str, int]:
    """Try one feed, or all of the settings; returns what they would publish, and 1 if one fails.

    Args:
        url: of an RSS or Atom feed; empty: every feed of the settings.
        as_json: one RawArticle a line, nothing else.
    """
    settings = load_settings()
    params: NewsParams = settings.news
    finder = ticker_finder(params.directories)
    feeds: list[Feed] = (
        [RssFeed("feed", url, params.interval_seconds, fetcher_of(params), SHARED.rows)]
        if url
        else list(feeds_of(params))
    )
    said, code = [], 0
    for feed in feeds:
        try:
            poll = feed.poll({})
        except FeedFailed as failure:
            said.append(_failed(feed.name, failure, as_json=as_json))
            code = 1
            continue
        said.append(_told(feed.name, poll.rows, finder, as_json=as_json))
    return "\n".join(s for s in said if s) or "no feeds: name some in TIDEWIRE_NEWS__FEEDS", code


def _failed(name: str, failure: FeedFailed, *, as_json: bool) -> str:
    """Return a failure with what likely helps, and what is known of a feed of the defaults."""
    helps, known = remedy(failure.reason), KNOWN.get(name, "")
    if as_json:
        return json.dumps({"feed": name, "error": str(failure), "remedy": helps, "known": known})
    lines = [f"{name}: {failure}"]
    lines += [f"  likely remedy: {helps}"] if helps else []
    return "\n".join(lines + ([f"  last known: {known}"] if known else []))


def _told(name: str, rows: list[dict[str, Any]], finder: TickerFinder, *, as_json: bool) -> str:
    events = [Event(0, "", InputRow(i, values)) for i, values in enumerate(rows)]
    now = int(datetime.now(UTC).timestamp() * 1e6)
    repeats: list[str] = []
    admission = AdmitArticles(0, live=True, repeated=repeats.append)
    found = [e.body for e in admission.step(Block(events, now)).events]
    articles = [a for a in found if isinstance(a, RawArticle)]
    letters = [d for d in found if isinstance(d, DeadLetter)]
    if as_json:
        return "\n".join(encode(a).decode() for a in articles)
    lines = [f"{name}: {len(articles)} articles, {len(letters)} refused"]
    if repeats:
        lines[0] += f", {len(repeats)} repeated"
    for a in articles[-SHOWN:]:
        tickers = " ".join(finder.find(a.symbols, a.title, a.content, a.published_at))
        when = "undated         " if a.undated else f"{a.published_at:%F %H:%M}"
        lines.append(f"  {when}  {a.title[:TITLE]}" + (f"  [{tickers}]" if tickers else ""))
    lines += [f"  refused: {letter.reason}: {letter.detail[:TITLE]}" for letter in letters[:SHOWN]]
    return "\n".join(lines)
