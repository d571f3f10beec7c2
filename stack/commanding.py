"""Commands given by a person at this machine, and what comes of them.

The same commands as the API's: written as its principal, let in by flows/control, obeyed by
flows/trade. What they did is read off the topics, as anybody could.
"""

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from connectors.kafka.command_writer import CommandWriter
from connectors.kafka.follower import FollowedRecord, Follower
from connectors.kafka.layout import Layout
from connectors.runs import Run
from messages.base import Message, make_id
from messages.broker import BrokerEvent
from messages.codec import Unreadable, decoder, encode
from messages.control import Command, CommandKind, DeadLetter
from messages.topics import (
    BROKER_EVENTS,
    CONTROL_COMMANDS,
    ORDERS_REQUESTED,
    TRADE_DECISIONS,
    TRADES_EXECUTED,
    TRADING_STATES,
)
from messages.trading import Decision, OrderRequest, TradeExecution, TradingStateChanged
from stack.errors import StackError
from stack.home import Home
from stack.servers.principals import API, embedded

HEARD: Final = (
    TRADING_STATES, TRADE_DECISIONS, ORDERS_REQUESTED, TRADES_EXECUTED, BROKER_EVENTS,
    CONTROL_COMMANDS.dead_letters,
)  # fmt: skip
LOOK_S: Final = 0.2
SETTLED_S: Final = 0.5  # what follows from one command at once is written together
CLOSES: Final = ("close_position", "flatten")  # of which more follows than one message
ENDS: Final = ("FILLED", "CANCELLED", "REJECTED", "EXPIRED", "REPLACED")


def command(run: Run, kind: CommandKind, who: str, why: str, ticker: str = "") -> Command:
    """Return a new command.

    Raises:
        StackError: flows/control would refuse it: too long, or no text.
    """
    id_ = make_id("cmd", run.run_id, uuid.uuid4().hex)
    now = datetime.now(UTC)
    asked = Command(id=id_, event_time=now, kind=kind, ticker=ticker, who=who, why=why)
    try:
        decoder(Command)(encode(asked))
    except (Unreadable, UnicodeEncodeError) as error:
        said = getattr(error, "detail", "text that is not UTF-8")
        reason = f"This command would be refused ({said}): say it otherwise."
        raise StackError(reason) from error
    return asked


def layout_as_api(home: Home, run: Run) -> Layout:
    """Return a run's place on its broker for the principal `api`; the run's own elsewhere."""
    passwords = embedded(home, run.bootstrap)
    if passwords is None:
        return run.layout
    return replace(run.layout, access=passwords.access(API, run.bootstrap))


def followed(layout: Layout, outcome: "Outcome", within_s: float) -> Iterator[Message]:
    """Write a command and give out what comes of it, until nothing more is to come.

    Args:
        layout: of the run, for a principal that may write commands.
        outcome: of the command to be written; takes what comes.
        within_s: seconds after which no more is waited for.

    Raises:
        BrokerUnavailable: the broker does not answer, or does not take the command.
    """
    follower = Follower(layout, HEARD)
    try:
        CommandWriter(layout).write(outcome.asked)
        deadline = time.monotonic() + within_s
        while not outcome.settled and time.monotonic() < deadline:
            for record in sorted(follower.read(LOOK_S), key=_told_at):
                if outcome.take(record.body):
                    yield record.body
    finally:
        follower.close()


def _told_at(record: FollowedRecord) -> tuple[int, int]:
    """Return where a record stands in the story: what was decided, ordered, filled, and the end."""
    body = record.body
    flattened = isinstance(body, TradingStateChanged) and body.cause == "flattened"
    return record.stamp, len(HEARD) if flattened else HEARD.index(record.topic)


class Outcome:
    """What has come of a command.

    Attributes:
        asked: the command.
        heard: how many messages came of it.
        done: what it was for has happened.
        failed: it was refused, or a close of it was denied or ended unfilled.
    """

    def __init__(self, asked: Command) -> None:
        """Expect what a kind of command brings about."""
        self.asked = asked
        self.heard = 0
        self._last = 0.0
        self.done = self.failed = False

    def take(self, body: Message) -> bool:
        """Take a message; returns whether it comes of the command."""
        if not self._is_of_it(body):
            return False
        self.heard += 1
        self._last = time.monotonic()
        kind = self.asked.kind
        if isinstance(body, DeadLetter):
            self.failed = True
        elif isinstance(body, Decision):
            self.failed = self.failed or not body.accepted
        elif isinstance(body, BrokerEvent):
            self.done = body.kind == "adopted"
        elif isinstance(body, TradingStateChanged):
            self.done = kind != "flatten" or body.cause == "flattened"
        elif isinstance(body, TradeExecution) and body.status in ENDS and kind == "close_position":
            self.done = body.status == "FILLED"
            self.failed = self.failed or not self.done
        return True

    @property
    def settled(self) -> bool:
        """Tell whether nothing more is to come: done or failed, and quiet since."""
        if self.done and self.asked.kind not in CLOSES:
            return True
        return (self.done or self.failed) and time.monotonic() - self._last > SETTLED_S

    def _is_of_it(self, body: Message) -> bool:
        if isinstance(body, TradingStateChanged):
            return body.command_id == self.asked.id
        if isinstance(body, Decision | OrderRequest | TradeExecution):
            return body.signal_id == self.asked.id
        return self.asked.id in body.causes
