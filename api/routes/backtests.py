"""Backtests: asked for, watched, read page by page, ended."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from api.asking import (
    TAKEN,
    Day,
    JobTaken,
    archived_days,
    ask,
    cancel,
    must_be_archived,
    no_such_run,
)
from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.jobs.job import Job, Status
from api.jobs.tasks import BacktestTask, Commission, Learning
from api.pages import PageAsked, after_of, cursor_of
from api.problems import Conflict, Invalid, NotFound
from api.stored_request import MOST_CAPITAL, MOST_SLIPPAGE_BPS, asked_of
from api.values import Answer, Asked, Moment, Money, not_allowed
from connectors.storage.backtests import backtest_items, newest_backtests, stored_backtest
from connectors.user_strategies import strategy_names

RESULT_GONE: Final = (
    "It finished, and its result is in the database no longer: ask again with a new "
    "Idempotency-Key."
)
Weight = Annotated[float, Field(ge=0, le=1)]


class BacktestAsked(Asked):
    """A backtest over archived days, `first` to `last`, both among them.

    Attributes:
        capital: whole dollars; left out: the setting's, like slippage, commission and learning.
        weights: strategy -> weight at first; left out: alike.
    """

    first: Day
    last: Day
    capital: Annotated[int, Field(ge=1, le=MOST_CAPITAL)] | None = None
    weights: Annotated[dict[str, Weight], Field(max_length=100, default_factory=dict)]
    learning: Learning | None = None
    slippage_bps: Annotated[int, Field(ge=0, le=MOST_SLIPPAGE_BPS)] | None = None
    commission: Commission | None = None

    @field_validator("weights")
    @classmethod
    def _one_is_heard(cls, weights: dict[str, float]) -> dict[str, float]:
        if weights and not any(weights.values()):
            reason = "give one strategy a weight at least"
            raise not_allowed(reason)
        return weights


class Progress(Answer):
    """Bars that are through, and in all; 0 in all while that is not known."""

    done: int
    total: int


class BacktestFigures(Answer):
    """What a backtest amounts to. Rates are shares of 1; an undefined figure is null.

    Attributes:
        max_drawdown: of the daily equity, negative; its length in sessions.
        exposure: mean share of equity in positions; turnover: traded value over mean equity.
        rejects: check -> what signals asked for and it denied.
        attribution: strategy -> profit; monthly: YYYY-MM -> return.
        weights: in force at the end.
    """

    interval: str
    first: str
    last: str
    bars: int
    articles: int
    start_equity: Money
    final_equity: Money
    total_return: float
    annual_return: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float
    max_drawdown_days: int
    win_rate: float | None
    mean_win: Money | None
    mean_loss: Money | None
    profit_factor: float | None
    exposure: float
    turnover: float
    signals: int
    fills: int
    closed_trades: int
    stops: int
    targets: int
    open_positions: int
    hold_minutes: float | None
    commissions: Money
    rejects: dict[str, int]
    attribution: dict[str, Money]
    monthly: dict[str, float]
    weights: dict[str, float]
    buy_and_hold: float | None


class Backtest(Answer):
    """A backtest: asked for here, or stored by the command line.

    Attributes:
        asked: of one of the command line what held, the settings' values among it; null for one
            of another version that did not say.
        eta_seconds: at the pace so far; null while that is not known.
        error: why it failed.
        stored: id of its result; the same request has the same one.
        figures: once it is finished.
    """

    run_id: str
    status: Status
    asked: BacktestAsked | None
    who: str
    requested_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    progress: Progress | None
    eta_seconds: float | None
    error: str
    stored: str | None
    figures: BacktestFigures | None


class BacktestsAsked(Asked):
    """How many, the newest first."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20


class Backtests(Answer):
    """Backtests, the newest first, and the days that may be asked for."""

    backtests: list[Backtest]
    days: list[str]


class BacktestTrade(Answer):
    """A closed round trip of a backtest; `by`: signal, stop, take_profit or delisted."""

    ticker: str
    qty: int
    opened: Moment
    closed: Moment
    entry: Money
    exit: Money
    pnl: Money
    fees: Money
    seconds: int
    by: str
    credit: dict[str, float]


class BacktestTrades(Answer):
    """A page of round trips, in order of their ends; `cursor` asks for the next."""

    trades: list[BacktestTrade]
    cursor: str | None


