"""How each message becomes a row: one function per message, columns in the table's order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, cast

import msgspec
from psycopg.types.json import Jsonb
from sqlalchemy import Table

from connectors.storage import tables as t
from connectors.storage.partitions import PARTITIONED
from messages import broker, control, learning, market, news, trading
from operators.blocks import Event

Values = tuple[Any, ...]
WRITTEN: Final = frozenset({"created_at", "updated_at", "number"})  # by the database itself


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes.

    Attributes:
        table: that holds it.
        values: the row, in the order of `columns`.
        latest: the newest stamp wins (state); otherwise the first record of a key (fact).
        lines: rows as lines of COPY's text format, where there are so many that it matters; with
            the number of the first as their last column, if one is given.
    """

    table: Table
    values: Callable[[int, Any], Values]
    latest: bool = False
    lines: Callable[[Sequence[Event], int | None], str] | None = None

    @property
    def columns(self) -> list[str]:
        """Return the columns that the sink fills."""
        return [c.name for c in self.table.columns if c.name not in WRITTEN]

    @property
    def key(self) -> list[str]:
        """Return the primary key's columns."""
        return [c.name for c in self.table.primary_key.columns]

    @property
    def time(self) -> str | None:
        """Return the field, and column, that the table is partitioned by."""
        return PARTITIONED.get(self.table.name)


RENAMED: Final = MappingProxyType(
    {
        "strategy_id": "strategy",
        "old_weight": "old",
        "new_weight": "new",
        "proposed_weight": "proposed",
        "old_state": "old",
        "new_state": "new",
        "limit_value": "limit",
        "record_offset": "offset",
    }
)


def _plain(table: Table) -> Callable[[int, Any], Values]:
    """Take each column from the field of its name; lists and nested records as they come."""
    names = [RENAMED.get(c.name, c.name) for c in table.columns if c.name not in WRITTEN]
    nested = {"strategy_sources", "credits", "profits", "positions", "checks", "differences"}

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
    # A price's shortest form is exact: the wire allows four decimals.
    prices = (repr(b.open), repr(b.high), repr(b.low), repr(b.close))
    return (b.ticker, b.start, b.interval, b.revision, b.id, stamp, *prices, b.volume, b.source,
            b.backfilled)  # fmt: skip


def _bar_lines(events: Sequence[Event], first: int | None) -> str:
    """Write bars as lines of COPY's text format; neighbours mostly share their start."""
    lines, start, moment, end = [], None, "", "\n"
    for n, (stamp, _key, body) in enumerate(events, first or 0):
        b = cast("market.Bar", body)
        if b.start != start:
            start, moment = b.start, b.start.isoformat()
        if first is not None:
            end = f"\t{n}\n"
        lines.append(
            f"{b.ticker}\t{moment}\t{b.interval}\t{b.revision}\t{_escape(b.id)}\t{stamp}\t"
            f"{b.open!r}\t{b.high!r}\t{b.low!r}\t{b.close!r}\t{b.volume}\t{_escape(b.source)}\t"
            f"{'t' if b.backfilled else 'f'}{end}"
        )
    return "".join(lines)


def _escape(text: str) -> str:
    """Escape what COPY's text format gives a meaning to."""
    if "\\" in text or not text.isprintable():
        for plain, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
            text = text.replace(plain, escaped)
    return text


def _signal(stamp: int, s: trading.TradeSignal) -> Values:
    context = s.sentiment_context
    sources = Jsonb(msgspec.to_builtins(s.strategy_sources))
    news = (
        (context.decayed_mean, list(context.article_ids), context.count) if context else (None,) * 3
    )
    score, articles, count = news
    return (s.id, stamp, s.event_time, list(s.causes), s.ticker, s.direction, s.strength, sources,
            _leader(s), score, s.bar, None, articles, count)  # fmt: skip


def _leader(signal: trading.TradeSignal) -> str | None:
    """Return the strategy with the largest part in a signal's direction; the first by name."""
    parts = [
        (-v.strength * v.weight, v.strategy)
        for v in signal.strategy_sources
        if v.vote == signal.direction
    ]
    return min(parts)[1] if parts else None


def _trade(stamp: int, e: trading.TradeExecution) -> Values:
    return (e.id, stamp, e.event_time, list(e.causes), e.account, e.trade_id, e.order_id,
            e.execution_id, e.signal_id, None, e.ticker, e.side, e.qty, e.price, e.commission,
            e.status, e.pnl, e.timestamp, e.decision_price, e.high, e.low)  # fmt: skip


def _order(stamp: int, o: trading.OrderRequest) -> Values:
    return (o.id, stamp, o.event_time, list(o.causes), o.account, o.client_order_id, o.decision_id,
            o.signal_id, o.ticker, o.side, o.qty, o.type, o.time_in_force, o.limit_price,
            o.valid_until, o.reduces, o.stop_price, o.target_price, o.leg_of, o.leg,
            "PENDING")  # fmt: skip


TARGETS: Final[Mapping[type[msgspec.Struct], Target]] = MappingProxyType(
    {
        control.RunStarted: Target(t.runs, _plain(t.runs)),
        control.Command: Target(t.commands, _plain(t.commands)),
        control.DeadLetter: Target(t.dead_letters, _plain(t.dead_letters)),
        news.RawArticle: Target(t.articles, _plain(t.articles)),
        news.ScoredArticle: Target(t.article_sentiments, _plain(t.article_sentiments)),
        news.SentimentWindow: Target(t.sentiment_windows, _plain(t.sentiment_windows)),
        market.Bar: Target(t.market_data, _bar, lines=_bar_lines),
        trading.TradeSignal: Target(t.signals, _signal),
        trading.Decision: Target(t.decisions, _plain(t.decisions)),
        trading.OrderRequest: Target(t.orders, _order),
        market.TradingHalt: Target(t.trading_halts, _plain(t.trading_halts)),
        broker.BrokerEvent: Target(t.broker_events, _plain(t.broker_events)),
        trading.TradeExecution: Target(t.trades, _trade),
        trading.ExecutionCorrected: Target(
            t.execution_corrections, _plain(t.execution_corrections)
        ),
        trading.AccountReset: Target(t.account_resets, _plain(t.account_resets)),
        trading.TradingStateChanged: Target(t.trading_states, _plain(t.trading_states)),
        trading.PositionChanged: Target(t.positions, _plain(t.positions), latest=True),
        trading.PortfolioSnapshot: Target(t.portfolio_snapshots, _plain(t.portfolio_snapshots)),
        learning.TradeOutcome: Target(t.trade_outcomes, _plain(t.trade_outcomes)),
        learning.WeightChange: Target(
            t.strategy_weights_history, _plain(t.strategy_weights_history)
        ),
        learning.LearningAdjustment: Target(t.learning_adjustments, _plain(t.learning_adjustments)),
        learning.StrategyMetric: Target(t.strategy_metrics, _plain(t.strategy_metrics)),
    }
)
