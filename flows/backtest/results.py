"""What a backtest amounts to: figures, curve, trades, attribution; as plain values."""

from collections import Counter
from typing import Any, Final

import numpy as np
from msgspec import Struct

from connectors.market.calendar import NEW_YORK, new_york_sessions, session_day
from flows.backtest.learning import Adjusted
from flows.backtest.run import Ran
from flows.backtest.tally import Trade
from messages.units import MINUTE_US, SECOND_US, to_datetime, to_money
from operators import metrics
from operators.trading.session_columns import numbers_of

POINTS: Final = 600
SESSIONS_FOR_A_YEAR: Final = 20  # of fewer, a figure for a year says nothing


class Day(Struct, frozen=True, kw_only=True):
    """A session's end: equity in dollars, the day's return, the share of equity in positions."""

    day: str
    equity: float
    returned: float
    exposure: float


class Held(Struct, frozen=True, kw_only=True):
    """A position that is open at the end.

    Attributes:
        shares: signed.
        mark: its last close, dollars.
        as_of: session of its last bar; sessions: since then, with bars of others.
    """

    ticker: str
    shares: int
    mark: float
    as_of: str
    sessions: int


class Learnt(Struct, frozen=True, kw_only=True):
    """What came of the strategies' weights.

    Attributes:
        rule: `ewma`, `hedge` or `fixed`.
        weights: strategy -> weight in force at the end.
        changes: how many weights changed.
        adjusted: what every cycle came to, strategy by strategy; empty where not asked for.
    """

    rule: str
    weights: dict[str, float]
    changes: int
    adjusted: list[Adjusted]


class Result(Struct, frozen=True, kw_only=True):
    """A backtest's result. Undefined figures are None; rates are shares of 1, money is dollars.

    Attributes:
        win_rate, mean_win, mean_loss, profit_factor: of closed trades' profits.
        final_equity: dollars, exact.
        max_drawdown: of the daily equity, negative; its length in sessions until a new high.
        exposure: mean share of equity in positions, by the snapshots.
        turnover: traded value over mean equity.
        hold_minutes: mean time between a trade's first and last fill.
        attribution: strategy -> profit of closed trades, by its share of the votes.
        monthly: YYYY-MM -> return.
        rejects: code -> requests of signals that were denied.
        cut: entries of which cash did not cover all when they were filled.
        learning: the rule, the weights in force at the end, and what each cycle came to.
        benchmark: ticker, its return, and the correlation of daily returns.
        curve: moment and equity, at most 600 of the snapshots, the last one among them.
    """

    bars: int
    interval: str
    refused: dict[str, int]
    first_refused: str
    rounded: dict[str, int]
    articles: int
    refused_news: dict[str, int]
    first_refused_news: str
    first: str
    last: str
    start_equity: float
    final_equity: str
    total_return: float
    annual_return: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float
    max_drawdown_days: int
    win_rate: float | None
    mean_win: float | None
    mean_loss: float | None
    profit_factor: float | None
    exposure: float
    turnover: float
    signals: int
    fills: int
    closed_trades: int
    stops: int
    targets: int
    delisted: int
    open_positions: int
    held: list[Held]
    hold_minutes: float | None
    commissions: float
    rejects: dict[str, int]
    cut: int
    attribution: dict[str, float]
    monthly: dict[str, float]
    learning: Learnt
    benchmark: dict[str, Any]
    buy_and_hold: float | None
    days: list[Day]
    curve: list[tuple[str, float]]
    trades: list[dict[str, Any]]
    engine_s: float
    engine_cpu_s: float

    def for_people(self, annual: float | None) -> float | None:
        """Return a figure for a year as reports show it: None of fewer than 20 sessions."""
        return annual if len(self.days) >= SESSIONS_FOR_A_YEAR else None


def result_of(ran: Ran, *, with_trades: bool = True) -> Result:
    """Work out the figures of a finished backtest.

    Args:
        ran: the backtest.
        with_trades: False leaves the lists of trades, adjustments and of the curve empty.
    """
    tally, start = ran.tally, ran.params.account.start_cash
    trades, fills = list(tally.trades()), tally.executions()
    traded = float((np.abs(fills["qty"]) * fills["price"]).sum()) / 10_000
    days = _days(ran)
    returns = [day.returned for day in days]
    fall = metrics.drawdown(returns)
    profits = [t.pnl / 10_000 for t in trades]
    equity = [day.equity for day in days]
    held = [t.closed - t.opened for t in trades]
    return Result(
        bars=ran.bars, interval=ran.interval, refused=ran.refused,
        first_refused=ran.first_refused, rounded=ran.rounded, articles=ran.articles,
        refused_news=ran.refused_news, first_refused_news=ran.first_refused_news,
        first=_day(ran.first), last=_day(ran.last),
        start_equity=float(start), final_equity=str(to_money(ran.loop.equity)),
        total_return=ran.loop.equity / (start * 10_000) - 1,
        annual_return=metrics.annual_return(returns), volatility=metrics.volatility(returns),
        sharpe=metrics.sharpe(returns), sortino=metrics.sortino(returns),
        calmar=metrics.calmar(returns), max_drawdown=fall.depth, max_drawdown_days=fall.longest,
        win_rate=metrics.win_rate(profits), mean_win=metrics.mean_gain(profits),
        mean_loss=metrics.mean_loss(profits), profit_factor=metrics.profit_factor(profits),
        exposure=_exposure(ran),
        turnover=traded / (sum(equity) / len(equity)) if equity else 0.0,
        signals=tally.asked, fills=tally.fills, closed_trades=len(trades),
        stops=tally.stops, targets=tally.targets, delisted=tally.delisted,
        open_positions=len(ran.loop.open_positions),
        held=_held(ran),
        hold_minutes=sum(held) / len(held) / MINUTE_US if held else None,
        commissions=float(fills["fee"].sum()) / 10_000,
        rejects=dict(sorted(tally.codes.items())), cut=tally.cut,
        attribution=_attribution(trades), monthly=_monthly(days),
        learning=_learnt(ran, full=with_trades),
        benchmark=_benchmark(ran, days), buy_and_hold=_buy_and_hold(ran), days=days,
        curve=_curve(ran) if with_trades else [],
        trades=[_trade(t, ran.loop.strategies.tickers) for t in trades if with_trades],
        engine_s=round(ran.seconds, 4), engine_cpu_s=round(ran.cpu_seconds, 4),
    )  # fmt: skip


