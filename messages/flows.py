"""The flow table: which flow reads and writes which topic, in which mode.

A topic's place in a flow's reads is its rank: at equal stamp and key, records of an earlier topic
come first. Everything else that must know the flows (the merge, the supervisor, replays, the
commands) takes it from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Final, Literal

from messages.base import Message
from messages.topics import (
    ACCOUNT_RESETS,
    BROKER_EVENTS,
    CONTROL_ACCEPTED,
    CONTROL_COMMANDS,
    CONTROL_REQUESTS,
    DEAD_LETTERS,
    EXECUTIONS_CORRECTED,
    LEARNING_ADJUSTMENTS,
    LEARNING_OUTCOMES,
    MARKET_BARS,
    MARKET_FEED_DLQ,
    MARKET_HALTS,
    NEWS_FEED_DLQ,
    NEWS_RAW,
    NEWS_SCORED,
    ORDERS_REQUESTED,
    PORTFOLIO_SNAPSHOTS,
    POSITIONS,
    RUNS_STARTED,
    SENTIMENT_WINDOWS,
    SIGNALS_GENERATED,
    STRATEGY_METRICS,
    STRATEGY_WEIGHTS,
    TOPICS,
    TRADE_DECISIONS,
    TRADES_EXECUTED,
    TRADING_STATES,
    Topic,
)

Topics = tuple[Topic[Message], ...]
Mode = Literal["paper", "broker"]
# Written by the run's start and by outside producers, not by a flow. The run's start also writes
# the first records of strategy.weights, which `learn`, its writer, makes again.
FROM_THE_START: Final[Topics] = (RUNS_STARTED,)
# What follows from a flow's own consequences. Its writer says time ahead on it, so that the flow
# does not wait for itself; once all else has ended it counts as ended, and its later records are
# not read.
FEEDBACK: Final[Topics] = (STRATEGY_WEIGHTS,)
FROM_OUTSIDE: Final[Topics] = (CONTROL_COMMANDS, CONTROL_REQUESTS)
# Where nobody is asked to fill orders, nobody says these.
AT_A_BROKER: Final[Topics] = (
    BROKER_EVENTS, BROKER_EVENTS.dead_letters, ORDERS_REQUESTED.dead_letters, MARKET_HALTS,
    MARKET_HALTS.dead_letters,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FlowSpec:
    """One flow.

    Attributes:
        name: of its module in flows/, and of the command.
        reads: topics in rank order.
        writes: topics that this flow alone writes, its dead letters among them.
        role: the extra that its process needs; empty for none.
        sharded: it runs as one process per partition; otherwise as one over all partitions.
        entry: it lets facts in from outside, which another execution need not make again alike.
        ticks: topics of outside producers whose clock it keeps.
    """

    name: str
    reads: Topics
    writes: Topics
    role: str
    sharded: bool = False
    entry: bool = False
    ticks: Topics = ()

    def rank(self, topic: Topic[Message]) -> int:
        """Return a topic's rank among the reads.

        Raises:
            ValueError: the flow does not read it.
        """
        return self.reads.index(topic)

    @property
    def feedback(self) -> Topics:
        """Return the reads that follow from its own consequences."""
        return tuple(t for t in self.reads if t in FEEDBACK)

    @property
    def ranks(self) -> dict[type[Message], int]:
        """Return the rank of each message type that the flow reads."""
        return {topic.schema: rank for rank, topic in enumerate(self.reads)}


@dataclass(frozen=True, slots=True)
class FlowTable:
    """All flows of a mode, in the order in which a headline passes them."""

    mode: Mode
    flows: tuple[FlowSpec, ...]

    def __getitem__(self, name: str) -> FlowSpec:
        """Return a flow by its name.

        Raises:
            KeyError: there is none.
        """
        for flow in self.flows:
            if flow.name == name:
                return flow
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the flows."""
        return tuple(flow.name for flow in self.flows)

    def writer(self, topic: Topic[Message]) -> str:
        """Return the flow that writes a topic; empty for one written from outside."""
        return next((f.name for f in self.flows if topic in f.writes), "")

    def readers(self, topic: Topic[Message]) -> tuple[str, ...]:
        """Return the flows that wait for a topic; storage waits for none."""
        return tuple(f.name for f in self.flows if topic in f.reads and f.name != "persist")

    def dead_letters_of(self, topic: Topic[Message]) -> str:
        """Return the flow that publishes what cannot be read from a topic; empty for none."""
        return next((f.name for f in self.flows if topic.dead_letters in f.writes), "")

    @property
    def unread(self) -> frozenset[Topic[Message]]:
        """Return the topics that no flow waits for: their clocks may pass once a second."""
        return frozenset(t for f in self.flows for t in f.writes if not self.readers(t))

    def inputs_of(self, names: Sequence[str]) -> Topics:
        """Return what some flows read and none of them writes, at ranks that suit all of them."""
        flows = [self[name] for name in names]
        inner = {t for f in flows for t in f.writes}
        order: TopologicalSorter[Topic[Message]] = TopologicalSorter()
        for flow in flows:
            reads = [t for t in flow.reads if t not in inner]
            for before, after in zip([None, *reads], reads, strict=False):
                order.add(after, *([before] if before is not None else []))
        return tuple(order.static_order())


