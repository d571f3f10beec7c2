"""Strategies: what each weighs, how that came about, and how it does."""

from bisect import bisect_right
from datetime import datetime, timedelta
from typing import Any

from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.pages import Limit
from api.problems import NotFound
from api.values import Answer, Asked, Moment, Money
from connectors.market.calendar import new_york_sessions
from connectors.storage.pages import Pages
from connectors.user_strategies import strategy_names
from messages.units import to_micros
from operators.metrics import LEAST_DAYS

FEW_DAYS = f"it needs {LEAST_DAYS} sessions that differ"
MOST = 500  # strategies: more than any ensemble can keep above the floor


class Strategy(Answer):
    """A strategy: its weight now and, where one is decided, the coming one.

    Attributes:
        active: it is heard; since, who, why: whose word that is; null or empty while nobody has
            switched it.
    """

    id: str
    name: str
    description: str
    weight: float
    coming_weight: float | None
    coming_from: Moment | None
    active: bool
    since: Moment | None
    who: str
    why: str


class Strategies(Answer):
    """The run's strategies, by name."""

    strategies: list[Strategy]


class LimitAsked(Asked):
    """How many, the newest first."""

    limit: Limit = 100


class WeightChange(Answer):
    """A weight's change, and what bound it."""

    at: Moment
    effective_from: Moment
    old_weight: float
    new_weight: float
    reason: str
    guardrail: str
    outcomes: list[str]


class WeightHistory(Answer):
    """A strategy's weights, the newest first."""

    strategy: str
    changes: list[WeightChange]


class StrategyMetrics(Answer):
    """How a strategy does, as of the newest figures.

    Attributes:
        trades: outcomes it is credited for; needed: before its weight may change; missing: of them.
        realized_pnl: its credit, dollars: its part of each outcome's `credits`, whoever has the
            largest.
        sharpe: of its daily credits, yearly; null below five sessions, or while they are alike:
            `sharpe_reason` says so.
        weight: in force now, as `/api/strategies` has it.
        votes: judged; hits: of them, right some bars later.
    """

    strategy: str
    at: Moment | None
    trades: int
    needed: int
    missing: int
    wins: int
    realized_pnl: Money | None
    mean_roi: float | None
    sharpe: float | None
    sharpe_reason: str
    max_drawdown: float | None
    mean_hold_seconds: float | None
    weight: float
    votes: int
    hits: int


def strategies(api: Api, call: Call[NoQuery, None]) -> Strategies:
    """What each strategy weighs."""
    with api.pool.connection() as connection:
        rows = Pages(connection).read("strategies", limit=MOST)
    return Strategies(strategies=[_strategy(row) for row in rows])


def strategy_history(api: Api, call: Call[LimitAsked, None]) -> WeightHistory:
    """How a strategy's weight came about."""
    name = _known(api, call)
    with api.pool.connection() as connection:
        rows = Pages(connection).read("weights", strategy_id=name, limit=call.query.limit)
    changes = [WeightChange(at=row["event_time"], **row) for row in rows]
    return WeightHistory(strategy=name, changes=changes)


def strategy_metrics(api: Api, call: Call[NoQuery, None]) -> StrategyMetrics:
    """How a strategy does, and how many outcomes learning still wants."""
    name, needed = _known(api, call), api.run.rules.learning.min_trades
    with api.pool.connection() as connection:
        pages = Pages(connection)
        rows = pages.read("newest_metric", strategy_id=name)
        weighed = {r["name"]: r["current_weight"] for r in pages.read("strategies", limit=MOST)}
    if not rows:
        return StrategyMetrics(
            strategy=name, at=None, trades=0, needed=needed, missing=needed, wins=0,
            realized_pnl=None, mean_roi=None, sharpe=None, sharpe_reason=FEW_DAYS,
            max_drawdown=None, mean_hold_seconds=None, weight=weighed.get(name, 0.0), votes=0,
            hits=0,
        )  # fmt: skip
    row = {**rows[0], "weight": weighed.get(name, rows[0]["weight"])}
    missing = max(0, needed - row["trades"])
    if _sessions(row["event_time"], row["window_seconds"]) < LEAST_DAYS:
        row["sharpe"] = None
    return StrategyMetrics(
        strategy=name, at=row["event_time"], needed=needed, missing=missing,
        sharpe_reason=FEW_DAYS if row["sharpe"] is None else "", **row,
    )  # fmt: skip


def _sessions(at: datetime, seconds: int) -> int:
    """Return how many sessions ended within so many seconds before a moment."""
    closes = new_york_sessions().closes
    began = to_micros(at - timedelta(seconds=seconds))
    return bisect_right(closes, to_micros(at)) - bisect_right(closes, began)


def _strategy(row: dict[str, Any]) -> Strategy:
    word = {"who": row["who"] or "", "why": row["why"] or ""}
    return Strategy(weight=row["current_weight"], **{**row, **word})


def _known(api: Api, call: Call[Any, None]) -> str:
    name = call.path["id"]
    if name not in strategy_names(api.run.rules):
        raise NotFound("NO_SUCH_STRATEGY", f"The run has no strategy {name[:40]}.")
    return name


ENDPOINTS = (
    Endpoint("GET", "/api/strategies", strategies, "viewer", Strategies),
    Endpoint("GET", "/api/strategies/{id}/history", strategy_history, "viewer", WeightHistory,
             query=LimitAsked, problems=(404,)),
    Endpoint("GET", "/api/strategies/{id}/metrics", strategy_metrics, "viewer", StrategyMetrics,
             problems=(404,)),
)  # fmt: skip
