"""The doctor's findings that depend on nothing but the program."""

from datetime import UTC, datetime

import pytest

from stack.commands.doctor import Finding, _calendar


@pytest.mark.parametrize(
    ("now", "mark"),
    [
        (datetime(2026, 11, 26, tzinfo=UTC), "ok"),
        (datetime(2027, 11, 1, tzinfo=UTC), "without"),
        (datetime(2028, 1, 3, tzinfo=UTC), "MISSING"),
    ],
)
def test_the_end_of_the_calendar_is_named_in_time(now: datetime, mark: str) -> None:
    finding = _calendar(now)
    assert (finding.name, finding.mark) == ("calendar", mark)
    assert "2027-12-31" in finding.text
    assert ("newer version" in finding.text) == (mark != "ok")


def test_marks() -> None:
    assert [Finding("x", good, "").mark for good in (True, False, None)] == [
        "ok", "MISSING", "without",
    ]  # fmt: skip
