"""Where backtests are kept: backtest_runs of a named run, a named database, or what is up."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg

from connectors.runs import load_run
from connectors.settings import load_settings
from connectors.storage.backtest_inputs import stored_bars, stored_scores
from connectors.storage.backtests import BacktestRow, save
from connectors.storage.connection import DatabaseUnavailable
from connectors.version import VERSION
from flows.backtest.options import CannotBacktest
from flows.backtest.request import Files
from flows.backtest.results import Result
from messages.requests import BacktestRequest
from stack.home import Home
from stack.runtime.presence import running


def database(
    home: str | None, schema: str = "", run: Path | None = None
) -> tuple[str, str] | None:  # fmt: skip
    """Return URL and schema of a run, or of the settings' database, or else of the running stack.

    Args:
        home: directory of all state; None: the setting.
        schema: in the database that the settings name.
        run: directory of the run that is meant, whatever is up; None: none is.

    Raises:
        CannotBacktest: the directory holds no run.
        RunUnreadable: its `run.json` is damaged or of another version.
    """
    if run is not None:
        try:
            meant = load_run(run)
        except FileNotFoundError as error:
            reason = f"There is no run at {run} to keep the result in: it was removed."
            raise CannotBacktest(reason) from error
        return meant.database_url, meant.schema
    settings = load_settings()
    if url := settings.database_url.get_secret_value():
        return url, schema
    there = running(Home(Path(home or settings.home), min_free_bytes=0))
    return (there["database_url"], there["schema"]) if there is not None else None


def row_of(
    request: BacktestRequest, result: Result, began: float, report: bytes | None = None
) -> BacktestRow:
    """Return the row of a finished backtest; the same request has the same row."""
    digests = "".join(file.digest for file in request.inputs)
    return BacktestRow(
        id=request.id, status="finished", code_version=VERSION, settings_hash=request.sha256,
        settings=msgspec.to_builtins(request),
        input_digest=hashlib.sha256(digests.encode()).hexdigest(),
        requested_at=datetime.fromtimestamp(began, UTC), finished_at=datetime.now(UTC),
        metrics=msgspec.to_builtins(result), report=report,
    )  # fmt: skip


def store(place: tuple[str, str] | None, row: BacktestRow) -> str:
    """Keep a result where a database is up, in the place of an earlier one of its id.

    Returns a line to add, empty where no database is up.
    """
    if place is None:
        return ""
    url, schema = place
    try:
        save(url, schema, row)
    except (psycopg.Error, DatabaseUnavailable) as error:
        return f"\nnot kept in the database: {error}"
    return f"\nkept as {row.id} in backtest_runs of schema {schema}"


def stored(found: tuple[str, str] | None, schema: str, interval: str, place: Path) -> Files:
    """Write a run's stored bars to a file; returns it with the stored scores.

    Raises:
        CannotBacktest: no database is up, or it holds no such run or bars.
    """
    if found is None:
        reason = "No database is up: `tidewire up`, or name one with TIDEWIRE_DATABASE_URL."
        raise CannotBacktest(reason)
    file = place / "stored.parquet"
    try:
        count, digest = stored_bars(found[0], schema, interval, file)
        scored = stored_scores(found[0], schema)
    except psycopg.Error as error:
        reason = f"Schema {schema} cannot be read: {str(error).splitlines()[0]}."
        raise CannotBacktest(reason) from error
    if not count:
        reason = f"Schema {schema} holds no bars of {interval}."
        raise CannotBacktest(reason)
    return Files(file, digest, scored=tuple(scored))
