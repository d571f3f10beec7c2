"""Listings: the same rows as a table, as JSON and as CSV."""

import argparse
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from stack.commands.listings import Column, _text, add_arguments, cell

COLUMNS = (Column("at", "time (UTC)"), Column("ticker", "ticker"), Column("pnl", ">profit"))
ROWS: list[dict[str, Any]] = [
    {"at": datetime(2025, 3, 12, 14, tzinfo=UTC), "ticker": "=X", "pnl": Decimal("-1234.5000"),
     "more": 1},
    {"at": None, "ticker": "", "pnl": None},
]  # fmt: skip


def options(*arguments: str, limit: int = 0) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser, limit)
    return parser.parse_args(arguments)


def test_a_table() -> None:
    assert _text(options(), COLUMNS, ROWS, "none").splitlines() == [
        "time (UTC)           ticker     profit",
        "2025-03-12 14:00:00  =X      -1,234.50",
        "-                    -               -",
    ]
    assert _text(options(), COLUMNS, [], "none yet") == "none yet\n"


def test_json_has_exact_money_and_the_columns_alone() -> None:
    first, second = map(json.loads, _text(options("--json"), COLUMNS, ROWS, "").splitlines())
    assert first == {"at": "2025-03-12T14:00:00Z", "ticker": "=X", "pnl": "-1234.5000"}
    assert second == {"at": None, "ticker": "", "pnl": None}
    assert _text(options("--json"), COLUMNS, [], "none") == ""


def test_csv_is_what_a_spreadsheet_may_open() -> None:
    assert _text(options("--csv"), COLUMNS, ROWS, "").splitlines() == [
        "at,ticker,pnl", "2025-03-12T14:00:00Z,'=X,-1234.5000", ",,",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (1234567, "1,234,567"), (None, "-"), (True, "yes"), (Decimal(0), "0.00"),
        (Decimal("0.0123"), "0.0123"), (Decimal("-0.5"), "-0.5000"), ("plain", "plain"),
    ],
)  # fmt: skip
def test_cells(value: Any, text: str) -> None:
    assert cell(value) == text


def test_a_listing_without_a_limit_has_no_such_option() -> None:
    assert "limit" not in options()
    assert options(limit=20).limit == 20
