"""`tidewire delays`: from publication to order, hop by hop, for the newest orders.

With a broker also from the order to its first fill.

By the clocks of those who were there: the feed's own time, when it was fetched, and when each
record was appended to its topic.
"""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from connectors.kafka.layout import Layout
from connectors.runs import load_run
from stack.audit.topic_reader import TopicRecord, read_topics
from stack.commands.options import at_least, home_of
from stack.errors import StackError, shown
from stack.home import Home
from stack.runtime.presence import running

TOPICS: Final = (
    "news.raw", "news.scored", "signals.generated", "trade.decisions", "orders.requested",
)  # fmt: skip
HOPS: Final = ("fetched", *TOPICS)
AT_BROKER: Final = "broker.events"
FILL: Final = "broker's fill"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--limit", type=at_least(1), default=3, help="orders, the newest (default: 3)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object an order")


def run(options: argparse.Namespace) -> int:
    """Show the ways of the newest orders that an article led to.

    Raises:
        StackError: nothing is up.
    """
    text = run_delays(home_of(options), options.limit, as_json=options.json)
    sys.stdout.write((text if options.json else shown(text)) + "\n")
    return 0


class Journey(NamedTuple):
    """One order's way.

    Attributes:
        hops: (name, milliseconds since the hop before), from publication on.
        total_ms: from publication to the order, or to the broker's first fill of it.
    """

    order: str
    ticker: str
    title: str
    published: datetime
    hops: list[tuple[str, float]]
    total_ms: float


def run_delays(home: Home, limit: int, *, as_json: bool) -> str:
    """Return the ways of the newest orders that an article led to.

    Raises:
        StackError: nothing is up.
    """
    there = running(home)
    if there is None:
        reason = "Nothing is up: start it with `tidewire up`."
        raise StackError(reason)
    layout: Layout = load_run(Path(there["directory"])).layout
    found = journeys(layout)[-limit:]
    if as_json:
        return "\n".join(
            json.dumps({**j._asdict(), "published": j.published.isoformat(), "hops": dict(j.hops)})
            for j in found
        )
    if not found:
        return "no order has come of an article yet"
    lines = []
    for j in found:
        lines += [f"{j.ticker}  {j.title[:70]}", f"  published         {j.published:%F %T.%f} UTC"]
        lines += [f"  {name:<18}{ms:>+12,.1f} ms" for name, ms in j.hops]
        lines.append(f"  {'in all':<18}{j.total_ms:>12,.1f} ms")
    return "\n".join(lines)


def journeys(layout: Layout) -> list[Journey]:
    """Return the way of each order that followed from an article, oldest first."""
    names = (*TOPICS, AT_BROKER) if layout.mode == "broker" else TOPICS
    return journeys_in(read_topics(layout, names))


def journeys_in(logs: dict[str, list[TopicRecord]]) -> list[Journey]:
    """Return the same of topics that were read."""
    fills: dict[str, TopicRecord] = {}
    for told in sorted(logs.get(AT_BROKER, ()), key=lambda r: r.stamp):
        if told.body.get("kind") == "fill":
            fills.setdefault(told.body["order_id"], told)
    by_id = {name: {r.body.get("id", ""): r for r in reads} for name, reads in logs.items()}
    found = []
    for order in logs["orders.requested"]:
        way = _way(order, by_id)
        if way is not None:
            found.append(_journey(order, way, fills.get(order.body["id"])))
    return sorted(found, key=lambda j: j.published)


def _way(order: TopicRecord, by_id: dict[str, dict[str, TopicRecord]]) -> list[TopicRecord] | None:
    """Return the records from the article to the order; None if no article led to it."""
    way = [order]
    for name in reversed(TOPICS[:-1]):
        causes = [by_id[name][c] for c in way[-1].body.get("causes", ()) if c in by_id[name]]
        if not causes:
            return None
        way.append(max(causes, key=lambda r: r.stamp))
    return way[::-1]


def _journey(order: TopicRecord, way: list[TopicRecord], fill: TopicRecord | None) -> Journey:
    article: dict[str, Any] = way[0].body
    published = datetime.fromisoformat(article["published_at"])
    fetched = datetime.fromisoformat(article["fetched_at"])
    moments = [fetched.timestamp() * 1_000, *(r.appended_ms for r in way)]
    names: tuple[str, ...] = HOPS
    if fill is not None:
        moments, names = [*moments, fill.appended_ms], (*HOPS, FILL)
    before, hops = published.timestamp() * 1_000, []
    total = moments[-1] - before
    for name, moment in zip(names, moments, strict=True):
        hops.append((name, round(moment - before, 1)))
        before = moment
    return Journey(
        order.body["id"], order.body["ticker"], article["title"], published, hops, round(total, 1)
    )
