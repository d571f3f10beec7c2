"""Strategies: what each weighs, how that came about, and how it does."""

from typing import Any

from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.pages import Limit
from api.problems import NotFound
from api.values import Answer, Asked, Moment, Money
from connectors.storage.pages import Pages
from connectors.user_strategies import strategy_names

MOST = 500  # strategies: more than any ensemble can keep above the floor


class Strategy(Answer):
    """A strategy: its weight now and, where one is decided, the coming one."""

    id: str
    name: str
    description: str
    weight: float
    coming_weight: float | None
    coming_from: Moment | None
    active: bool


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
    max_drawdown: float | None
    mean_hold_seconds: float | None
    weight: float
    votes: int
    hits: int


def strategies(api: Api, call: Call[NoQuery, None]) -> Strategies:
    """What each strategy weighs."""
    with api.pool.connection() as connection:
        rows = Pages(connection).read("strategies", limit=MOST)
    return Strategies(strategies=[Strategy(weight=r["current_weight"], **r) for r in rows])


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
            realized_pnl=None, mean_roi=None, sharpe=None, max_drawdown=None,
            mean_hold_seconds=None, weight=weighed.get(name, 0.0), votes=0, hits=0,
        )  # fmt: skip
    row = {**rows[0], "weight": weighed.get(name, rows[0]["weight"])}
    missing = max(0, needed - row["trades"])
    return StrategyMetrics(
        strategy=name, at=row["event_time"], needed=needed, missing=missing, **row
    )


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
