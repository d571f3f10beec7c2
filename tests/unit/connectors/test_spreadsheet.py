"""CSV: every kind of cell, and none that a spreadsheet would run."""

import csv
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.spreadsheet import FORMULA, csv_text

WINTER = timezone(timedelta(hours=-5))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-x", "'-x"), ("@cmd", "'@cmd"), ("\tx", "'\tx"),
        ("a=b", "a=b"), ("", ""), (None, ""), (-5, "-5"), (Decimal("-0.2500"), "-0.2500"),
        (True, "True"), ('say "so", then', 'say "so", then'),
        (datetime(2025, 3, 12, 9, 30, tzinfo=WINTER), "2025-03-12T14:30:00Z"),
        (datetime(2025, 3, 12, 9, 30, 0, 5, tzinfo=UTC), "2025-03-12T09:30:00.000005Z"),
    ],
)  # fmt: skip
def test_cells(value: Any, cell: str) -> None:
    head, row = csv.reader(StringIO(csv_text(["x", "y"], [[value, 1]]), newline=""))
    assert (head, row) == (["x", "y"], [cell, "1"])


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_no_text_begins_like_a_formula_and_none_is_lost(rows: list[list[str]]) -> None:
    back = list(csv.reader(StringIO(csv_text(["a", "b"], rows), newline="")))[1:]
    assert len(back) == len(rows)
    for cells, given_ in zip(back, rows, strict=True):
        for cell, text in zip(cells, given_, strict=True):
            assert not cell.startswith(FORMULA)
            assert cell.removeprefix("'") == text.removeprefix("'")
