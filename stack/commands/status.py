"""`tidewire status`: how every flow of the running stack is."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from stack.commands.options import home_of
from stack.commands.table import text_table
from stack.home import Home, tail
from stack.runtime.health import FlowStatus, rows_of
from stack.runtime.live import running


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
    rows = rows_of(Path(there["directory"]))
    good = bool(rows) and all(row.state == "running" for row in rows)
    if as_json:
        kept = {k: v for k, v in there.items() if k != "database_url"}
        return json.dumps({"up": True, **kept, "flows": [asdict(r) for r in rows]}), int(not good)
    head = ("flow", "state", ">lag", ">clock age", ">epoch age", ">restarts", "metrics")
    first = f"run {there['run']} at {there['bootstrap']}, process {there['pid']}"
    return f"{first}\n{text_table(head, map(_row, rows))}", int(not good)


def _row(flow: FlowStatus) -> tuple[str, ...]:
    metrics = f"http://127.0.0.1:{flow.metrics_port}/metrics" if flow.metrics_port else "off"
    return (
        flow.flow, flow.state, f"{flow.lag:,}", _age(flow.clock_age_s), _age(flow.epoch_age_s),
        str(flow.restarts), metrics,
    )  # fmt: skip


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:,.1f} s"
