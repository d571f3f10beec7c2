"""Scoring beside the stream: articles go to a thread that asks the models, scores come back.

The worker never waits for a model. Pending articles are part of the snapshot. In a played run
time stands still until an article's score is there, so that the same input gives the same log
at any speed of the models. In a live run time goes on, and a score is stamped when it comes.
"""

import logging
import pickle
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bytewax.operators import StatefulBatchLogic
from msgspec.structs import replace

from connectors.archive.checkpoints import load
from connectors.daemon_pool import DaemonPool
from connectors.sentiment.cascade import Answer, Cascade
from messages.news import RawArticle
from operators.blocks import Block, Event
from operators.news.scoring import TEXT, Pending, scored_events, text_of
from operators.news.tickers import TickerFinder

log = logging.getLogger(__name__)
STEP: Final = "score"
CHUNK: Final = 64  # articles asked about at a time
LIMIT: Final = 512  # articles pending before the source is held back
SOON: Final = timedelta(milliseconds=2)
RETRY_S: Final = 5.0
SAY_EVERY: Final = 1_000

Now = Callable[[], int]


class Backlog:
    """How many articles wait for their scores; asked by the source, told by the step."""

    def __init__(self) -> None:
        """Start with none."""
        self.pending = 0

    def full(self) -> bool:
        """Tell whether the source should wait."""
        return self.pending >= LIMIT


class ScoringStep(StatefulBatchLogic[Block, Block, Any]):
    """The step of one shard."""

    def __init__(
        self,
        cascade: Callable[[], Cascade],
        finder: TickerFinder,
        backlog: Backlog,
        stopping: Callable[[], bool],
        tick_ms: int | None,
        state: Any | None = None,
    ) -> None:
        """Go on with what was pending; models are loaded by the thread, not here.

        Args:
            cascade: makes the tiers; called once, on the thread.
            finder: of tickers.
            backlog: told how much is pending.
            stopping: the flow is asked to stop: nothing more is waited for.
            tick_ms: of a live run: how often time is passed on; None: a played run.
            state: of a snapshot.
        """
        self._make, self._finder, self._backlog = cascade, finder, backlog
        self._stopping = stopping
        self._tick = None if tick_ms is None else timedelta(milliseconds=tick_ms)
        self._thread = DaemonPool(1, "scoring")
        self._cascade: Cascade | None = None
        self._queue: deque[tuple[Pending, Future[list[Answer]] | None]] = deque()
        self._scored = 0
        self._clock = 0
        for pending in state or ():
            self._submit(pending)

    def on_batch(self, values: list[Block]) -> tuple[list[Block], bool]:
        """Take blocks; give out what is scored."""
        out: list[Block] = []
        for block in values:
            if block.origin is not None:
                for pending in load(block.origin[STEP]) or ():
                    self._submit(pending)
                out.append(block)
            elif self._tick is not None and block.barrier is not None:
                self._take(block._replace(barrier=None))
                out.append(self._kept(Block([], block.barrier.boundary, barrier=block.barrier)))
            else:
                self._take(block)
        return [*out, *self._ready()], False

    def on_notify(self) -> tuple[list[Block], bool]:
        """Give out what was scored meanwhile; in a live run, say what time it is."""
        out = self._ready()
        if self._tick is not None:
            out.append(Block([], self._now()))
        return out, False

    def on_eof(self) -> tuple[list[Block], bool]:
        """Wait for what is pending, unless the flow is to stop: then it stays in the snapshot."""
        out = self._ready()
        while self._queue and not self._stopping():
            time.sleep(SOON.total_seconds())
            out += self._ready()
        return out, False

    def notify_at(self) -> datetime | None:
        """Return when to look again: soon while something is pending, at a live run's tick."""
        if any(answers is not None for _, answers in self._queue):
            return datetime.now(UTC) + SOON
        return None if self._tick is None else datetime.now(UTC) + self._tick

    def snapshot(self) -> Any:
        """Return what is pending: articles in order, without answers."""
        return tuple(pending for pending, _ in self._queue)

    def _take(self, block: Block) -> None:
        """Cut a block into pieces of a few articles each, so that scores come bit by bit."""
        articles, piece = 0, list[Event]()
        for event in block.events:
            if articles >= CHUNK and event.stamp > piece[-1].stamp:
                self._submit(Pending(tuple(piece), Block([], event.stamp)))
                articles, piece = 0, []
            if isinstance(event.body, RawArticle):
                # What no model reads would only make snapshots large.
                short = replace(event.body, content=event.body.content[:TEXT])
                event = event._replace(body=short)
                articles += 1
            piece.append(event)
        self._submit(Pending(tuple(piece), block._replace(events=[])))

    def _submit(self, pending: Pending) -> None:
        texts = [text_of(e.body) for e in pending.events if isinstance(e.body, RawArticle)]
        self._backlog.pending += len(texts)
        self._queue.append((pending, self._asking(texts)))

    def _asking(self, texts: list[str]) -> Future[list[Answer]] | None:
        return self._thread.submit(lambda: self._score(texts)) if texts else None

    def _score(self, texts: list[str]) -> list[Answer]:
        """Ask the models, on the thread; a failure of the first tier is tried again for ever."""
        while True:
            try:
                if self._cascade is None:
                    self._cascade = self._make()
                return self._cascade.score(texts)
            except Exception:
                log.exception("scoring failed, tried again in %s s", RETRY_S)
                if self._stopping():
                    raise
                time.sleep(RETRY_S)

    def _ready(self) -> list[Block]:
        out: list[Block] = []
        while self._queue:
            pending, answers = self._queue[0]
            if answers is not None and not answers.done():
                break
            if answers is not None and answers.exception() is not None:
                break  # stopping: it stays pending
            self._queue.popleft()
            out += self._blocks(pending, [] if answers is None else answers.result())
        return out

    def _blocks(self, pending: Pending, answers: list[Answer]) -> list[Block]:
        told = iter(answers)
        events: list[Event] = []
        for event in pending.events:
            stamp = event.stamp if self._tick is None else max(self._now(), event.stamp)
            if isinstance(event.body, RawArticle):
                verdict, fallback = next(told)
                events += scored_events(stamp, event.body, verdict, self._finder, fallback=fallback)
            else:
                events.append(event._replace(stamp=stamp))
        self._count(len(answers))
        block = pending.block._replace(events=events)
        if self._tick is not None:
            return [block._replace(frontier=self._now())] if events or block.ended else []
        return [self._kept(block)]

    def _kept(self, block: Block) -> Block:
        """Add this step's state to a barrier that passes."""
        if (barrier := block.barrier) is None:
            return block
        steps = {**barrier.steps, STEP: pickle.dumps(self.snapshot() if self._tick else ())}
        return block._replace(barrier=barrier._replace(steps=steps))

    def _count(self, answered: int) -> None:
        before, self._scored = self._scored, self._scored + answered
        self._backlog.pending -= answered
        if before // SAY_EVERY != self._scored // SAY_EVERY:
            log.info("%d articles scored, %d waiting", self._scored, self._backlog.pending)

    def _now(self) -> int:
        self._clock = max(self._clock, time.time_ns() // 1_000)
        return self._clock
