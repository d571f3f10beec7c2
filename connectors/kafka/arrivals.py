"""When the records of a partition arrived: ours by our word, strangers' by the broker's.

A stranger's record takes the moment of its append. The broker's clock may be ahead of the run's,
for good or for a moment, and must not take the run's with it: so a record waits for the run's next
words in its partition, and their appends tell how far the two clocks are apart.

    ours       stamp 10.0, appended 10.0                              the clocks agree
    stranger                appended 20.0                             waits for our next word
    ours       stamp 12.0, appended 20.1     8 s apart: a jump of the broker's clock, or a word that
                                             was long under way (a stall, a broker that was away)
    ours       stamp 20.1, appended 20.1     under way: they agree, and the stranger's is 20.0

Had the words stayed 8 s apart for `SETTLE_US` it would have been a jump, and the stranger's stamp
8 s before its append. All of it is a function of the log alone: a reader that resumes anywhere
gives the same stamps.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from confluent_kafka import Message as Record

from connectors.kafka.headers import TICK_END, Said, Seal, appended_at, read_headers
from messages.units import SECOND_US
from operators.merge import FOR_EVER, HIGH_WATER, NO_STAMP, Clock

HELD: Final = HIGH_WATER  # offsets of a block
AGREE_US: Final = SECOND_US // 2  # the clocks are no further apart than a word may be under way
SETTLE_US: Final = 2 * SECOND_US  # of the broker's clock, from the first word on: then it is a jump


class Arrival(NamedTuple):
    """What a record is to its partition.

    Attributes:
        record: of the log.
        stamp: effective.
        tick: the tick header; None for a record with a body.
        repeat: its seq was there before; readers drop it.
    """

    record: Record
    stamp: int
    seq: int | None
    tick: bytes | None
    repeat: bool


class _Held(NamedTuple):
    """A record that waits, or stands behind one that does.

    Attributes:
        stamp: of its header; a stranger's: of its append, or NO_STAMP.
        word: it says what time it is: a tick or a new fact of ours.
        appended: a word's append.
    """

    record: Record
    stamp: int
    seq: int | None
    tick: bytes | None
    word: bool
    appended: int

    @property
    def waits(self) -> bool:
        """Tell whether it is a stranger's whose stamp is to be found."""
        return self.seq is None and self.tick is None and self.stamp != NO_STAMP


class Arrivals:
    """Gives the records of one partition their effective stamps, in the order of its log.

    A stranger's record waits within its block of `HELD` offsets only, so that what waits is
    bounded, as in a backlog of hours without a word of ours. Where the log does not keep when a
    record was appended (records that are played), it takes the running maximum at once.
    """

    __slots__ = ("_first", "_held", "_least", "_looked", "_run", "_seal", "_seq", "_words", "clock")

    def __init__(self, run: bytes, seal: Seal | None, clock: Clock) -> None:
        """Go on with a partition's clock."""
        self._run, self._seal = run, seal
        self.clock = clock
        self._held: deque[_Held] = deque()
        self._seq = NO_STAMP  # the highest among those that are held
        self._words = deque[_Held]()  # among those that are held
        self._looked = 0
        self._first: tuple[int, int] | None = None  # the first word after it: stamp, append
        self._least = FOR_EVER  # how far appends are behind stamps, at least

    @property
    def waiting(self) -> bool:
        """Tell whether strangers' records wait for the run's next words."""
        return bool(self._held)

    def read(self, record: Record) -> Iterator[Arrival]:
        """Take the next record of the log; gives those whose stamps are known now.

        Each is given while the clock stands at it. Assumes that all are taken before the next
        record comes.
        """
        return self.take(record, self.said(record))

    def said(self, record: Record) -> Said:
        """Return what a record's headers say."""
        return read_headers(record, self._run, self._seal)

    def take(self, record: Record, said: Said) -> Iterator[Arrival]:
        """Take a record with what its headers say; see `read`."""
        stamp, seq, tick = said
        if self._held and self._block(record) != self._block(self._held[0].record):
            yield from self._settle(at_last=True)
        if not self._held and (seq is not None or tick is not None or stamp == NO_STAMP):
            yield self._given(record, stamp, seq, tick)
            return
        new = seq is not None and seq > max(self.clock.seq, self._seq)
        if new and seq is not None:
            self._seq = seq
        word = new or tick is not None
        appended = appended_at(record) if word else NO_STAMP
        self._held.append(_Held(record, stamp, seq, tick, word, appended))
        if word:
            self._words.append(self._held[-1])
        yield from self._settle(at_last=False)

    def _settle(self, *, at_last: bool) -> Iterator[Arrival]:
        """Give those that are held, up to the first whose stamp the words so far do not tell.

        `at_last`: no more words are waited for; its append counts as it is.
        """
        while self._held:
            first = self._held[0]
            stamp = first.stamp
            if first.waits:
                latest = self._found()
                if latest is None and not at_last:
                    return
                stamp = stamp if latest is None else min(stamp, latest)
            self._held.popleft()
            if self._words and self._words[0] is first:
                self._words.popleft()
            self._looked, self._first, self._least = 0, None, FOR_EVER
            yield self._given(first.record, stamp, first.seq, first.tick)

    def _given(self, record: Record, stamp: int, seq: int | None, tick: bytes | None) -> Arrival:
        clock = self.clock
        if tick is not None:
            clock.tick(stamp, last=tick == TICK_END)
            return Arrival(record, clock.end if clock.ended else clock.now, seq, tick, repeat=False)
        new = clock.advance(stamp, seq)
        return Arrival(record, clock.now, seq, None, repeat=not new)

    def _found(self) -> int | None:
        """Return the latest stamp that the first record can have; None: the words to come tell."""
        stranger = self._held[0].stamp
        self._forget_old_news()
        for held in islice(self._words, self._looked, None):
            if held.appended == NO_STAMP:
                return held.stamp  # nobody knows when
            if self._is_old_news(held):
                continue
            if held.appended < stranger:
                return held.stamp  # the broker's clock was put back since
            if self._first is None:
                self._first = held.stamp, held.appended
            self._least = min(self._least, held.appended - held.stamp)
            said, appended = self._first
            if self._least <= AGREE_US or held.appended - appended >= SETTLE_US:
                return max(said, stranger - max(0, self._least))
        self._looked = len(self._words)
        return None

    def _is_old_news(self, word: _Held) -> bool:
        """Tell whether a word says no later time than is known.

        It was long under way, or is a copy of a tick, which anybody can write.
        """
        return word.stamp <= self.clock.now and word.appended != NO_STAMP

    def _forget_old_news(self) -> None:
        """Leave out words that will never be news, so that no record looks at them again."""
        words = self._words
        while words and self._is_old_news(words[0]):
            words.popleft()
            self._looked = max(0, self._looked - 1)

    @staticmethod
    def _block(record: Record) -> int:
        return (record.offset() or 0) // HELD
