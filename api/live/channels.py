"""Channels: what people may subscribe to, and which topics tell it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Literal

from msgspec import Struct, inspect
from msgspec.structs import replace

from api.values import moment_text, money_text
from messages.base import Message
from messages.control import Command, DeadLetter
from messages.topics import (
    ACCOUNT_RESETS,
    BROKER_EVENTS,
    CONTROL_ACCEPTED,
    DEAD_LETTERS,
    EXECUTIONS_CORRECTED,
    FEEDS_HEALTH,
    LEARNING_OUTCOMES,
    NEWS_SCORED,
    ORDERS_REQUESTED,
    PORTFOLIO_SNAPSHOTS,
    POSITIONS,
    SENTIMENT_WINDOWS,
    SIGNALS_GENERATED,
    STRATEGY_WEIGHTS,
    SYSTEM_EVENTS,
    TRADE_DECISIONS,
    TRADES_EXECUTED,
    TRADING_STATES,
    Topic,
)
from messages.trading import Decision
from messages.units import to_money, to_units

Channel = Literal["trades", "signals", "news", "portfolio", "system", "backtests"]
BACKTESTS: Final = "backtests"  # told by this process, not by a topic
CHANNELS: Final[Mapping[Channel, tuple[Topic[Message], ...]]] = MappingProxyType(
    {
        "trades": (
            TRADE_DECISIONS, ORDERS_REQUESTED, BROKER_EVENTS, TRADES_EXECUTED,
            EXECUTIONS_CORRECTED, LEARNING_OUTCOMES,
        ),
        "signals": (SIGNALS_GENERATED,),
        "news": (NEWS_SCORED, SENTIMENT_WINDOWS),
        "portfolio": (PORTFOLIO_SNAPSHOTS, POSITIONS, TRADING_STATES, ACCOUNT_RESETS),
        "system": (
            CONTROL_ACCEPTED, SYSTEM_EVENTS, FEEDS_HEALTH, STRATEGY_WEIGHTS, *DEAD_LETTERS,
        ),
        BACKTESTS: (),
    }
)  # fmt: skip
CHANNEL_OF: Final[Mapping[str, Channel]] = MappingProxyType(
    {topic.name: channel for channel, topics in CHANNELS.items() for topic in topics}
)
FOLLOWED: Final = tuple(topic for topics in CHANNELS.values() for topic in topics)
# Not told: causes are found by asking for the fact, and a payload may be 64 KiB.
LEFT_OUT: Final = frozenset({"causes", "payload"})
LARGEST_PRICE: Final = 10_000_000  # by which the type of a price is known


def slim(message: Message) -> Message:
    """Return a message without what may be large and is not told: it is kept for a while."""
    return replace(message, payload=b"") if isinstance(message, DeadLetter) else message


def data_of(message: Struct) -> dict[str, Any]:
    """Return a message as the API tells it.

    Its fields by their names, `event_time` as `at`; money as text with four decimals, times as RFC
    3339 in UTC. What a command brought about names it as `command_id`.
    """
    prices = _prices_of(type(message))
    told = {
        "at" if name == "event_time" else name: _told(getattr(message, name), price=name in prices)
        for name in message.__struct_fields__
        if name not in LEFT_OUT
    }
    if isinstance(message, Command):
        told["command_id"] = message.id
    elif isinstance(message, Decision):
        told["command_id"] = command_of(message.cause, message.signal_id)
    return told


def command_of(cause: str, asked_by: str) -> str:
    """Return the id of the command that asked for a decision; empty where none did."""
    return asked_by if cause == "command" else ""


def _told(value: Any, *, price: bool = False) -> Any:
    if isinstance(value, Decimal):
        return money_text(value)
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, Struct):
        return data_of(value)
    if isinstance(value, tuple):
        return [_told(each) for each in value]
    if price and value is not None:
        return money_text(to_money(to_units(value)))
    return value


@lru_cache
def _prices_of(kind: type[Struct]) -> frozenset[str]:
    """Return the fields of a message that are dollars a share."""
    info = inspect.type_info(kind)
    fields = info.fields if isinstance(info, inspect.StructType) else ()
    return frozenset(field.encode_name for field in fields if _is_price(field.type))


def _is_price(kind: inspect.Type) -> bool:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return any(isinstance(k, inspect.FloatType) and k.le == LARGEST_PRICE for k in kinds)
