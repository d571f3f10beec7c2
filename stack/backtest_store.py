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
from connectors.storage.backtests import BacktestRow, save
from connectors.storage.schema import DatabaseUnavailable
from connectors.version import VERSION
from flows.backtest.results import Result
from messages.base import make_id
from operators.params import Params
from stack.home import Home
from stack.up import running


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


def _database(options: argparse.Namespace) -> tuple[str, str] | None:
    settings = load_settings()
    if url := settings.database_url.get_secret_value():
        return url, options.schema
    there = running(Home(Path(options.home or settings.home), min_free_bytes=0))
    return (there["database_url"], there["schema"]) if there is not None else None


def _digest(options: argparse.Namespace) -> str:
    files = [sha256_of(f) for f in (options.bars, options.news) if f is not None]
    return hashlib.sha256("".join(files).encode()).hexdigest()
