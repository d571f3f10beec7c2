"""The line of `tidewire status` about a broker."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.storage.broker import BrokerNow, Drift, Reconciliation
from messages.codec import encode
from messages.control import FeedHealth
from stack.commands.status import broker_words, failing_feeds
from stack.runtime.vital_signs import feeds_told

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
GOOD = Reconciliation(
    NOON, Decimal("98765.4300"), Decimal("101234.5600"), Decimal(1), (("GLD", Decimal("2.5")),), ""
)
BAD = Drift(NOON, True, (("AAPL", Decimal(3), Decimal(15)),), "")


def now(**signs: Any) -> BrokerNow:
    return BrokerNow(**{
        "readiness": "READY", "since": NOON, "why": "", "reconciliation": None, "drift": None,
        "open_orders": 0, "unknown_orders": 0, "silent_orders": 0, **signs,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("broker", "words"),
    [
        ("unknown, as the database does not answer", "unknown, as the database does not answer"),
        (
            now(readiness="NOT_RECONCILED", since=None),
            "NOT_RECONCILED, it has said nothing yet",
        ),
        (
            now(reconciliation=GOOD),
            ("READY since 2026-05-04 12:00:00 UTC; reconciled 2026-05-04 12:00:00 UTC: cash "
            "98,765.43, equity 101,234.56; besides 2.5 GLD"),
        ),
        (
            now(readiness="STREAM_DOWN", why="it hung up"),
            "STREAM_DOWN since 2026-05-04 12:00:00 UTC (it hung up)",
        ),
        (
            now(readiness="NOT_RECONCILED", drift=BAD),
            ("NOT_RECONCILED since 2026-05-04 12:00:00 UTC; drift: it holds 12 AAPL more than it "
            "told of"),
        ),
        (now(drift=Drift(NOON, False, (), "x")), "READY since 2026-05-04 12:00:00 UTC"),
    ],
)  # fmt: skip
def test_a_broker_in_one_line(broker: BrokerNow | str, words: str) -> None:
    assert broker_words(broker) == words


def test_a_feed_that_has_failed_for_a_day_is_said_so(tmp_path: Path) -> None:
    def feed(name: str, state: Any, since: datetime | None) -> FeedHealth:
        return FeedHealth(
            id=f"hea-{name}", event_time=NOON, feed=name, state=state, last_success=None,
            last_item=None, entries=0, errors=9, back_off_s=0.0, detail="HTTP_404: Not Found",
            failing_since=since,
        )  # fmt: skip

    told = [
        feed("gone", "failing", NOON - timedelta(days=1)), feed("well", "healthy", None),
        feed("new", "failing", NOON - timedelta(hours=23)),
    ]  # fmt: skip
    (tmp_path / "status").mkdir()
    assert feeds_told(tmp_path) == []
    (tmp_path / "status" / "bars.json").write_text("[{")
    (tmp_path / "status" / "feeds.json").write_bytes(b"[" + b",".join(map(encode, told)) + b"]")
    [said] = failing_feeds(feeds_told(tmp_path), NOON)
    assert said.startswith("feed gone has failed since 2026-05-03 12:00 UTC: HTTP_404: Not Found;")
    assert "`tidewire feeds check`" in said
