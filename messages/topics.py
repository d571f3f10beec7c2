"""Every topic as a typed value: its name, what travels on it, and what its key is."""

from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar
from zlib import crc32

from messages.base import Message
from messages.broker import BrokerEvent
from messages.control import (
    Command,
    CommandRequest,
    DeadLetter,
    FeedHealth,
    FlowHealth,
    RunStarted,
)
from messages.learning import LearningAdjustment, StrategyMetric, TradeOutcome, WeightChange
from messages.market import Bar, TradingHalt
from messages.news import RawArticle, ScoredArticle, SentimentWindow
from messages.trading import (
    AccountReset,
    Decision,
    ExecutionCorrected,
    OrderRequest,
    PortfolioSnapshot,
    PositionChanged,
    TradeExecution,
    TradeSignal,
    TradingStateChanged,
)

T = TypeVar("T", bound=Message, covariant=True)
KeyedBy = Literal["article", "ticker", "account", "strategy", "every partition", "source"]


@dataclass(frozen=True, slots=True)
class Topic(Generic[T]):
    """A topic: which schema it carries and by what its records are spread.

    Attributes:
        name: family.past_tense, without the run's prefix.
        schema: the only message type on it.
        key: what its records are keyed by; `every partition` means one copy on each.
        prefix: that its records' ids begin with; empty: the ids are their senders' own.
    """

    name: str
    schema: type[T]
    key: KeyedBy
    prefix: str = ""

    @property
    def broadcast(self) -> bool:
        """Tell whether every partition gets a copy of every record."""
        return self.key == "every partition"

    @property
    def single(self) -> bool:
        """Tell whether it has one partition, whatever the run's partition count is."""
        return self.key in ("account", "strategy", "source")

    @property
    def dead_letters(self) -> "Topic[DeadLetter]":
        """Return the topic that takes what could not be read from this one."""
        return Topic(f"{self.name}.dlq", DeadLetter, self.key, "dlq")


NEWS_RAW: Final = Topic("news.raw", RawArticle, "article", "art")
NEWS_SCORED: Final = Topic("news.scored", ScoredArticle, "ticker", "sco")
SENTIMENT_WINDOWS: Final = Topic("sentiment.windows", SentimentWindow, "ticker", "win")
MARKET_BARS: Final = Topic("market.bars", Bar, "ticker", "bar")
MARKET_HALTS: Final = Topic("market.halts", TradingHalt, "ticker", "hlt")
SIGNALS_GENERATED: Final = Topic("signals.generated", TradeSignal, "ticker", "sig")
TRADE_DECISIONS: Final = Topic("trade.decisions", Decision, "account", "dec")
ORDERS_REQUESTED: Final = Topic("orders.requested", OrderRequest, "account", "ord")
TRADES_EXECUTED: Final = Topic("trades.executed", TradeExecution, "account", "exe")
BROKER_EVENTS: Final = Topic("broker.events", BrokerEvent, "account", "bro")
EXECUTIONS_CORRECTED: Final = Topic("executions.corrected", ExecutionCorrected, "account", "cor")
ACCOUNT_RESETS: Final = Topic("account.resets", AccountReset, "account", "rst")
TRADING_STATES: Final = Topic("trading.states", TradingStateChanged, "account", "tst")
POSITIONS: Final = Topic("positions", PositionChanged, "account", "pos")
PORTFOLIO_SNAPSHOTS: Final = Topic("portfolio.snapshots", PortfolioSnapshot, "account", "pfl")
LEARNING_OUTCOMES: Final = Topic("learning.outcomes", TradeOutcome, "strategy", "out")
STRATEGY_WEIGHTS: Final = Topic("strategy.weights", WeightChange, "every partition", "wgt")
LEARNING_ADJUSTMENTS: Final = Topic("learning.adjustments", LearningAdjustment, "strategy", "adj")
STRATEGY_METRICS: Final = Topic("strategy.metrics", StrategyMetric, "strategy", "met")
CONTROL_COMMANDS: Final = Topic("control.commands", Command, "source")
CONTROL_REQUESTS: Final = Topic("control.requests", CommandRequest, "source")
CONTROL_ACCEPTED: Final = Topic("control.accepted", Command, "every partition")
RUNS_STARTED: Final = Topic("runs.started", RunStarted, "every partition", "run")
# Telemetry by the wall clock: in no order with the rest, not archived, read by people.
SYSTEM_EVENTS: Final = Topic("system.events", FlowHealth, "source", "hea")
FEEDS_HEALTH: Final = Topic("feeds.health", FeedHealth, "source", "hea")
TELEMETRY: Final[tuple[Topic[Message], ...]] = (SYSTEM_EVENTS, FEEDS_HEALTH)
# What a feed gave and no topic could take; read as `<feed>.dlq` like any other dead letter.
NEWS_FEED_DLQ: Final = Topic("news.feed.dlq", DeadLetter, "source", "dlq")
MARKET_FEED_DLQ: Final = Topic("market.feed.dlq", DeadLetter, "source", "dlq")

# What is written by others than the flow that reads it first: feeds, bars, commands.
RAW: Final[tuple[Topic[Message], ...]] = (
    NEWS_RAW,
    MARKET_BARS,
    CONTROL_COMMANDS,
    CONTROL_REQUESTS,
)

TOPICS: Final[tuple[Topic[Message], ...]] = (
    NEWS_RAW,
    NEWS_SCORED,
    SENTIMENT_WINDOWS,
    MARKET_BARS,
    MARKET_HALTS,
    SIGNALS_GENERATED,
    TRADE_DECISIONS,
    ORDERS_REQUESTED,
    BROKER_EVENTS,
    TRADES_EXECUTED,
    EXECUTIONS_CORRECTED,
    ACCOUNT_RESETS,
    TRADING_STATES,
    POSITIONS,
    PORTFOLIO_SNAPSHOTS,
    LEARNING_OUTCOMES,
    LEARNING_ADJUSTMENTS,
    STRATEGY_WEIGHTS,
    STRATEGY_METRICS,
    CONTROL_COMMANDS,
    CONTROL_REQUESTS,
    CONTROL_ACCEPTED,
    RUNS_STARTED,
)

DEAD_LETTERS: Final[tuple[Topic[DeadLetter], ...]] = (
    NEWS_FEED_DLQ,
    MARKET_FEED_DLQ,
    *(t.dead_letters for t in (NEWS_RAW, NEWS_SCORED, MARKET_BARS, CONTROL_COMMANDS)),
    *(t.dead_letters for t in (STRATEGY_WEIGHTS, SIGNALS_GENERATED, CONTROL_ACCEPTED)),
    TRADES_EXECUTED.dead_letters,
    CONTROL_REQUESTS.dead_letters,
    RUNS_STARTED.dead_letters,
    EXECUTIONS_CORRECTED.dead_letters,
    ACCOUNT_RESETS.dead_letters,
    ORDERS_REQUESTED.dead_letters,
    BROKER_EVENTS.dead_letters,
    MARKET_HALTS.dead_letters,
)


EVERY_TOPIC: Final[tuple[Topic[Message], ...]] = (
    *TOPICS,
    SYSTEM_EVENTS,
    FEEDS_HEALTH,
    *DEAD_LETTERS,
)


def partition_of(key: bytes, partitions: int) -> int:
    """Choose a key's partition as librdkafka's `consistent` partitioner does (CRC-32).

    An outside producer that leaves librdkafka's default partitioner alone therefore
    puts its records beside ours.
    """
    return crc32(key) % partitions
