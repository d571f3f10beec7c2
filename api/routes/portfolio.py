"""The portfolio: what it is worth now, what is held, how it went."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final, Literal

from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.values import Answer, Asked, Moment, Money
from connectors.account_view import account_of
from connectors.market.calendar import NEW_YORK
from connectors.storage.pages import Pages
from operators import metrics

PERIODS: Final = {"1d": 1, "1w": 7, "1m": 31, "3m": 92, "1y": 366, "all": None}
MOST_POINTS: Final = 2_000
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
Period = Literal["1d", "1w", "1m", "3m", "1y", "all"]


class PeriodAsked(Asked):
    """How far back, from the newest figure of the run."""

    period: Period = "1m"


class Portfolio(Answer):
    """The account at this moment.

    Attributes:
        as_of: of the newest figure in it; null before the first.
        buying_power: cash, less what the exits of what is held and open entries keep back.
        exposure: longs and shorts added up; exposure_pct: per cent of equity.
        day_pnl: since the day began in New York; day_pct: per cent of the equity then.
        state: ACTIVE, PAUSED, REDUCING or HALTED; state_since, state_who, state_why: whose word.
    """

    account: str
    as_of: Moment | None
    equity: Money
    cash: Money
    buying_power: Money
    positions_value: Money
    exposure: Money
    exposure_pct: float | None
    unrealized_pnl: Money
    day_pnl: Money
    day_pct: float | None
    positions: int
    state: Literal["ACTIVE", "PAUSED", "REDUCING", "HALTED"]
    state_since: Moment | None
    state_who: str
    state_why: str


class Position(Answer):
    """An open position; qty is negative when short.

    Attributes:
        price: last close; null where no bar of the last two weeks is stored.
        opened_at: of its first fill; null where a reset put it in.
    """

    ticker: str
    qty: int
    avg_entry: Money
    cost: Money
    price: Money | None
    price_at: Moment | None
    value: Money
    unrealized_pnl: Money
    unrealized_pct: float | None
    stop_loss: Money | None
    take_profit: Money | None
    trail: Money | None
    opened_at: Moment | None


class Positions(Answer):
    """Every open position, by ticker."""

    positions: list[Position]


class Point(Answer):
    """The account as one snapshot has it."""

    at: Moment
    equity: Money
    cash: Money
    positions_value: Money


class History(Answer):
    """Snapshots, oldest first; of many some are left out, first and last never."""

    period: Period
    points: list[Point]
    left_out: int


class Figure(Answer):
    """One figure; `reason` says why there is none."""

    value: float | None
    reason: str = ""


class Metrics(Answer):
    """What a period amounts to.

    Attributes:
        roi: return of the period, 0.01 for one per cent.
        sharpe: of daily returns, yearly, riskless rate 0; of five days at least.
        win_rate: share of gains among closed trades with a gain or a loss.
        max_drawdown: deepest fall from a peak, -0.2 for a fifth.
        returns: (day in New York, return) of each day with a snapshot.
    """

    period: Period
    roi: Figure
    sharpe: Figure
    win_rate: Figure
    max_drawdown: Figure
    returns: list[tuple[str, float]]
    trades: int


def portfolio(api: Api, call: Call[NoQuery, None]) -> Portfolio:
    """The account at this moment, what it may trade, and whose word that is."""
    with api.pool.connection() as connection:
        now = account_of(connection, api.run, api.now())
    began = now.equity - now.day_pnl
    plain = {name: getattr(now, name) for name in now.__slots__ if name != "holdings"}
    return Portfolio(
        **plain, positions=len(now.holdings),
        exposure_pct=_percent(now.exposure, now.equity), day_pct=_percent(now.day_pnl, began),
    )  # fmt: skip


def positions(api: Api, call: Call[NoQuery, None]) -> Positions:
    """What is held, at its last prices, with stops and targets."""
    with api.pool.connection() as connection:
        held = account_of(connection, api.run, api.now()).holdings
    return Positions(
        positions=[
            Position(
                **{name: getattr(h, name) for name in h.__slots__}, value=h.value,
                unrealized_pct=_percent(h.unrealized_pnl, abs(h.cost)),
            )
            for h in held
        ]
    )  # fmt: skip


def portfolio_history(api: Api, call: Call[PeriodAsked, None]) -> History:
    """The account's snapshots, from five to five minutes."""
    rows = _snapshots(api, call.query.period)
    step = -(-len(rows) // MOST_POINTS) or 1
    kept = rows[::step]
    if rows and kept[-1] is not rows[-1]:
        kept.append(rows[-1])
    points = [Point(at=row.pop("event_time"), **row) for row in map(dict, kept)]
    return History(period=call.query.period, points=points, left_out=len(rows) - len(kept))


def portfolio_metrics(api: Api, call: Call[PeriodAsked, None]) -> Metrics:
    """Return on investment, Sharpe ratio, win rate and drawdown of a period."""
    period = call.query.period
    rows = _snapshots(api, period)
    days: dict[str, float] = {}
    for row in rows:
        days[f"{row['event_time'].astimezone(NEW_YORK):%F}"] = float(row["equity"])
    first = float(rows[0]["equity"]) if rows else 0.0
    returns, before = list[tuple[str, float]](), first
    for day, equity in days.items():
        returns.append((day, equity / before - 1.0 if before > 0.0 else 0.0))
        before = equity
    with api.pool.connection() as connection:
        since = rows[0]["event_time"] if rows else EVER
        profits = Pages(connection).read(
            "profits", account=api.run.rules.account.name, since=since
        )  # fmt: skip
    gains = [float(row["realized_pnl"]) for row in profits]
    plain = [value for _, value in returns]
    return Metrics(
        period=period, returns=returns, trades=len(gains),
        roi=_figure(before / first - 1.0 if first > 0.0 else None, "there is no snapshot yet"),
        sharpe=_figure(
            metrics.sharpe(plain) if len(plain) >= metrics.LEAST_DAYS else None,
            f"it needs {metrics.LEAST_DAYS} days that differ",
        ),
        win_rate=_figure(metrics.win_rate(gains), "no trade has closed with a gain or a loss"),
        max_drawdown=_figure(metrics.drawdown(_inner(rows)).depth if rows else None,
                             "there is no snapshot yet"),
    )  # fmt: skip


def _inner(rows: list[dict[str, Any]]) -> list[float]:
    """Return the returns from snapshot to snapshot."""
    worth = [float(row["equity"]) for row in rows]
    return [b / a - 1.0 if a > 0.0 else 0.0 for a, b in pairwise(worth)]


def _figure(value: float | None, reason: str) -> Figure:
    return Figure(value=value, reason="" if value is not None else reason)


def _snapshots(api: Api, period: Period) -> list[dict[str, Any]]:
    account, days = api.run.rules.account.name, PERIODS[period]
    with api.pool.connection() as connection:
        pages = Pages(connection)
        newest = pages.read("snapshot", account=account, since=EVER)
        if not newest:
            return []
        until = newest[0]["event_time"] + timedelta(microseconds=1)
        since = EVER if days is None else until - timedelta(days=days)
        return pages.read("equity", account=account, since=since, until=until)


def _percent(part: Any, whole: Any) -> float | None:
    return float(part / whole * 100) if whole > 0 else None


ENDPOINTS = (
    Endpoint("GET", "/api/portfolio", portfolio, "viewer", Portfolio),
    Endpoint("GET", "/api/portfolio/positions", positions, "viewer", Positions),
    Endpoint("GET", "/api/portfolio/history", portfolio_history, "viewer", History,
             query=PeriodAsked),
    Endpoint("GET", "/api/portfolio/metrics", portfolio_metrics, "viewer", Metrics,
             query=PeriodAsked),
)  # fmt: skip
