"""The live bar source: what the keeper has put down, with the wall clock, and as ticks.

What is remembered (each ticker's newest bar) goes into the snapshot with the rows that were taken,
never before them: after a crash history is asked again for what was lost.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from queue import Empty
from typing import Any, Final, Protocol

from bytewax.inputs import FixedPartitionedSource

from connectors.bars.keeper import BarKeeper
from connectors.bars.order import BarRow
from connectors.broker.values import TradingStatus
from connectors.envelope import SHARD, Envelope
from connectors.kafka.bell import Bell
from connectors.steady_clock import Beat, SteadyClock
from connectors.steady_source import SteadyPartition
from messages.base import make_id
from messages.market import TradingHalt
from operators.admission import InputRow
from operators.blocks import Block, Event
from operators.states import State, decode_state, encode_state

BEAT: Final = "beat"  # key of blocks without rows
BATCH: Final = 2_000  # rows in a block: history comes in many
SOURCE: Final = "alpaca"
PLACES: Final = 4  # of a price in dollars that are kept


class TakenBars(State):
    """What was taken.

    Attributes:
        last: ticker -> start of its newest bar.
        held: tickers of open positions.
        row: number of the next row.
    """

    last: dict[str, datetime]
    held: list[str]
    row: int


class Held(Protocol):
    """What knows the tickers of open positions."""

    @property
    def held(self) -> frozenset[str]:
        """Return them."""
        ...


Start = Callable[[Mapping[str, datetime], list[str], Bell], tuple[BarKeeper, Held]]


class LiveBarsPartition(SteadyPartition[tuple[str, Envelope], bytes]):
    """Takes what a keeper has put down."""

    def __init__(
        self, start: Start, every: timedelta, stopping: Callable[[], bool], resume: bytes | None,
        bell: Bell,
    ) -> None:  # fmt: skip
        """Start a keeper where the snapshot was; what it puts down rings the bell."""
        self._beat, self._clock = Beat(every.total_seconds(), bell), SteadyClock()
        self._stopping = stopping
        state = None if resume is None else decode_state(resume, TakenBars)
        self._last = dict(state.last) if state else {}
        self._number = state.row if state else 0
        self._waiting: list[BarRow | TradingStatus] = []
        self._keeper, self._interests = start(self._last, state.held if state else [], bell)

    def next_batch(self) -> list[tuple[str, Envelope]]:
        """Wait for the next tick; return bars that came since the last one, and what time it is.

        Nothing while the next tick is not due. Many rows come in several blocks, at once.
        """
        due = bool(self._waiting) or self._beat.wait()
        if self._stopping():
            raise StopIteration
        if not due:
            return []
        self._take()
        rows, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        now = self._clock.now()
        events = [self._event(now, row) for row in rows]
        for row in rows:
            if isinstance(row, BarRow) and not row.revised:
                self._last[row.bar.ticker] = row.bar.start
        return [(SHARD if rows else BEAT, Envelope(Block(events, now)))]

    def _event(self, now: int, row: BarRow | TradingStatus) -> Event:
        if isinstance(row, TradingStatus):
            return Event(now, row.ticker, _halt(row))
        self._number += 1
        return Event(now, "", InputRow(self._number - 1, _row(row)))

    def snapshot(self) -> bytes:
        """Return each ticker's newest bar that was taken: an encoded `TakenBars`."""
        held = sorted(self._interests.held)
        return encode_state(TakenBars(last=dict(self._last), held=held, row=self._number))

    def close(self) -> None:
        """Have the keeper's threads end; nobody waits for them."""
        self._keeper.close()

    def _take(self) -> None:
        while len(self._waiting) < BATCH:
            try:
                self._waiting += self._keeper.rows.get_nowait()
            except Empty:
                return


class LiveBarsSource(FixedPartitionedSource[tuple[str, Envelope], bytes]):
    """The bars of a live run."""

    def __init__(
        self, start: Start, every: timedelta, stopping: Callable[[], bool],
        listen: Callable[[], Bell] = Bell,
    ) -> None:  # fmt: skip
        """Name what starts the keeper; nothing is opened here.

        Args:
            start: given each ticker's newest bar, the tickers that were held, and the bell.
            every: a tick while something happens.
            stopping: asked at each tick.
            listen: gives the bell that says so.
        """
        self._start, self._every, self._stopping, self._listen = start, every, stopping, listen

    def list_parts(self) -> list[str]:
        """Return the one partition."""
        return [SHARD]

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> LiveBarsPartition:
        """Start the keeper."""
        return LiveBarsPartition(
            self._start, self._every, self._stopping, resume_state, self._listen()
        )


def _halt(told: TradingStatus) -> TradingHalt:
    return TradingHalt(
        id=make_id("hlt", SOURCE, told.ticker, told.halted, told.at.isoformat()),
        event_time=told.at, ticker=told.ticker, halted=told.halted, code=told.code[:64],
        reason=told.reason[:2_000], source=SOURCE,
    )  # fmt: skip


def _row(row: BarRow) -> dict[str, Any]:
    """Return a bar as admission takes it: whole shares, prices to 1/10,000 of a dollar."""
    bar = row.bar
    prices = {n: round(getattr(bar, n), PLACES) for n in ("open", "high", "low", "close")}
    return {
        "ticker": bar.ticker, "timestamp": bar.start, **prices, "volume": int(bar.volume),
        "backfilled": row.backfilled, "revised": row.revised,
    }  # fmt: skip
