"""The headers of a record: whose it is, its stamp and seq, and whether that is to be believed.

Only this run's writers say what time it is and how far they counted. On a derived topic the
broker lets nobody else write, and the `run` header says whose a record is. On a topic that
outsiders write too (`messages.topics.RAW`) anybody can copy that header, so that the run's
records carry a seal: BLAKE2b keyed with a secret of the run's (RFC 7693), over the record's
place, stamp, kind, count and value. A copied seal is good for the same record in the same partition
only, whose seq has been there before.
"""

from hashlib import blake2b
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
Headers = list[tuple[str, bytes]]
Said = tuple[int, int | None, bytes | None]  # stamp, seq, tick: see `read_headers`


class Seal:
    """Seals a run's records on one topic."""

    __slots__ = ("_keyed",)

    def __init__(self, secret: str, topic: str) -> None:
        """Take the run's secret and the topic's full name."""
        self._keyed = blake2b(
            topic.encode(), digest_size=SEAL_BYTES, key=blake2b(secret.encode()).digest()
        )

    def of(
        self, partition: int, stamp: bytes, kind: str, mark: bytes, value: bytes | None
    ) -> bytes:
        """Return the seal of a record.

        Args:
            partition: that it lies in.
            stamp: its header.
            kind: SEQ or TICK: what a count is must not be read as what a tick is.
            mark: that header.
            value: its body; None for a tick.
        """
        keyed = self._keyed.copy()
        keyed.update(
            b"%d %d %d %b %b%b%b"
            % (partition, len(stamp), len(mark), kind.encode(), stamp, mark, value or b"")
        )
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


def sealed(headers: Headers, seal: Seal | None, partition: int, value: bytes | None) -> Headers:
    """Return the headers of one of the run's records with its seal, on a topic that has one."""
    if seal is None:
        return headers
    (_, stamp), (kind, mark), *_ = headers  # stamp, then seq or tick
    return [*headers, (SEAL, seal.of(partition, stamp, kind, mark, value))]


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
            made = seal.of(record.partition() or 0, stamp, second, seq, record.value())
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
    return _appended(record), None, None


def _believed(record: Record, named: dict[str, bytes | None], seal: Seal | None) -> bool:
    if seal is None:
        return True
    kind = TICK if named.get(TICK) is not None else SEQ
    stamp, mark = named.get(STAMP) or b"", named.get(kind) or b""
    made = seal.of(record.partition() or 0, stamp, kind, mark, record.value())
    return compare_digest(named.get(SEAL) or b"", made)


def _appended(record: Record) -> int:
    """Return when the broker appended a record, microseconds; NO_STAMP where it does not say."""
    kind, millis = record.timestamp()
    return millis * 1_000 if kind == TIMESTAMP_LOG_APPEND_TIME else NO_STAMP


def _number(value: bytes | None) -> int | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return None
