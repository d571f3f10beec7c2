"""Backtests in the database: one row each, with settings, figures and report."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

INSERT = """
INSERT INTO backtest_runs (id, status, code_version, settings_hash, settings, input_digest,
  requested_at, finished_at, metrics, report, error)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '')
ON CONFLICT (id) DO UPDATE SET status = excluded.status, code_version = excluded.code_version,
  requested_at = excluded.requested_at, finished_at = excluded.finished_at,
  metrics = excluded.metrics, report = excluded.report, error = '', updated_at = now()
"""


@dataclass(frozen=True, slots=True)
class BacktestRow:
    """One backtest.

    Attributes:
        id: a function of input and rules.
        settings: parameters and weights, as JSON values; settings_hash is theirs.
        input_digest: SHA-256 over the input files' SHA-256.
        metrics: the result, as JSON values.
        report: the HTML page, if one was made.
    """

    id: str
    status: str
    code_version: str
    settings_hash: str
    settings: dict[str, Any]
    input_digest: str
    requested_at: datetime
    finished_at: datetime
    metrics: dict[str, Any]
    report: bytes | None


def save(url: str, schema: str, row: BacktestRow) -> None:
    """Write a backtest, or replace the one of its id.

    Raises:
        psycopg.Error: the database is away, or the schema is not there.
    """
    options = f"-c search_path={schema}"
    with psycopg.connect(url, options=options, connect_timeout=5) as connection:
        connection.execute(
            INSERT,
            (
                row.id, row.status, row.code_version, row.settings_hash, Jsonb(row.settings),
                row.input_digest, row.requested_at, row.finished_at, Jsonb(row.metrics),
                row.report,
            ),
        )  # fmt: skip
