"""How each message becomes a row: one function per message, columns in the table's order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import msgspec
from psycopg.types.json import Jsonb
from sqlalchemy import Table

from connectors.storage import tables as t
from messages import control, learning, market, news, trading
from operators.blocks import Event

Values = tuple[Any, ...]
WRITTEN: Final = frozenset({"created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes.

    Attributes:
        table: that holds it.
        values: the row, in the order of `columns`.
        latest: the newest stamp wins (state); otherwise the first record of a key (fact).
    """

    table: Table
    values: Callable[[int, Any], Values]
    latest: bool = False

    @property
    def columns(self) -> list[str]:
        """Return the columns that the sink fills."""
        return [c.name for c in self.table.columns if c.name not in WRITTEN]

    @property
    def key(self) -> list[str]:
        """Return the primary key's columns."""
        return [c.name for c in self.table.primary_key.columns]


RENAMED: Final = MappingProxyType(
    {
        "strategy_id": "strategy",
        "old_weight": "old",
        "new_weight": "new",
        "limit_value": "limit",
        "record_offset": "offset",
    }
)


def _plain(table: Table) -> Callable[[int, Any], Values]:
    """Take each column from the field of its name; lists and nested records as they come."""
    names = [RENAMED.get(c.name, c.name) for c in table.columns if c.name not in WRITTEN]
    nested = {"strategy_sources", "credits"}

    def values(stamp: int, body: Any) -> Values:
        return tuple(
            stamp
            if name == "stamp"
            else Jsonb(msgspec.to_builtins(getattr(body, name)))
            if name in nested
            else _value(getattr(body, name))
            for name in names
        )

    return values


def _value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _bar(stamp: int, b: market.Bar) -> Values:
    prices = (Decimal(repr(p)) for p in (b.open, b.high, b.low, b.close))
    return (b.ticker, b.start, b.interval, b.revision, b.id, stamp, *prices, b.volume, b.source,
            b.backfilled)  # fmt: skip


def _signal(stamp: int, s: trading.TradeSignal) -> Values:
    context = s.sentiment_context
    sources = Jsonb(msgspec.to_builtins(s.strategy_sources))
    score = context.decayed_mean if context else None
    return (s.id, stamp, s.event_time, list(s.causes), s.ticker, s.direction, s.strength, sources,
            score, s.bar, None)  # fmt: skip


def _order(stamp: int, o: trading.OrderRequest) -> Values:
    return (o.id, stamp, o.event_time, list(o.causes), o.account, o.client_order_id, o.decision_id,
            o.signal_id, o.ticker, o.side, o.qty, o.type, o.time_in_force, o.limit_price,
            o.valid_until, o.reduces, "PENDING")  # fmt: skip


TARGETS: Final[Mapping[type[msgspec.Struct], Target]] = MappingProxyType(
    {
        control.RunStarted: Target(t.runs, _plain(t.runs)),
        control.Command: Target(t.commands, _plain(t.commands)),
        control.DeadLetter: Target(t.dead_letters, _plain(t.dead_letters)),
        news.RawArticle: Target(t.articles, _plain(t.articles)),
        news.ScoredArticle: Target(t.article_sentiments, _plain(t.article_sentiments)),
        news.SentimentWindow: Target(t.sentiment_windows, _plain(t.sentiment_windows)),
        market.Bar: Target(t.market_data, _bar),
        trading.TradeSignal: Target(t.signals, _signal),
        trading.Decision: Target(t.decisions, _plain(t.decisions)),
        trading.OrderRequest: Target(t.orders, _order),
        trading.TradeExecution: Target(t.trades, _plain(t.trades)),
        trading.PositionChanged: Target(t.positions, _plain(t.positions), latest=True),
        trading.PortfolioSnapshot: Target(t.portfolio_snapshots, _plain(t.portfolio_snapshots)),
        learning.TradeOutcome: Target(t.trade_outcomes, _plain(t.trade_outcomes)),
        learning.WeightChange: Target(
            t.strategy_weights_history, _plain(t.strategy_weights_history)
        ),
    }
)


def target_of(event: Event) -> Target | None:
    """Return where an event's message is stored, None for what only travels."""
    return TARGETS.get(type(event.body))
