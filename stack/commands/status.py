"""`tidewire status`: how every flow of what is up is, whether bars come, and what may trade."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from connectors.market.silence import silence
from connectors.runs import Run, load_run
from connectors.storage.broker import BrokerNow, broker_now, drift_words
from connectors.storage.connection import DatabaseUnavailable, reading
from connectors.storage.newest_bar import newest_bar
from connectors.storage.portfolio import trading_state
from messages.control import FeedHealth
from stack.commands.options import home_of
from stack.commands.table import text_table
from stack.errors import shown
from stack.home import Home, tail
from stack.runtime.health import FlowStatus, rows_of
from stack.runtime.presence import running
from stack.runtime.signs import STALE_S, vitals_of
from stack.runtime.standstill import standstill
from stack.runtime.vital_signs import feeds_told

LONG_AGO: Final = timedelta(days=1)
UNKNOWN: Final = "unknown, as the database does not answer"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    """Print the flows' health; returns 0 if the run can trade."""
    text, code = run_status(home_of(options), as_json=options.json)
    sys.stdout.write(text + "\n")
    return code


def run_status(home: Home, *, as_json: bool) -> tuple[str, int]:
    """Return the health of the running stack's flows, and 0 if it can trade.

    It is 1 where a server is gone, a flow does nothing, no bars come, or a broker is not ready.
    """
    there = running(home)
    if there is None:
        last = tail(home.path / "up.log", 1)
        text = f"nothing is up in {home.path}" + (
            "" if last == "no log" else f"; last word: {last}"
        )
        return (json.dumps({"up": False}) if as_json else text), 1
    found = load_run(Path(there["directory"]))
    rows = rows_of(found.path(), live=found.live)
    state, bars = _in_database(found)
    # The flows of a run that is played end with their input.
    fine = ("running",) if found.live else ("running", "ended")
    amiss = standstill(found, rows, fine, database=state is not None)
    good = not amiss and not (found.live and bars)
    broker = _broker(found)
    if isinstance(broker, BrokerNow):
        good = good and broker.readiness == "READY"
    failing = failing_feeds(feeds_told(found.path()), datetime.now(UTC)) if found.live else []
    if as_json:
        kept = {k: v for k, v in there.items() if k != "database_url"}
        told = {
            "up": True, **kept, "trading_state": state or UNKNOWN, "bars": bars,
            "standstill": amiss, "failing_feeds": failing, "flows": [asdict(r) for r in rows],
        }  # fmt: skip
        if found.spec.mode == "broker":
            plain = broker if isinstance(broker, str) else asdict(broker)
            told["broker"] = {"name": found.broker_params.kind, "now": plain}
        return json.dumps(told, default=_plain), int(not good)
    head = ("flow", "state", ">lag", ">clock age", ">epoch age", ">restarts", "metrics")
    where = f"run {there['run']} at {there['bootstrap']}, process {there['pid']}"
    first = f"{where}; trading {state or UNKNOWN}"
    if there.get("api"):
        first += f"; API at {there['api']}{_api_words(found)}"
    if found.spec.mode == "broker":
        first += f"\nbroker {found.broker_params.kind}: {broker_words(broker)}"
    table = text_table(head, [_row(row) for row in rows])
    amiss = [f"nothing can trade: {why}" for why in amiss]
    lines = (first, *([bars] if bars else ()), *amiss, *failing, table)
    return shown("\n".join(lines)), int(not good)


def failing_feeds(feeds: Sequence[FeedHealth], now: datetime) -> list[str]:
    """Return a line for each feed that has failed for a day or longer."""
    return [
        f"feed {feed.feed} has failed since {feed.failing_since:%F %R} UTC: {feed.detail}; "
        "`tidewire feeds check` says what may help"
        for feed in feeds
        if feed.state == "failing" and feed.failing_since and now - feed.failing_since >= LONG_AGO
    ]


def broker_words(broker: BrokerNow | str) -> str:
    """Return a broker in one line: whether entries may go out, and what it holds."""
    if isinstance(broker, str):
        return broker
    since = f" since {broker.since:%F %T} UTC" if broker.since else ", it has said nothing yet"
    words = [f"{broker.readiness}{since}" + (f" ({broker.why})" if broker.why else "")]
    if (last := broker.reconciliation) is not None:
        words.append(f"reconciled {last.at:%F %T} UTC: cash {last.cash:,.2f}, equity "
                     f"{last.equity:,.2f}")  # fmt: skip
        if last.unmanaged:
            words.append("besides " + ", ".join(f"{qty:f} {t}" for t, qty in last.unmanaged))
    if broker.drift is not None and broker.drift.current:
        words.append(f"drift: {drift_words(broker.drift)}")
    return "; ".join(words)


def _broker(found: Run) -> BrokerNow | str:
    """Return how the broker is; why that is not known, or nothing on paper."""
    if found.spec.mode == "paper":
        return ""
    try:
        with reading(found.database_url, found.schema) as connection:
            return broker_now(connection, found.rules.account.name)
    except DatabaseUnavailable:
        return UNKNOWN


def _api_words(found: Run) -> str:
    """Return what is to be said of the API's process where it is silent."""
    if time.time() - vitals_of(found.path(), "api").get("at", 0) <= STALE_S:
        return ""
    return f" is silent: see {found.path('logs', 'api.log')}"


def _in_database(found: Run) -> tuple[str | None, str | None]:
    """Return the trading state, None if unknown, and what is said where a live run gets no bars."""
    now = datetime.now(UTC)
    try:
        with reading(found.database_url, found.schema) as connection:
            row = trading_state(connection, found.rules.account.name)
            newest = newest_bar(connection, found.spec.interval, now) if found.live else None
    except DatabaseUnavailable:
        return None, None
    said = silence(newest, now, found.market_params) if found.live else None
    return str(row.get("new_state", "ACTIVE")), said


def _row(flow: FlowStatus) -> tuple[str, ...]:
    metrics = f"http://127.0.0.1:{flow.metrics_port}/metrics" if flow.metrics_port else "off"
    return (
        flow.flow, flow.state, f"{flow.lag:,}", _age(flow.clock_age_s),
        _age(flow.epoch_age_s), str(flow.restarts), metrics,
    )  # fmt: skip


def _plain(value: datetime | Decimal) -> str:
    """Return a time as RFC 3339 has it, or an amount with all its decimals."""
    return str(value) if isinstance(value, Decimal) else value.isoformat().replace("+00:00", "Z")


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:,.1f} s"