def _letters(*topics: Topic[Message]) -> Topics:
    return tuple(t.dead_letters for t in topics)


_SIGNALS_READ: Final[Topics] = (CONTROL_ACCEPTED, STRATEGY_WEIGHTS, NEWS_SCORED, MARKET_BARS)
_LEARN_READS: Final[Topics] = (
    RUNS_STARTED, CONTROL_ACCEPTED, TRADES_EXECUTED, EXECUTIONS_CORRECTED, ACCOUNT_RESETS,
    MARKET_BARS, SIGNALS_GENERATED,
)  # fmt: skip
_TRADE: Final = FlowSpec(
    "trade",
    reads=(CONTROL_ACCEPTED, MARKET_BARS, SIGNALS_GENERATED),
    writes=(
        TRADE_DECISIONS, ORDERS_REQUESTED, TRADES_EXECUTED, EXECUTIONS_CORRECTED, ACCOUNT_RESETS,
        TRADING_STATES, POSITIONS, PORTFOLIO_SNAPSHOTS,
        *_letters(CONTROL_ACCEPTED, SIGNALS_GENERATED),
    ),
    role="trading",
)  # fmt: skip

_STORED: Final[Topics] = (*TOPICS, *DEAD_LETTERS)
_PERSIST: Final = FlowSpec(
    "persist", tuple(t for t in _STORED if t not in AT_A_BROKER), (), "storage"
)

_MARKET: Final = FlowSpec(
    "market", (), (MARKET_BARS, MARKET_FEED_DLQ), "feeds", entry=True, ticks=FROM_OUTSIDE
)

PAPER: Final = FlowTable(
    "paper",
    (
        _MARKET,
        FlowSpec("news", (), (NEWS_RAW, NEWS_FEED_DLQ), "news", entry=True),
        FlowSpec("score", (NEWS_RAW,), (NEWS_SCORED, *_letters(NEWS_RAW)), "score", entry=True),
        FlowSpec(
            "control", FROM_OUTSIDE, (CONTROL_ACCEPTED, *_letters(*FROM_OUTSIDE)), ""
        ),
        FlowSpec(
            "signals", _SIGNALS_READ,
            (SIGNALS_GENERATED, SENTIMENT_WINDOWS, *_letters(*_SIGNALS_READ[1:])), "trading",
            sharded=True,
        ),
        _TRADE,
        FlowSpec(
            "learn", _LEARN_READS,
            (
                LEARNING_OUTCOMES, LEARNING_ADJUSTMENTS, STRATEGY_WEIGHTS, STRATEGY_METRICS,
                *_letters(RUNS_STARTED, TRADES_EXECUTED, EXECUTIONS_CORRECTED, ACCOUNT_RESETS),
            ), "trading",
        ),
        _PERSIST,
    ),
)  # fmt: skip

# With a broker, `execute` lets in what it says of orders, and `trade` books it.
_AT_BROKER: Final[dict[str, Sequence[FlowSpec]]] = {
    "market": (replace(_MARKET, writes=(*_MARKET.writes, MARKET_HALTS)),),
    "trade": (
        replace(
            _TRADE, reads=(
                CONTROL_ACCEPTED, BROKER_EVENTS, MARKET_HALTS, MARKET_BARS, SIGNALS_GENERATED,
            ),
            writes=(*_TRADE.writes, *_letters(BROKER_EVENTS, MARKET_HALTS)),
        ),
        FlowSpec(
            "execute", (CONTROL_ACCEPTED, ORDERS_REQUESTED),
            (BROKER_EVENTS, *_letters(ORDERS_REQUESTED)), "broker", entry=True,
        ),
    ),
    "persist": (replace(_PERSIST, reads=_STORED),),
}  # fmt: skip
BROKER: Final = FlowTable(
    "broker",
    tuple(flow for paper in PAPER.flows for flow in _AT_BROKER.get(paper.name, (paper,))),
)
TABLES: Final[Mapping[Mode, FlowTable]] = {"paper": PAPER, "broker": BROKER}


def is_archived(topic: Topic[Message]) -> bool:
    """Tell whether storage and the archive read a topic; telemetry is left out."""
    return topic in _STORED
