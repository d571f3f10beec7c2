"""The headers of a record: whose it is, its stamp and seq, and whether that is to be believed.

Only this run's writers say what time it is and how far they counted. On a derived topic the
broker lets nobody else write, and the `run` header says whose a record is. On a topic that
outsiders write too (`messages.topics.RAW`) anybody can copy that header, so that the run's
records carry a seal (`Seal`), which only who has the run's secret can make.
"""

from hashlib import blake2b, shake_256
from hmac import compare_digest
from typing import Any, Final

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME
from confluent_kafka import Message as Record

from connectors.telemetry import TRACEPARENT, trace_of, traceparent
from operators.merge import NO_STAMP

STAMP: Final = "stamp"
SEQ: Final = "seq"
RUN: Final = "run"
TICK: Final = "tick"
SEAL: Final = "seal"
TICK_PASS: Final = b"1"
TICK_END: Final = b"end"
SEAL_BYTES: Final = 16
PIECE_BITS: Final = 8  # 256 seals are drawn at once
PIECE_MASK: Final = (1 << PIECE_BITS) - 1
NO_PIECE: Final = (None, b"")
Headers = list[tuple[str, bytes]]
Said = tuple[int, int | None, bytes | None]  # stamp, seq, tick: see `read_headers`


class Seal:
    """Seals a run's records on one topic: only who has the run's secret can make a seal anew.

    The seal of a fact is the next piece of a keyed stream (SHAKE-256, FIPS 202), by its partition
    and its seq. Nobody knows it before the fact is in the log, and from then on its seq has been
    there: whatever is written with a copy is a repeat, which readers drop. A tick has no seq; its
    seal is BLAKE2b (RFC 7693) over place, stamp and kind, and a copy says nothing new.
    """

    __slots__ = ("_keyed", "_known", "_secret")

    def __init__(self, secret: str, topic: str) -> None:
        """Take the run's secret and the topic's full name."""
        self._secret = blake2b(secret.encode()).digest() + topic.encode() + b"\0"
        self._keyed = blake2b(
            topic.encode(), digest_size=SEAL_BYTES, key=blake2b(secret.encode()).digest()
        )
        # partition -> number and bytes of the newest piece
        self._known: dict[int, tuple[int | None, bytes]] = {}

    def of_fact(self, partition: int, seq: int) -> bytes:
        """Return the seal of the fact with a seq in a partition."""
        number, known = self._known.get(partition, NO_PIECE)
        if number != seq >> PIECE_BITS:
            number = seq >> PIECE_BITS
            drawn = shake_256(b"%b%d %d" % (self._secret, partition, number))
            known = drawn.digest(SEAL_BYTES << PIECE_BITS)
            self._known[partition] = number, known
        at = (seq & PIECE_MASK) * SEAL_BYTES
        return known[at : at + SEAL_BYTES]

    def of_tick(self, partition: int, stamp: bytes, tick: bytes) -> bytes:
        """Return the seal of a tick: of its partition and these headers."""
        keyed = self._keyed.copy()
        keyed.update(b"%d %d %b%b" % (partition, len(stamp), stamp, tick))
        return keyed.digest()


class RecordHeaders:
    """Makes the headers of a run's records, in the order in which they are written."""

    def __init__(self, run_id: str) -> None:
        """Name the run."""
        self._run_id = run_id
        self._run = run_id.encode()
        self._stamp = NO_STAMP
        self._trace = ""

    def __call__(self, stamp: int, seq: int, id_: str) -> Headers:
        """Return stamp, seq, run and trace context of a record with an id."""
        if stamp != self._stamp:
            self._stamp, self._trace = stamp, trace_of(self._run_id, stamp)
        return [
            (STAMP, b"%d" % stamp),
            (SEQ, b"%d" % seq),
            (RUN, self._run),
            (TRACEPARENT, traceparent(self._trace, id_)),
        ]

    def tick(self, stamp: int, kind: bytes) -> Headers:
        """Return the headers of a tick."""
        return [(STAMP, b"%d" % stamp), (TICK, kind), (RUN, self._run)]


def sealed(headers: Headers, seal: Seal | None, partition: int) -> Headers:
    """Return the headers of one of the run's records with its seal, on a topic that has one."""
    if seal is None:
        return headers
    (_, stamp), (kind, mark), *_ = headers  # stamp, then seq or tick
    if kind == SEQ:
        return [*headers, (SEAL, seal.of_fact(partition, int(mark)))]
    return [*headers, (SEAL, seal.of_tick(partition, stamp, mark))]


def read_headers(record: Record, run: bytes, seal: Seal | None = None) -> Said:
    """Return a record's stamp, microseconds, its seq and its tick.

    A fact of the run's has a seq, a tick has a tick; a stranger's record has neither, whatever its
    headers say, and for a stamp the moment at which the broker appended it, or NO_STAMP where its
    topic does not keep that. A live run's topics that outsiders write do: it is the broker's word,
    it lies in the log, and so it is the same in a replay, and after a restart of whoever ticks.

    Args:
        record: of a topic.
        run: the run's id.
        seal: of the topic, where outsiders write too; None elsewhere.
    """
    headers: Any = record.headers()
    try:
        # Nearly every record is a fact of ours, with its headers in `RecordHeaders`' order.
        if seal is None:
            (first, stamp), (second, seq), (third, whose), (fourth, _) = headers
            good = fourth != TICK
        else:
            (first, stamp), (second, seq), (third, whose), (fourth, _), (fifth, shown) = headers
            made = seal.of_fact(record.partition() or 0, int(seq))
            good = fourth != TICK and fifth == SEAL and shown == made
        if good and whose == run and first == STAMP and second == SEQ and third == RUN:
            return int(stamp), int(seq), None
    except (AttributeError, TypeError, ValueError):  # other headers, or no numbers
        pass
    named = dict(headers or ())
    if named.get(RUN) == run and _believed(record, named, seal):
        when, count = _number(named.get(STAMP)), _number(named.get(SEQ))
        tick = named.get(TICK)
        if when is not None and (count is None) != (tick is None):
            return when, count, tick
    return appended_at(record), None, None


def stamp_of_telemetry(record: Record, run: bytes) -> int | None:
    """Return the stamp of a record of telemetry, which is not counted; None for a stranger's."""
    named: dict[str, bytes | None] = dict(record.headers() or ())  # type: ignore[arg-type]
    return _number(named.get(STAMP)) if named.get(RUN) == run else None


def _believed(record: Record, named: dict[str, bytes | None], seal: Seal | None) -> bool:
    if seal is None:
        return True
    partition, tick, count = record.partition() or 0, named.get(TICK), _number(named.get(SEQ))
    if tick is not None:
        made = seal.of_tick(partition, named.get(STAMP) or b"", tick)
    elif count is not None:
        made = seal.of_fact(partition, count)
    else:
        return False
    return compare_digest(named.get(SEAL) or b"", made)


def appended_at(record: Record) -> int:
    """Return when the broker appended a record, microseconds; NO_STAMP where it does not say."""
    kind, millis = record.timestamp()
    return millis * 1_000 if kind == TIMESTAMP_LOG_APPEND_TIME else NO_STAMP


def _number(value: bytes | None) -> int | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return None
