"""What a record's headers say: only this run's own writers are believed."""

from typing import Any

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME

from connectors.kafka.headers import TICK_END, TICK_PASS, RecordHeaders, Seal, read_headers, sealed
from operators.merge import NO_STAMP

RUN = b"run-1"
FACT = RecordHeaders("run-1")(5, 7, "id")
Headers = list[tuple[str, Any]]


class Record:
    """A record that has nothing but headers, and the broker's time."""

    def __init__(
        self, headers: Headers | None, kind: int = TIMESTAMP_CREATE_TIME, millis: int = 123
    ) -> None:
        self._headers, self._time = headers, (kind, millis)

    def timestamp(self) -> tuple[int, int]:
        return self._time

    def headers(self) -> Headers | None:
        return self._headers

    def partition(self) -> int:
        return 3

    def value(self) -> bytes:
        return b"{}"


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
        (changed(0, None), (NO_STAMP, None, None)),
        (changed(0, b"soon"), (NO_STAMP, None, None)),
        (changed(1, None), (NO_STAMP, None, None)),
        (changed(1, b"9" * 5_000), (NO_STAMP, None, None)),
        ([*FACT[:3], ("tick", b"1")], (NO_STAMP, None, None)),
        ([("stamp", b"5"), ("tick", b"end"), ("run", RUN)], (5, None, b"end")),
        ([("stamp", b"5"), ("tick", b"end")], (NO_STAMP, None, None)),
    ],
)
def test_headers(headers: Headers | None, expected: tuple[int, int | None, bytes | None]) -> None:
    assert read_headers(Record(headers), RUN) == expected  # type: ignore[arg-type]  # it has headers


@pytest.mark.parametrize(
    "headers", [None, [], [("stamp", b"9"), ("seq", b"9"), ("run", b"other")], [("tick", b"end")]]
)
def test_a_stranger_s_record_has_the_broker_s_time_and_no_other(headers: Headers | None) -> None:
    """Where the topic keeps the moment of the append; a producer's own time is nobody's word."""
    appended = Record(headers, TIMESTAMP_LOG_APPEND_TIME, 5_000)
    assert read_headers(appended, RUN) == (5_000_000, None, None)  # type: ignore[arg-type]
    claimed = Record(headers, TIMESTAMP_CREATE_TIME, 5_000)
    assert read_headers(claimed, RUN) == (NO_STAMP, None, None)  # type: ignore[arg-type]


def test_our_own_records_keep_their_own_stamps() -> None:
    ours = Record(FACT, TIMESTAMP_LOG_APPEND_TIME, 5_000)
    assert read_headers(ours, RUN) == (5, 7, None)  # type: ignore[arg-type]


SEAL = Seal("secret", "t.market.bars")
SEALED: Headers = list(sealed(FACT, SEAL, 3, b"{}"))
PASS: Headers = list(sealed(RecordHeaders("run-1").tick(9, TICK_PASS), SEAL, 3, b"{}"))
TICK: Headers = list(sealed(RecordHeaders("run-1").tick(9, TICK_END), SEAL, 3, b"{}"))


def test_a_sealed_record_is_believed() -> None:
    assert read_headers(Record(SEALED), RUN, SEAL) == (5, 7, None)  # type: ignore[arg-type]
    assert read_headers(Record(SEALED[::-1]), RUN, SEAL) == (5, 7, None)  # type: ignore[arg-type]
    assert read_headers(Record(TICK), RUN, SEAL) == (9, None, b"end")  # type: ignore[arg-type]


@pytest.mark.parametrize("place", range(len(SEALED)))
def test_a_changed_record_is_a_stranger_s(place: int) -> None:
    """The trace context alone is nobody's to vouch for: it moves nothing."""
    name, value = SEALED[place]
    forged = [*SEALED]
    forged[place] = (name, value[:-1] + bytes([value[-1] ^ 1]))
    expected = (5, 7, None) if name == "traceparent" else (NO_STAMP, None, None)
    assert read_headers(Record(forged), RUN, SEAL) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "headers",
    [
        FACT,
        [*FACT, ("seal", None)],
        [*FACT, ("seal", b"")],
        [*SEALED[:3], ("tick", b"end"), SEALED[4]],
        [SEALED[0], ("tick", b"end"), *SEALED[2:]],
        [*TICK[:1], ("seq", b"end"), *TICK[2:]],
        [PASS[0], ("seq", b"1"), *PASS[2:]],  # a tick's mark is no count
        [SEALED[0], ("tick", b"7"), *SEALED[2:]],
        sealed(FACT, Seal("another", "t.market.bars"), 3, b"{}"),
        sealed(FACT, Seal("secret", "t.news.raw"), 3, b"{}"),
        sealed(FACT, SEAL, 4, b"{}"),
        sealed(FACT, SEAL, 3, b"[]"),
    ],
)
def test_a_seal_of_another_record_is_good_for_none(headers: Headers) -> None:
    assert read_headers(Record(headers), RUN, SEAL) == (NO_STAMP, None, None)  # type: ignore[arg-type]


def test_without_a_seal_headers_stay_as_they_are() -> None:
    assert sealed(FACT, None, 3, b"{}") is FACT
