"""`tidewire status`: how every flow of what is up is, whether bars come, and what may trade."""

import argparse
import json
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from connectors.market.silence import silence
from connectors.runs import Run, load_run
from connectors.storage.connection import DatabaseUnavailable, reading
from connectors.storage.newest_bar import newest_bar
from connectors.storage.portfolio import trading_state
from stack.commands.options import home_of
from stack.commands.table import text_table
from stack.home import Home, tail
from stack.runtime.health import STALE_S, FlowStatus, rows_of, vitals_of
from stack.runtime.presence import running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    """Print the flows' health; returns 0 if all of them run."""
    text, code = run_status(home_of(options), as_json=options.json)
    sys.stdout.write(text + "\n")
    return code


def run_status(home: Home, *, as_json: bool) -> tuple[str, int]:
    """Return the health of the running stack's flows, and 0 if all of them run."""
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
    good = bool(rows) and all(row.state in fine for row in rows)
    if as_json:
        kept = {k: v for k, v in there.items() if k != "database_url"}
        told = {
            "up": True,
            **kept,
            "trading_state": state,
            "bars": bars,
            "flows": [asdict(r) for r in rows],
        }
        return json.dumps(told, default=_moment), int(not good)
    head = ("flow", "state", ">lag", ">clock age", ">epoch age", ">restarts", "metrics")
    first = f"run {there['run']} at {there['bootstrap']}, process {there['pid']}; trading {state}"
    if there.get("api"):
        first += f"; API at {there['api']}{_api_words(found)}"
    table = text_table(head, [_row(row) for row in rows])
    lines = (first, *([bars] if bars else ()), table)
    return "\n".join(lines), int(not good)


def _api_words(found: Run) -> str:
    """Return what is to be said of the API's process where it is silent."""
    if time.time() - vitals_of(found.path(), "api").get("at", 0) <= STALE_S:
        return ""
    return f" is silent: see {found.path('logs', 'api.log')}"


def _in_database(found: Run) -> tuple[str, str | None]:
    """Return the trading state, and what is to be said where a live run gets no bars."""
    now = datetime.now(UTC)
    try:
        with reading(found.database_url, found.schema) as connection:
            row = trading_state(connection, found.rules.account.name)
            newest = newest_bar(connection, found.spec.interval, now) if found.live else None
    except DatabaseUnavailable:
        return "unknown, as the database does not answer", None
    said = silence(newest, now, found.market_params) if found.live else None
    return str(row.get("new_state", "ACTIVE")), said


def _row(flow: FlowStatus) -> tuple[str, ...]:
    metrics = f"http://127.0.0.1:{flow.metrics_port}/metrics" if flow.metrics_port else "off"
    return (
        flow.flow, flow.state, f"{flow.lag:,}", _age(flow.clock_age_s),
        _age(flow.epoch_age_s), str(flow.restarts), metrics,
    )  # fmt: skip


def _moment(value: datetime) -> str:
    """Return a time as RFC 3339 has it."""
    return value.isoformat().replace("+00:00", "Z")


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:,.1f} s"