class EquityAsked(PageAsked):
    """Of each session's end, or of the curve's points, of which there are 600 at most."""

    of: Literal["days", "curve"] = "days"


class EquityPoint(Answer):
    """Equity at the end of a session (`at` is its day), or at a moment.

    Attributes:
        returned: since the session before; exposure: share of equity in positions; of days only.
    """

    at: str
    equity: Money
    returned: float | None
    exposure: float | None


class Equity(Answer):
    """A page of equity, oldest first."""

    points: list[EquityPoint]
    cursor: str | None


def run_backtest(api: Api, call: Call[NoQuery, BacktestAsked]) -> JobTaken:
    """Ask for a backtest over archived days; one runs at a time, eight may wait."""
    asked = call.body
    must_be_archived(api, {"first": asked.first, "last": asked.last})
    names = strategy_names(api.run.rules)
    if unknown := sorted(set(asked.weights) - set(names)):
        raise Invalid("NO_SUCH_STRATEGY", f"There are {', '.join(names)}.",
                      fields={f"weights.{unknown[0][:40]}": "no strategy of the run"})  # fmt: skip
    return ask(api, call, BacktestTask(**asked.model_dump()))


def backtests(api: Api, call: Call[BacktestsAsked, None]) -> Backtests:
    """Backtests, the newest first, and the days that may be asked for."""
    limit = call.query.limit
    with api.pool.connection() as connection:
        stored = {row["id"]: row for row in newest_backtests(connection, limit)}
        jobs = [(job, task) for job in api.jobs.all() if (task := _backtest_of(job))][:limit]
        of_jobs = [_of_job(api, j, task, _row_of(connection, j, stored)) for j, task in jobs]
    asked_here = {job.result for job, _ in jobs}
    found = of_jobs + [_of_row(row) for id_, row in stored.items() if id_ not in asked_here]
    found.sort(key=lambda each: each.requested_at, reverse=True)
    return Backtests(backtests=found[:limit], days=archived_days(api))


def backtest(api: Api, call: Call[NoQuery, None]) -> Backtest:
    """How a backtest is, and what came of it."""
    id_ = call.path["run_id"]
    job = api.jobs.get(id_)
    with api.pool.connection() as connection:
        if job is not None and (task := _backtest_of(job)):
            return _of_job(api, job, task, _row_of(connection, job, {}))
        row = stored_backtest(connection, id_)
    if row is None:
        raise no_such_run(id_)
    return _of_row(row)


def backtest_trades(api: Api, call: Call[PageAsked, None]) -> BacktestTrades:
    """A backtest's round trips, in order of their ends, by page."""
    rows = _items(api, call, "trades")
    found = [BacktestTrade(**_money(row["value"])) for row in rows]
    cursor = cursor_of(rows, call.query, _list_of(call, "trades"))
    return BacktestTrades(trades=found, cursor=cursor)


def backtest_equity(api: Api, call: Call[EquityAsked, None]) -> Equity:
    """A backtest's equity, oldest first, by page."""
    rows = _items(api, call, call.query.of)
    found = [_point(row["value"]) for row in rows]
    cursor = cursor_of(rows, call.query, _list_of(call, call.query.of))
    return Equity(points=found, cursor=cursor)


def cancel_backtest(api: Api, call: Call[NoQuery, None]) -> Backtest:
    """End a backtest; one that is over stays as it is."""
    job = api.jobs.get(call.path["run_id"])
    if job is not None and _backtest_of(job):
        cancel(api, job.id)
    return backtest(api, call)


def _backtest_of(job: Job) -> BacktestTask | None:
    return job.task if isinstance(job.task, BacktestTask) else None


def _items(api: Api, call: Call[Any, None], of: str) -> list[dict[str, Any]]:
    asked, id_ = call.query, call.path["run_id"]
    after = after_of(asked, _list_of(call, of)).stamp if asked.cursor else 0
    job = api.jobs.get(id_)
    stored = id_ if job is None else _result_of(job)
    with api.pool.connection() as connection:
        if stored_backtest(connection, stored) is None:
            raise no_such_run(id_) if job is None else NotFound("RESULT_GONE", RESULT_GONE)
        rows = backtest_items(connection, stored, of, after, asked.limit)
    return [{**row, "id": ""} for row in rows]


