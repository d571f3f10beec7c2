"""Rows as CSV that a spreadsheet may open: no cell of it is taken for a formula."""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any, Final

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows under a head as CSV (RFC 4180); text that looks like a formula is quoted.

    Numbers stay as they are, negative ones too; times are RFC 3339 in UTC; None is empty.
    """
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
