"""`tidewire doctor`: what this machine has, what is missing, and what each lack costs."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from confluent_kafka import libversion

from connectors.market.session_days import ANNOUNCED, LAST
from connectors.sentiment.finbert import finbert_there
from connectors.settings import load_settings
from connectors.storage.connection import DatabaseUnavailable
from connectors.storage.schema import server_version
from stack.caches import COMPILED, place_compiled_code
from stack.commands.options import home_path
from stack.errors import StackError
from stack.home import MIN_FREE_BYTES, Home
from stack.runtime.presence import running
from stack.servers.broker import cached_jars, find_java
from stack.servers.database import find_binaries, timescale_of

NOTICE_DAYS: Final = 90
PINNED: Final = ("bytewax", "confluent-kafka", "msgspec", "pydantic", "psycopg", "sqlalchemy")


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: there are no options."""


def run(options: argparse.Namespace) -> int:
    """Print the findings; returns 0 if nothing that is needed is missing."""
    findings = list(examine(home_path(options)))
    sys.stdout.writelines(f"{f.mark:<8} {f.name:<16} {f.text}\n" for f in findings)
    return int(any(f.good is False for f in findings))


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        good: None for a lack that only costs something named in `text`.
    """

    name: str
    good: bool | None
    text: str

    @property
    def mark(self) -> str:
        """Return the finding in a word."""
        return {True: "ok", False: "MISSING", None: "without"}[self.good]


def examine(home_path: Path) -> Iterator[Finding]:
    """Look at everything once; nothing is installed, started or changed."""
    found = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", (3, 11) <= sys.version_info[:2] < (3, 13), f"{found} (3.11 or 3.12)")
    yield _tried("Java", _java, "no embedded Kafka: name a broker with TIDEWIRE_BOOTSTRAP, or "
                 "look around with `tidewire demo --broker memory`")  # fmt: skip
    yield _maven()
    node = _said("node", "--version")
    yield Finding(
        "Node", True if node else None, node or "no dashboard can be built; all else works"
    )
    yield _tried(
        "PostgreSQL", _postgres, "no embedded database: name one with TIDEWIRE_DATABASE_URL"
    )
    yield _timescale(load_settings().database_url.get_secret_value())
    yield _finbert()
    yield _calendar(datetime.now(UTC))
    yield _compiled(Path(place_compiled_code()))
    yield from _home(home_path)
    for name in PINNED:
        yield Finding(name, True, version(name))
    yield Finding("librdkafka", True, libversion()[0])


def _tried(name: str, look: Callable[[], str], cost: str) -> Finding:
    try:
        return Finding(name, True, look())
    except StackError as error:
        return Finding(name, False, f"{error} Without it: {cost}.")


def _java() -> str:
    java = find_java()
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    return f"{said.splitlines()[0]} at {java}"


def _maven() -> Finding:
    jars = cached_jars()
    if jars is not None:
        return Finding("Kafka's jars", True, f"{jars}")
    said = _said("mvn", "-v")
    if said:
        return Finding("Kafka's jars", True, f"not fetched yet, {said} will (about 110 MB, once)")
    text = "not fetched and no mvn: install Maven, or name a broker with TIDEWIRE_BOOTSTRAP"
    return Finding("Kafka's jars", False, text)


def _postgres() -> str:
    binaries = find_binaries()
    return f"{_said(str(binaries / 'postgres'), '--version')} at {binaries}"


def _timescale(url: str) -> Finding:
    """Ask the server that will be used: the settings', or the one that is embedded."""
    plain = "plain PostgreSQL: native partitions instead of hypertables, no compression"
    if url:
        try:
            found = server_version(url)
        except DatabaseUnavailable as error:
            return Finding("TimescaleDB", None, f"not known: {error}")
        if "TimescaleDB" in found:
            return Finding("TimescaleDB", True, f"loaded by the settings' server, {found}")
        return Finding("TimescaleDB", None, f"{found}, {plain}")
    try:
        version = timescale_of(find_binaries())
    except StackError:
        version = None
    if version is None:
        return Finding("TimescaleDB", None, plain)
    return Finding("TimescaleDB", True, f"{version}, loaded by the embedded server")


def _finbert() -> Finding:
    scoring = load_settings().scoring
    if finbert_there(scoring):
        return Finding("FinBERT", True, f"in {scoring.finbert_directory}")
    return Finding("FinBERT", None, "the instant tier scores: see `tidewire models`")


def _calendar(now: datetime) -> Finding:
    last = datetime.fromisoformat(ANNOUNCED).replace(tzinfo=UTC)
    days = (last - now).days
    text = f"the exchange's sessions are known to {last:%F}, to {LAST} by its rules"
    if days < NOTICE_DAYS:
        return Finding(
            "calendar", None if days > 0 else False, f"{text}: install a newer version in time"
        )
    return Finding("calendar", True, text)


def _compiled(place: Path) -> Finding:
    if place.is_relative_to(tempfile.gettempdir()):
        what = f"no cache can be written, so each process compiles anew: set {COMPILED}"
        return Finding("compiled code", None, what)
    return Finding("compiled code", True, f"in {place}")


def _home(path: Path) -> Iterator[Finding]:
    try:
        home = Home(path)
    except StackError as error:
        yield Finding("home", False, str(error))
        return
    free = shutil.disk_usage(home.path).free
    yield Finding("home", True, f"{home.path}, {free / 1e9:.1f} GB free "
                  f"({MIN_FREE_BYTES / 1e9:.1f} GB needed)")  # fmt: skip
    user = "root: PostgreSQL runs as an unprivileged user" if os.geteuid() == 0 else "yourself"
    yield Finding("user", True, user)
    there = running(home)
    yield Finding("stack", True, f"run {there['run']} is up" if there else "not running")
    for name, port in sorted(home.ports().items()):
        taken = home.is_taken(port) and there is None
        text = f"{port}, taken by another program: a new one will be chosen" if taken else f"{port}"
        yield Finding(f"port of {name}", True, text)


def _said(program: str, argument: str) -> str:
    if shutil.which(program) is None:
        return ""
    done = subprocess.run([program, argument], capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    return re.sub(r"\x1b\[[0-9;]*m", "", lines[0]) if lines else ""
