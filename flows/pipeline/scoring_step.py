"""The asynchronous scoring step: a thread asks the models, the worker never waits for one.

Pending articles are part of the snapshot. Recorded input: output is withheld until the model has
answered, so results do not depend on its speed. Live: the clock advances, and a score is stamped
on arrival.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, cast

from bytewax.operators import StatefulBatchLogic
from msgspec.structs import replace

from connectors.daemon_pool import DaemonPool
from connectors.envelope import Barrier, Envelope
from connectors.kafka.bell import Bell
from connectors.sentiment.cascade import Answer, Cascade
from connectors.steady_clock import Beat, SteadyClock
from messages.control import DeadLetter
from messages.news import RawArticle
from operators.blocks import Block, Event
from operators.news.scoring import scored_events
from operators.news.subjects import TEXT, Asked, asked_of
from operators.news.tickers import TickerFinder
from operators.states import State, decode_state, encode_state

log = logging.getLogger(__name__)
STEP: Final = "score"
CHUNK: Final = 64  # articles asked about at a time
LIMIT: Final = 512  # articles pending before the source is held back
SOON: Final = timedelta(milliseconds=2)
RETRY_S: Final = 5.0
SAY_EVERY: Final = 1_000


class PendingEvent(State):
    """An event of a pending piece: an article to be scored, or a dead letter that passes."""

    stamp: int
    key: str
    article: RawArticle | None
    dead_letter: DeadLetter | None


class PendingState(State):
    """A piece of a block whose articles are being scored.

    Attributes:
        events: in order.
        frontier, ended: of the block that the piece ends.
    """

    events: list[PendingEvent]
    frontier: int
    ended: bool


class ScoringState(State):
    """What is pending, in order."""

    pending: list[PendingState]


class Pending(NamedTuple):
    """A piece of a block whose articles are being scored; given out in order.

    Attributes:
        block: its events, frontier and end.
        barrier: to be passed on after it.
    """

    block: Block
    barrier: Barrier | None


Answers = list[tuple[Answer, ...]]


class Waiting(NamedTuple):
    """A pending piece, what is asked of its articles, and the answers; None where it has none."""

    piece: Pending
    asked: list[Asked]
    answers: Future[Answers] | None


class Backlog:
    """How many articles wait for their scores; asked by the source, told by the step."""

    def __init__(self) -> None:
        """Start with none."""
        self.pending = 0

    def full(self) -> bool:
        """Tell whether the source should wait."""
        return self.pending >= LIMIT


class ScoringStep(StatefulBatchLogic[Envelope, Envelope, bytes]):
    """The step of one shard."""

    def __init__(
        self,
        cascade: Callable[[], Cascade],
        finder: TickerFinder,
        backlog: Backlog,
        stopping: Callable[[], bool],
        tick_ms: int | None,
        state: bytes | None = None,
        bell: Bell | None = None,
    ) -> None:
        """Go on with what was pending; models are loaded by the thread, not here.

        Args:
            cascade: makes the tiers; called once, on the thread.
            finder: of tickers.
            backlog: told how much is pending.
            stopping: the flow is asked to stop: nothing more is waited for.
            tick_ms: of a live run: how often time is passed on; None: a played run.
            state: an encoded `ScoringState`.
            bell: rings when something waits for time to pass, and is rung when scores are there;
                None: time passes at every tick.
        """
        self._make, self._finder, self._backlog = cascade, finder, backlog
        self._stopping = stopping
        self._tick = None if tick_ms is None else timedelta(milliseconds=tick_ms)
        self._thread = DaemonPool(1, "scoring")
        self._cascade: Cascade | None = None
        self._queue: deque[Waiting] = deque()
        self._scored = 0
        self._clock = SteadyClock()
        self._bell = bell
        self._beat = Beat(self._tick.total_seconds() if self._tick else 0.0, bell)
        if state is not None:
            self._resume(state)

    def on_batch(self, values: list[Envelope]) -> tuple[list[Envelope], bool]:
        """Take blocks; give out what is scored."""
        out: list[Envelope] = []
        for envelope in values:
            block, barrier, origin = envelope
            if origin is not None:
                self._resume(envelope.state_of(STEP))
                out.append(envelope)
            elif self._tick is not None and barrier is not None:
                self._take(Envelope(block))
                out.append(self._kept(Block([], barrier.boundary), barrier))
            else:
                self._take(envelope)
        out += self._ready()
        if self._tick is not None and self._beat.is_due():
            # Ticks come in whatever the wall clock does, by which the engine notifies.
            out.append(Envelope(Block([], self._now())))
        return out, False

    def on_notify(self) -> tuple[list[Envelope], bool]:
        """Give out what was scored meanwhile; in a live run, pass the time on."""
        out = self._ready()
        if self._tick is not None and self._beat.is_due():
            out.append(Envelope(Block([], self._now())))
        return out, False

    def on_eof(self) -> tuple[list[Envelope], bool]:
        """Wait for what is pending, unless the flow is to stop: then it stays in the snapshot."""
        out = self._ready()
        while self._queue and not self._stopping():
            time.sleep(SOON.total_seconds())
            out += self._ready()
        return out, False

    def notify_at(self) -> datetime | None:
        """Return when to look again: soon while something is pending, at a live run's tick."""
        if any(waiting.answers is not None for waiting in self._queue):
            return datetime.now(UTC) + SOON
        return None if self._tick is None else datetime.now(UTC) + self._tick

    def snapshot(self) -> bytes:
        """Return what is pending: articles in order, without answers."""
        return encode_state(ScoringState(pending=[_state_of(w.piece.block) for w in self._queue]))

    def _resume(self, state: bytes) -> None:
        for pending in decode_state(state, ScoringState).pending:
            self._submit(Pending(_block_of(pending), None))

    def _take(self, envelope: Envelope) -> None:
        """Cut a block into pieces of a few articles each, so that scores come bit by bit."""
        block = envelope.block
        articles, piece = 0, list[Event]()
        for event in block.events:
            if articles >= CHUNK and event.stamp > piece[-1].stamp:
                self._submit(Pending(Block(piece, event.stamp), None))
                articles, piece = 0, []
            if isinstance(event.body, RawArticle):
                # What no model reads would only make snapshots large.
                short = replace(event.body, content=event.body.content[:TEXT])
                event = event._replace(body=short)
                articles += 1
            piece.append(event)
        self._submit(Pending(block._replace(events=piece), envelope.barrier))

    def _submit(self, pending: Pending) -> None:
        events = pending.block.events
        asked = [asked_of(e.body, self._finder) for e in events if isinstance(e.body, RawArticle)]
        self._backlog.pending += len(asked)
        self._queue.append(Waiting(pending, asked, self._asking(asked)))

    def _asking(self, asked: list[Asked]) -> Future[Answers] | None:
        if not asked:
            return None
        answers = self._thread.submit(lambda: self._score(asked))
        if self._bell is not None:
            ring = self._bell.ring
            answers.add_done_callback(lambda _: ring())
        return answers

    def _score(self, asked: list[Asked]) -> Answers:
        """Ask the models, on the thread; a failure of the first tier is tried again for ever."""
        while True:
            try:
                if self._cascade is None:
                    self._cascade = self._make()
                return self._cascade.judge(asked)
            except Exception:
                log.exception("scoring failed, tried again in %s s", RETRY_S)
                if self._stopping():
                    raise
                time.sleep(RETRY_S)

    def _ready(self) -> list[Envelope]:
        out: list[Envelope] = []
        while self._queue:
            pending, asked, answers = self._queue[0]
            if answers is not None and not answers.done():
                break
            if answers is not None and answers.exception() is not None:
                break  # stopping: it stays pending
            self._queue.popleft()
            answered = [] if answers is None else answers.result()
            out += self._scored_piece(pending, asked, answered)
        return out

    def _scored_piece(
        self, pending: Pending, asked: list[Asked], answers: Answers
    ) -> list[Envelope]:
        told = zip(asked, answers, strict=True)
        events: list[Event] = []
        for event in pending.block.events:
            stamp = event.stamp if self._tick is None else max(self._now(), event.stamp)
            if isinstance(event.body, RawArticle):
                events += scored_events(stamp, event.body, *next(told))
            else:
                events.append(event._replace(stamp=stamp))
        self._count(len(answers))
        block = pending.block._replace(events=events)
        if self._tick is not None:
            late = block._replace(frontier=self._now())
            return [Envelope(late)] if events or block.ended else []
        return [self._kept(block, pending.barrier)]

    def _kept(self, block: Block, barrier: Barrier | None) -> Envelope:
        """Add this step's state to a barrier that passes."""
        if barrier is None:
            return Envelope(block)
        state = self.snapshot() if self._tick else encode_state(ScoringState(pending=[]))
        return Envelope(block, barrier.with_step(STEP, state))

    def _count(self, answered: int) -> None:
        before, self._scored = self._scored, self._scored + answered
        self._backlog.pending -= answered
        if before // SAY_EVERY != self._scored // SAY_EVERY:
            log.info("%d articles scored, %d waiting", self._scored, self._backlog.pending)

    def _now(self) -> int:
        return self._clock.now()


def _state_of(block: Block) -> PendingState:
    events = [
        PendingEvent(
            stamp=stamp, key=key,
            article=body if isinstance(body, RawArticle) else None,
            dead_letter=None if isinstance(body, RawArticle) else cast("DeadLetter", body),
        )
        for stamp, key, body in block.events
    ]  # fmt: skip
    return PendingState(events=events, frontier=block.frontier, ended=block.ended)


def _block_of(state: PendingState) -> Block:
    events = [
        Event(e.stamp, e.key, body)
        for e in state.events
        if (body := e.article or e.dead_letter) is not None
    ]
    return Block(events, state.frontier, state.ended)