def _result_of(job: Job) -> str:
    """Return under which id a job's result is stored.

    Raises:
        NotFound: it is no backtest.
        Conflict: it has no result, or none yet.
    """
    if _backtest_of(job) is None:
        raise no_such_run(job.id)
    if job.status == "finished":
        return str(job.result)
    if job.over:
        detail = f"It is {job.status} and has no result: ask again with a new Idempotency-Key."
    else:
        detail = f"It is {job.status}: ask again when it has finished."
    raise Conflict("NOT_FINISHED", detail)


def _list_of(call: Call[Any, None], of: str) -> str:
    """Return the name of a list of one backtest, which its cursors are of."""
    return f"backtest {call.path['run_id']} {of}"


def _row_of(connection: Any, job: Job, known: dict[str, Any]) -> dict[str, Any] | None:
    if job.status != "finished":
        return None
    found: dict[str, Any] | None = known.get(job.result) or stored_backtest(connection, job.result)
    return found


def _of_job(
    api: Api, job: Job, task: BacktestTask, row: dict[str, Any] | None
) -> Backtest:  # fmt: skip
    asked = {name: getattr(task, name) for name in BacktestAsked.model_fields}
    gone = job.status == "finished" and row is None
    return Backtest(
        run_id=job.id, status="failed" if gone else job.status,
        asked=BacktestAsked(**asked), who=job.who,
        requested_at=job.requested_at, started_at=job.started_at, finished_at=job.finished_at,
        progress=Progress(done=job.done, total=job.total) if job.started_at else None,
        eta_seconds=job.eta_seconds(api.now()), error=RESULT_GONE if gone else job.error,
        stored=job.result,
        figures=None if row is None else _figures(row["metrics"]),
    )  # fmt: skip


def _of_row(row: dict[str, Any]) -> Backtest:
    asked = asked_of(row["settings"], row["metrics"])
    return Backtest(
        run_id=row["id"], status=row["status"],
        asked=None if asked is None else BacktestAsked.model_construct(**asked),
        who="", progress=None,
        requested_at=row["requested_at"], started_at=None, finished_at=row["finished_at"],
        eta_seconds=None, error="", stored=row["id"], figures=_figures(row["metrics"]),
    )  # fmt: skip


def _figures(metrics: dict[str, Any]) -> BacktestFigures:
    return BacktestFigures(**_money(metrics), weights=metrics["learning"]["weights"])


def _point(value: Any) -> EquityPoint:
    if isinstance(value, list):
        at, equity = value
        return EquityPoint(at=at, equity=_dollars(equity), returned=None, exposure=None)
    day = {name: value[name] for name in ("returned", "exposure")}
    return EquityPoint(at=value["day"], equity=_dollars(value["equity"]), **day)


def _money(values: dict[str, Any]) -> dict[str, Any]:
    """Return stored figures with their dollars as exact decimals."""
    found = {
        name: _dollars(value) if name in DOLLARS and value is not None else value
        for name, value in values.items()
    }
    shared = values.get("attribution", {})
    return {**found, "attribution": {name: _dollars(part) for name, part in shared.items()}}


def _dollars(value: float | str) -> Decimal:
    return Decimal(str(value))


DOLLARS: Final = frozenset(
    {"start_equity", "final_equity", "mean_win", "mean_loss", "commissions", "entry", "exit",
     "pnl", "fees"}
)  # fmt: skip
ENDPOINTS = (
    Endpoint("POST", "/api/backtest/run", run_backtest, "trader", JobTaken, body=BacktestAsked,
             status=TAKEN, session=True, rate=30, problems=(400, 409)),
    Endpoint("GET", "/api/backtest", backtests, "viewer", Backtests, query=BacktestsAsked),
    Endpoint("GET", "/api/backtest/{run_id}", backtest, "viewer", Backtest, problems=(404,)),
    Endpoint("DELETE", "/api/backtest/{run_id}", cancel_backtest, "trader", Backtest,
             session=True, rate=60, problems=(404, 409)),
    Endpoint("GET", "/api/backtest/{run_id}/trades", backtest_trades, "viewer", BacktestTrades,
             query=PageAsked, problems=(404, 409)),
    Endpoint("GET", "/api/backtest/{run_id}/equity", backtest_equity, "viewer", Equity,
             query=EquityAsked, problems=(404, 409)),
)  # fmt: skip
