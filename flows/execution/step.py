"""The step that sends orders: the machine between the log and the broker's threads.

It is an entry step of a live run: what it says is stamped when it is known, and time is passed on
as it goes, whatever the broker takes.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from bytewax.operators import StatefulBatchLogic

from connectors.broker.base import Broker
from connectors.envelope import Envelope
from connectors.kafka.bell import Bell
from connectors.steady_clock import Beat, SteadyClock
from flows.execution.machine import OrderMachine
from flows.execution.said import BrokerEvents
from flows.execution.state import MachineState
from flows.execution.tasks import Answer
from flows.execution.timings import Timings
from flows.execution.told import NOTHING, Told
from flows.execution.worker import BrokerWorker
from messages.control import Command, DeadLetter
from messages.trading import OrderRequest
from messages.units import SECOND_US, to_datetime
from operators.blocks import Block, Event
from operators.states import decode_state, encode_state

STEP: Final = "execute"
SOON: Final = timedelta(milliseconds=20)


class ExecutionStep(StatefulBatchLogic[Envelope, Envelope, bytes]):
    """Requests and commands in, broker events out."""

    def __init__(
        self, connect: Callable[[], Broker], events: BrokerEvents, look_every_s: int, tick_ms: int,
        bell: Bell, commands: Callable[[], list[Command]], state: bytes | None = None,
        times: Timings | None = None, told: Told = NOTHING,
    ) -> None:  # fmt: skip
        """Go on from a snapshot, or begin.

        Args:
            connect: opens the broker, on a thread.
            events: makes what is said.
            look_every_s: between two reconciliations, seconds.
            tick_ms: how often time is passed on while something goes on.
            bell: rings when something waits for time to pass; it is rung when the broker said
                something.
            commands: those that came since the last call, past the log's order: a halt does not
                queue behind a flow that hangs.
            state: an encoded `MachineState`.
            times: how patient the machine is; None for what suits a broker far away.
            told: what the log has of this account.
        """
        self._clock, self._tick = SteadyClock(), timedelta(milliseconds=tick_ms)
        self._events, self._every = events, look_every_s * SECOND_US
        self._commands, self._times, self._told = commands, times, told
        self._machine = self._made(state)
        self._worker = BrokerWorker(connect, bell.ring)
        self._beat = Beat(self._tick.total_seconds(), bell)

    def on_batch(self, values: list[Envelope]) -> tuple[list[Envelope], bool]:
        """Take requests, commands and dead letters; say what has become known."""
        out: list[Envelope] = []
        passed: list[Event] = []
        for envelope in values:
            block, barrier, origin = envelope
            if origin is not None:
                self._machine = self._made(envelope.state_of(STEP))
                out.append(envelope)
                continue
            for event in block.events:
                if isinstance(event.body, OrderRequest):
                    self._machine.request(self._clock.now(), event.body)
                elif isinstance(event.body, Command):
                    self._machine.command(self._clock.now(), event.body)
                elif isinstance(event.body, DeadLetter):
                    passed.append(event)
            if barrier is not None:
                kept = barrier.with_step(STEP, self.snapshot())
                out.append(Envelope(Block([], barrier.boundary), kept))
        return [*out, *self._turn(passed)], False

    def on_notify(self) -> tuple[list[Envelope], bool]:
        """Say what has become known meanwhile, and pass time on."""
        return self._turn([]), False

    def on_eof(self) -> tuple[list[Envelope], bool]:
        """Ask no more; the state is kept: a live run has no end, but goes on another time."""
        self._worker.close()
        return self._turn([]), False

    def notify_at(self) -> datetime | None:
        """Return when to look again: when the machine is due, soon at the latest."""
        due = to_datetime(min(self._machine.next_due, self._clock.now() + 60 * SECOND_US))
        return min(due, datetime.now(UTC) + max(SOON, self._tick))

    def snapshot(self) -> bytes:
        """Return all that is known of orders."""
        return encode_state(self._machine.snapshot())

    def _made(self, state: bytes | None) -> OrderMachine:
        known = None if state is None else decode_state(state, MachineState)
        now = self._clock.now()
        return OrderMachine(self._events, now, self._every, known, self._times, self._told)

    def _turn(self, passed: list[Event]) -> list[Envelope]:
        now = self._clock.now()
        for command in self._commands():
            self._machine.command(now, command)
        for news in self._worker.news():
            if isinstance(news, Answer):
                self._machine.answered(now, news)
            else:
                self._machine.heard(now, news)
        self._machine.due(now)
        self._worker.forgo(self._machine.unwanted)
        for task in self._machine.tasks():
            self._worker.do(task)
        said = [*passed, *self._machine.said()]
        if said or self._beat.is_due():
            return [Envelope(Block([e._replace(stamp=now) for e in said], now))]
        return []
