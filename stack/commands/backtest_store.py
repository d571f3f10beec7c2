"""Where backtests are kept: backtest_runs of the running stack's, or the named, database."""

import argparse
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from connectors.archive.files import sha256_of
from connectors.runs import params_dict
from connectors.settings import load_settings
from connectors.storage.backtests import BacktestRow, save, stored_bars, stored_scores
from connectors.storage.schema import DatabaseUnavailable
from connectors.version import VERSION
from flows.backtest.options import CannotBacktest
from flows.backtest.results import Result
from messages.base import make_id
from operators.blocks import Event
from operators.params import Params
from stack.home import Home
from stack.runtime.live import running


def store(
    options: argparse.Namespace, params: Params, weights: dict[str, float], result: Result,
    began: float,
) -> str:  # fmt: skip
    """Keep a result where a database is up; returns a line to add, empty where none is.

    The same input under the same rules has the same id: its row is replaced.
    """
    place = _database(options)
    if place is None:
        return ""
    url, schema = place
    settings: dict[str, Any] = {"params": params_dict(params), "weights": weights}
    canonical = json.dumps(settings, sort_keys=True)
    digest = _digest(options)
    row = BacktestRow(
        id=make_id("bt", digest, canonical, options.first, options.last, options.warm_up),
        status="finished", code_version=VERSION,
        settings_hash=hashlib.sha256(canonical.encode()).hexdigest(), settings=settings,
        input_digest=digest, requested_at=datetime.fromtimestamp(began, UTC),
        finished_at=datetime.now(UTC), metrics=msgspec.to_builtins(result),
        report=options.report.read_bytes() if options.report else None,
    )  # fmt: skip
    try:
        save(url, schema, row)
    except (psycopg.Error, DatabaseUnavailable) as error:
        return f"\nnot kept in the database: {error}"
    return f"\nkept as {row.id} in backtest_runs of schema {schema}"


def stored(options: argparse.Namespace, place: Path) -> tuple[Path, tuple[Event, ...]]:
    """Return a run's stored bars as a file, and its stored scores.

    Raises:
        CannotBacktest: no database is up, or it holds no such run or bars.
    """
    found = _database(options)
    if found is None:
        reason = "No database is up: `tidewire up`, or name one with TIDEWIRE_DATABASE_URL."
        raise CannotBacktest(reason)
    file = place / "stored.parquet"
    try:
        count = stored_bars(found[0], options.from_database, options.interval, file)
        scored = stored_scores(found[0], options.from_database)
    except psycopg.Error as error:
        reason = f"Schema {options.from_database} cannot be read: {str(error).splitlines()[0]}."
        raise CannotBacktest(reason) from error
    if not count:
        reason = f"Schema {options.from_database} holds no bars of {options.interval}."
        raise CannotBacktest(reason)
    return file, tuple(scored)


def _database(options: argparse.Namespace) -> tuple[str, str] | None:
    settings = load_settings()
    if url := settings.database_url.get_secret_value():
        return url, options.schema
    there = running(Home(Path(options.home or settings.home), min_free_bytes=0))
    return (there["database_url"], there["schema"]) if there is not None else None


def _digest(options: argparse.Namespace) -> str:
    place = options.from_database or options.from_archive
    named = () if place else (options.bars, options.news)
    files = [sha256_of(f) for f in named if f is not None] or [place, options.run]
    return hashlib.sha256("".join(files).encode()).hexdigest()
