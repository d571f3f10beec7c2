"""What if: the same days with another weight, limit or news, through the same closed loop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self

from msgspec import Struct

from connectors.parameters import ParameterInvalid, with_settings
from connectors.user_strategies import strategy_names
from flows.closed_loop import ClosedLoop, Interference
from flows.replay.window import READS, ReplayWindow
from messages.base import make_id
from messages.errors import TidewireError
from messages.learning import TradeOutcome, WeightChange
from messages.news import ScoredArticle
from messages.requests import ReplayChanges
from messages.trading import Decision, OrderRequest, TradeExecution, TradeSignal
from messages.units import to_datetime, to_money
from operators.blocks import Event
from operators.merge import place_by
from operators.params import Params

# What these change lies in the states kept from before: they need the whole run.
SHAPES_STATE: Final = frozenset({"momentum", "mean_reversion", "account", "sentiment"})


class CannotChange(TidewireError, ValueError):
    """A what-if names something that is not there. Operator action: see the message."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is otherwise.

    Attributes:
        params: (group, name, value) of operators' parameters.
        weights: strategy -> weight, from the window's start on.
        without_articles: ids of articles that never came.
        without_sources: names of sources that never came.
        delay: microseconds by which all news comes later.
        scores: in the places of those with the same ids.
        without_outcomes: ids of outcomes that nothing is learnt from.
    """

    params: tuple[tuple[str, str, str], ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    without_articles: tuple[str, ...] = ()
    without_sources: tuple[str, ...] = ()
    delay: int = 0
    scores: tuple[ScoredArticle, ...] = ()
    without_outcomes: tuple[str, ...] = ()

    @classmethod
    def of(cls, asked: ReplayChanges) -> Self:
        """Return what a request says is otherwise."""
        return cls(
            asked.params, tuple(asked.weights.items()), asked.without_articles,
            asked.without_sources, asked.news_delay_us,
        )  # fmt: skip

    @property
    def interference(self) -> Interference:
        """Return what is otherwise inside the loop; weights that are named do not learn."""
        return Interference([name for name, _ in self.weights], self.without_outcomes)

    @property
    def shapes_state(self) -> bool:
        """Tell whether states kept before the window do not fit any more."""
        return any(group in SHAPES_STATE for group, _, _ in self.params)

    def rules(self, params: Params) -> Params:
        """Return parameters with the changes.

        Raises:
            CannotChange: a name is unknown, or a value is out of range.
        """
        try:
            return with_settings(params, self.params)
        except ParameterInvalid as error:
            reason = f"--set {error}"
            raise CannotChange(reason) from None

    def inputs(self, events: Sequence[Event], start: int) -> list[Event]:
        """Return a window's inputs with the changes, in order.

        Raises:
            CannotChange: an article or source is not among them.
        """
        gone = {e.body.article_id for e in events if isinstance(e.body, ScoredArticle)}
        sources = {e.body.source for e in events if isinstance(e.body, ScoredArticle)}
        for wanted, there, what in (
            (self.without_articles, gone, "article"),
            (self.without_sources, sources, "source"),
        ):
            if missing := [name for name in wanted if name not in there]:
                reason = f"There is no {what} {missing[0]} in these days: nothing to leave out."
                raise CannotChange(reason)
        instead = {s.id: s for s in self.scores}
        changed = [e for event in events for e in self._changed(event, instead)]
        first = min([start, *(e.stamp for e in changed)])
        changed = [*(_weight(first, s, w) for s, w in self.weights), *changed]
        ranks = {topic.schema: rank for rank, topic in enumerate(READS)}
        return sorted(changed, key=place_by(ranks))

    def _changed(self, event: Event, instead: Mapping[str, ScoredArticle]) -> list[Event]:
        body = event.body
        if isinstance(body, WeightChange) and body.strategy in dict(self.weights):
            return []
        if isinstance(body, ScoredArticle):
            if body.article_id in self.without_articles or body.source in self.without_sources:
                return []
            stamp = event.stamp + self.delay
            return [Event(stamp, event.key, instead.get(body.id, body))]
        return [event]


class World(Struct, frozen=True, kw_only=True):
    """How a window went.

    Attributes:
        equity: at its end; realised: profit of the trades closed in it, commissions included.
    """

    signals: int
    orders: int
    fills: int
    trades: int
    commissions: Decimal
    realised: Decimal
    equity: Decimal


class OrderChange(Struct, frozen=True, kw_only=True):
    """An order that is there in one world and not, or otherwise, in the other.

    Attributes:
        change: `gone`, `new` or `changed`.
        why: the decision responsible: what became of the same request in the other world.
        pnl: realised by the order in the world where it is.
    """

    change: str
    stamp: int
    order_id: str
    decision_id: str
    ticker: str
    side: str
    qty: int
    qty_before: int
    price: float | None
    pnl: Decimal | None
    why: str


class WeightDifference(Struct, frozen=True, kw_only=True):
    """A weight that is another one in the other world; None where it did not change there."""

    strategy: str
    holds_from: datetime
    before: float | None
    after: float | None


class WhatIf(Struct, frozen=True, kw_only=True):
    """Two worlds side by side."""

    before: World
    after: World
    orders: list[OrderChange]
    weights: list[WeightDifference]


def what_if(window: ReplayWindow, changes: Changes) -> WhatIf:
    """Run a window as it was and as it would have been.

    Raises:
        CannotChange: a change names something that is not there.
    """
    names = strategy_names(window.archive.run.rules)
    for strategy, _ in changes.weights:
        if strategy not in names:
            reason = f"--set: there is no strategy {strategy}; there are {', '.join(names)}."
            raise CannotChange(reason)
    rules = changes.rules(window.archive.run.rules)
    inputs = changes.inputs(window.events, window.start)
    loops = window.loop(), window.loop(rules, interference=changes.interference)
    before = window.play(loops[0])
    made = {e.body.id for e in before if isinstance(e.body, TradeOutcome)}
    if missing := [id_ for id_ in changes.without_outcomes if id_ not in made]:
        reason = f"There is no outcome {missing[0]} in these days: nothing to leave out."
        raise CannotChange(reason)
    after = window.play(loops[1], [e for e in inputs if e.stamp < window.end + window.ended])
    return WhatIf(
        before=_world(before, loops[0]), after=_world(after, loops[1]),
        orders=sorted(_order_changes(before, after), key=lambda c: (c.stamp, c.ticker)),
        weights=_weight_differences(before, after),
    )  # fmt: skip


def _weight(stamp: int, strategy: str, weight: float) -> Event:
    at = to_datetime(stamp)
    body = WeightChange(
        id=make_id("wgt", strategy, "what-if"), event_time=at, strategy=strategy, old=weight,
        new=weight, effective_from=at, reason="what if",
    )  # fmt: skip
    return Event(stamp, "", body)


def _world(said: list[Event], loop: ClosedLoop) -> World:
    fills = [e.body for e in said if isinstance(e.body, TradeExecution) and e.body.price]
    outcomes = [e.body for e in said if isinstance(e.body, TradeOutcome)]
    return World(
        signals=sum(isinstance(e.body, TradeSignal) for e in said),
        orders=sum(isinstance(e.body, OrderRequest) for e in said),
        fills=len(fills),
        trades=len(outcomes),
        commissions=sum((f.commission for f in fills), Decimal(0)),
        realised=sum((f.pnl or Decimal(0) for f in fills), Decimal(0)),
        equity=to_money(loop.account.equity),
    )


def _weight_differences(before: list[Event], after: list[Event]) -> list[WeightDifference]:
    worlds = [
        {
            (e.body.effective_from, e.body.strategy): e.body.new
            for e in said if isinstance(e.body, WeightChange)
        }
        for said in (before, after)
    ]  # fmt: skip
    return [
        WeightDifference(
            strategy=strategy, holds_from=at, before=worlds[0].get((at, strategy)),
            after=worlds[1].get((at, strategy)),
        )
        for at, strategy in sorted({*worlds[0], *worlds[1]})
        if worlds[0].get((at, strategy)) != worlds[1].get((at, strategy))
    ]  # fmt: skip


def _order_changes(before: list[Event], after: list[Event]) -> list[OrderChange]:
    worlds = _Facts(before), _Facts(after)
    changes = []
    for order_id in dict.fromkeys([*worlds[0].orders, *worlds[1].orders]):
        old, new = worlds[0].orders.get(order_id), worlds[1].orders.get(order_id)
        if old is not None and new is not None:
            if (old.qty, old.side) != (new.qty, new.side):
                changes.append(
                    _change("changed", new, old.qty, worlds[1], "sized on another equity")
                )
        elif old is not None:
            changes.append(
                _change("gone", old, old.qty, worlds[0], f"what if: {worlds[1].why_not(old)}")
            )
        elif new is not None:
            changes.append(
                _change("new", new, 0, worlds[1], f"as it was: {worlds[0].why_not(new)}")
            )
    return changes


def _change(kind: str, order: OrderRequest, before: int, world: "_Facts", why: str) -> OrderChange:
    fill = world.fills.get(order.id)
    return OrderChange(
        change=kind, stamp=world.stamps[order.id], order_id=order.id,
        decision_id=order.decision_id, ticker=order.ticker, side=order.side,
        qty=0 if kind == "gone" else order.qty, qty_before=before,
        price=fill.price if fill else None, pnl=fill.pnl if fill else None, why=why,
    )  # fmt: skip


class _Facts:
    """What one world said, by id."""

    def __init__(self, said: list[Event]) -> None:
        bodies: list[Any] = [e.body for e in said]
        self.stamps = {e.body.id: e.stamp for e in said if isinstance(e.body, OrderRequest)}
        self.orders = {b.id: b for b in bodies if isinstance(b, OrderRequest)}
        self.decisions = {b.id: b for b in bodies if isinstance(b, Decision)}
        self.fills = {b.order_id: b for b in bodies if isinstance(b, TradeExecution)}
        self.signals = {b.id for b in bodies if isinstance(b, TradeSignal)}

    def why_not(self, order: OrderRequest) -> str:
        """Say why this world has no such order."""
        decision = self.decisions.get(order.decision_id)
        if decision is not None:
            words = f"{decision.code}, limit {decision.limit}, actual {decision.actual}"
            return f"decision {decision.id} denies it: {words}"
        if order.signal_id and order.signal_id not in self.signals:
            return f"signal {order.signal_id} is not made"
        return f"decision {order.decision_id} is not asked for"
