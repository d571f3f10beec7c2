"""What a record's headers say: only this run's own writers are believed."""

from typing import Any

import pytest

from connectors.kafka.partition_reader import read_headers
from connectors.kafka.sink import RecordHeaders
from operators.merge import NO_STAMP

RUN = b"run-1"
FACT = RecordHeaders("run-1")(5, 7, "id")
Headers = list[tuple[str, Any]]


class Record:
    """A record that has nothing but headers."""

    def __init__(self, headers: Headers | None) -> None:
        self._headers = headers

    def headers(self) -> Headers | None:
        return self._headers


def changed(place: int, value: Any) -> Headers:
    headers: Headers = list(FACT)
    headers[place] = (headers[place][0], value)
    return headers


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (None, (NO_STAMP, None, None)),
        ([], (NO_STAMP, None, None)),
        (FACT, (5, 7, None)),
        (FACT[::-1], (5, 7, None)),
        ([*FACT, ("more", b"x")], (5, 7, None)),
        (changed(2, b"run-2"), (NO_STAMP, None, None)),
        (changed(0, None), (NO_STAMP, 7, None)),
        (changed(0, b"soon"), (NO_STAMP, 7, None)),
        (changed(1, None), (5, None, None)),
        (changed(1, b"9" * 5_000), (5, None, None)),
        ([*FACT[:3], ("tick", b"1")], (5, 7, b"1")),
        ([("stamp", b"5"), ("tick", b"end"), ("run", RUN)], (5, None, b"end")),
        ([("stamp", b"5"), ("tick", b"end")], (NO_STAMP, None, None)),
    ],
)
def test_headers(headers: Headers | None, expected: tuple[int, int | None, bytes | None]) -> None:
    assert read_headers(Record(headers), RUN) == expected  # type: ignore[arg-type]  # it has headers