def _learnt(ran: Ran, *, full: bool) -> Learnt:
    learner = ran.learner
    adjusted = learner.adjusted if learner else []
    return Learnt(
        rule=ran.params.learning.rule, weights=dict(learner.weights if learner else ran.weights),
        changes=sum(a.new != a.old for a in adjusted), adjusted=adjusted if full else [],
    )  # fmt: skip


def _held(ran: Ran) -> list[Held]:
    """Return the open positions, those without bars for the longest time first."""
    last, *seen = numbers_of(
        new_york_sessions(), np.array([ran.last, *ran.seen.values()], np.int64)
    ).tolist()
    sessions = dict(zip(ran.seen, seen, strict=True))
    found = [
        Held(
            ticker=ticker, shares=shares, mark=ran.worth[ticker][1] / 10_000,
            as_of=_day(ran.seen[ticker]),
            sessions=last - sessions[ticker],
        )
        for ticker, shares in ran.loop.open_positions.items() if ticker in ran.seen
    ]  # fmt: skip
    return sorted(found, key=lambda h: (-h.sessions, h.ticker))


def _days(ran: Ran) -> list[Day]:
    """Return each session's end: the last snapshot that belongs to it.

    A snapshot is stamped at the end of its interval. For the last one of a session that is after
    the close, so its session is found by the stamp less one interval.
    """
    curve = ran.tally.curve()
    before = ran.params.account.snapshot_minutes * MINUTE_US + 1
    session = numbers_of(new_york_sessions(), curve[:, 0] - before)
    last = np.nonzero(np.diff(np.append(session, -1)))[0]
    found, previous = [], ran.params.account.start_cash * 10_000
    for stamp, cash, value in curve[last].tolist():
        equity = cash + value
        found.append(
            Day(
                day=session_day(stamp - before), equity=equity / 10_000,
                returned=equity / previous - 1, exposure=abs(value) / equity if equity else 0.0,
            )
        )  # fmt: skip
        previous = equity
    return found


def _curve(ran: Ran) -> list[tuple[str, float]]:
    found = ran.tally.curve()
    step = max(1, -(-len(found) // POINTS))
    chosen = found[::-1][::step][::-1]
    return [(_moment(stamp), (cash + value) / 10_000) for stamp, cash, value in chosen.tolist()]


def _exposure(ran: Ran) -> float:
    curve = ran.tally.curve()
    equity = curve[:, 1] + curve[:, 2]
    return float(np.mean(np.abs(curve[:, 2]) / equity)) if len(curve) and equity.all() else 0.0


def _attribution(trades: list[Trade]) -> dict[str, float]:
    found: Counter[str] = Counter()
    for trade in trades:
        for strategy, share in trade.credit.items():
            found[strategy] += share * trade.pnl / 10_000  # type: ignore[assignment]  # a float
    return {strategy: round(profit, 4) for strategy, profit in sorted(found.items())}


def _monthly(days: list[Day]) -> dict[str, float]:
    found: dict[str, float] = {}
    for day in days:
        month = day.day[:7]
        found[month] = (1 + found.get(month, 0.0)) * (1 + day.returned) - 1
    return found


def _benchmark(ran: Ran, days: list[Day]) -> dict[str, Any]:
    if not ran.benchmark or not ran.prices:
        return {}
    prices = [ran.prices[s] for s in sorted(ran.prices)]
    theirs = np.diff(prices) / np.array(prices[:-1])
    ours = np.array([day.returned for day in days][1:])
    both = len(theirs) == len(ours) > 2 and theirs.std() > 0 and ours.std() > 0
    return {
        "ticker": ran.benchmark,
        "total_return": prices[-1] / prices[0] - 1,
        "correlation": float(np.corrcoef(theirs, ours)[0, 1]) if both else None,
    }


def _buy_and_hold(ran: Ran) -> float | None:
    """Return the mean return of every ticker, bought at its first close and kept."""
    grown = [last / first - 1 for first, last in ran.worth.values()]
    return sum(grown) / len(grown) if grown else None


def _trade(trade: Trade, names: list[str]) -> dict[str, Any]:
    return {
        "ticker": names[trade.code],
        "qty": trade.qty,
        "opened": _moment(trade.opened),
        "closed": _moment(trade.closed),
        "entry": trade.entry / 10_000,
        "exit": trade.exit / 10_000,
        "pnl": trade.pnl / 10_000,
        "fees": trade.fees / 10_000,
        "seconds": (trade.closed - trade.opened) // SECOND_US,
        "by": trade.by,
        "credit": {s: round(x, 6) for s, x in trade.credit.items()},
    }


def _day(stamp: int) -> str:
    return f"{to_datetime(stamp).astimezone(NEW_YORK):%F}" if stamp else ""


def _moment(stamp: int) -> str:
    return f"{to_datetime(stamp):%FT%TZ}"
