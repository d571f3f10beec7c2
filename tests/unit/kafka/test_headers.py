"""What a record's headers say: only this run's own writers are believed."""

from hashlib import blake2b, shake_256
from typing import Any

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME
from hypothesis import given
from hypothesis import strategies as st

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
SEALED: Headers = list(sealed(FACT, SEAL, 3))
PASS: Headers = list(sealed(RecordHeaders("run-1").tick(9, TICK_PASS), SEAL, 3))
TICK: Headers = list(sealed(RecordHeaders("run-1").tick(9, TICK_END), SEAL, 3))


def test_a_sealed_record_is_believed() -> None:
    assert read_headers(Record(SEALED), RUN, SEAL) == (5, 7, None)  # type: ignore[arg-type]
    assert read_headers(Record(SEALED[::-1]), RUN, SEAL) == (5, 7, None)  # type: ignore[arg-type]
    assert read_headers(Record(TICK), RUN, SEAL) == (9, None, b"end")  # type: ignore[arg-type]


@pytest.mark.parametrize("place", range(len(SEALED)))
def test_a_changed_record_is_a_stranger_s(place: int) -> None:
    """Whatever else it says, it has the seq of the fact whose seal it copies: it is a repeat."""
    name, value = SEALED[place]
    forged = [*SEALED]
    forged[place] = (name, value[:-1] + bytes([value[-1] ^ 1]))
    _, seq, tick = read_headers(Record(forged), RUN, SEAL)  # type: ignore[arg-type]
    assert tick is None
    assert seq == (7 if name in ("stamp", "traceparent") else None)


@pytest.mark.parametrize("place", range(len(TICK)))
def test_a_changed_tick_is_a_stranger_s(place: int) -> None:
    name, value = TICK[place]
    forged = [*TICK]
    forged[place] = (name, value[:-1] + bytes([value[-1] ^ 1]))
    assert read_headers(Record(forged), RUN, SEAL) == (NO_STAMP, None, None)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2_000)), min_size=2, unique=True))
def test_each_fact_has_a_seal_of_its_own_whatever_was_asked_before(
    places: list[tuple[int, int]],
) -> None:
    seal = Seal("secret", "t.market.bars")
    made = [seal.of_fact(*place) for place in places]
    assert len(set(made)) == len(places)
    assert {len(one) for one in made} == {16}
    assert made == [Seal("secret", "t.market.bars").of_fact(*place) for place in places]


@pytest.mark.parametrize("seq", [b"-1", b"-256", b"-257"])
@pytest.mark.parametrize("shown", [b"", b"\0" * 16])
def test_a_count_below_zero_needs_a_seal_as_well(seq: bytes, shown: bytes) -> None:
    """Asked first, before any piece of the stream was drawn."""
    forged = [SEALED[0], ("seq", seq), *SEALED[2:4], ("seal", shown)]
    fresh = Seal("secret", "t.market.bars")
    assert read_headers(Record(forged), RUN, fresh) == (NO_STAMP, None, None)  # type: ignore[arg-type]
    assert len(fresh.of_fact(3, int(seq))) == 16


def test_seals_are_those_of_the_keyed_stream() -> None:
    """What was sealed once is read by every later version."""
    key = blake2b(b"secret").digest() + b"t.market.bars\0"
    piece = shake_256(key + b"3 2").digest(256 * 16)
    assert SEAL.of_fact(3, 2 * 256 + 5) == piece[80:96]


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
        sealed(FACT, Seal("another", "t.market.bars"), 3),
        sealed(FACT, Seal("secret", "t.news.raw"), 3),
        sealed(FACT, SEAL, 4),
        [SEALED[0], ("seq", b"8"), *SEALED[2:]],
        [SEALED[0], ("seq", b"-249"), *SEALED[2:]],  # the same place in another piece
    ],
)
def test_a_seal_of_another_record_is_good_for_none(headers: Headers) -> None:
    assert read_headers(Record(headers), RUN, SEAL) == (NO_STAMP, None, None)  # type: ignore[arg-type]


def test_without_a_seal_headers_stay_as_they_are() -> None:
    assert sealed(FACT, None, 3) is FACT
