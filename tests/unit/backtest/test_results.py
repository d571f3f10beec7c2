"""Figures of a backtest: they hang together, and nothing is made up where there is nothing."""

from collections.abc import Callable
from datetime import timedelta
from math import prod
from typing import Any

import pytest

from connectors.market.input_files import InputUnusable
from flows.backtest.results import POINTS, Result, result_of
from flows.backtest.run import Ran
from operators import metrics
from tests.unit.backtest.conftest import FIRST, SESSIONS, bars


@pytest.fixture(scope="module")
def result(ran: Ran) -> Result:
    return result_of(ran)


def test_it_trades_at_all(result: Result) -> None:
    assert result.closed_trades >= 4
    assert result.fills >= 2 * result.closed_trades
    assert (result.bars, result.refused) == (4 * 150 * 3, {})
    assert (result.first, result.last) == (SESSIONS[0], SESSIONS[-1])


def test_every_session_has_its_day(result: Result) -> None:
    assert [d.day for d in result.days] == list(SESSIONS)
    before = result.start_equity
    for day in result.days:
        assert day.returned == pytest.approx(day.equity / before - 1)
        assert 0 <= day.exposure < 1
        before = day.equity
    assert result.days[-1].equity == pytest.approx(float(result.final_equity), abs=0.01)


def test_returns_chain_to_the_total(result: Result) -> None:
    returns = [d.returned for d in result.days]
    assert prod(1 + r for r in returns) - 1 == pytest.approx(result.total_return)
    assert result.monthly == {"2025-03": pytest.approx(result.total_return)}
    assert result.volatility == metrics.volatility(returns)
    assert result.max_drawdown == metrics.drawdown(returns).depth <= 0


def test_trades_add_up(result: Result) -> None:
    profits = [t["pnl"] for t in result.trades]
    assert len(profits) == result.closed_trades
    assert sum(result.attribution.values()) == pytest.approx(sum(profits), abs=0.01)
    assert result.win_rate == metrics.win_rate(profits)
    assert (result.mean_win, result.mean_loss) == (
        metrics.mean_gain(profits), metrics.mean_loss(profits)
    )  # fmt: skip
    minutes = [t["seconds"] / 60 for t in result.trades]
    assert result.hold_minutes == pytest.approx(sum(minutes) / len(minutes))
    for trade in result.trades:
        gross = trade["qty"] * (trade["exit"] - trade["entry"])
        assert trade["pnl"] == pytest.approx(gross - trade["fees"], abs=0.01 * abs(trade["qty"]))
        assert trade["opened"] < trade["closed"]
        assert sum(trade["credit"].values()) == pytest.approx(1, abs=1e-5)
        assert trade["by"] in {"signal", "stop"}


def test_every_signal_became_a_fill_or_a_reason(result: Result) -> None:
    assert result.signals == result.fills - result.stops + sum(result.rejects.values())
    assert list(result.rejects) == sorted(result.rejects)


def test_the_curve_is_thin_and_ends_with_the_last_snapshot(ran: Ran, result: Result) -> None:
    assert 2 <= len(result.curve) <= POINTS
    moments = [moment for moment, _ in result.curve]
    assert moments == sorted(moments)
    assert result.curve[-1][1] == pytest.approx(float(result.final_equity), abs=0.01)
    short = result_of(ran, with_trades=False)
    assert (short.curve, short.trades) == ([], [])
    assert short.final_equity == result.final_equity


def test_the_benchmark_is_spy_where_it_is_there(result: Result, ran: Ran) -> None:
    assert result.benchmark["ticker"] == "SPY"
    closes = list(ran.prices.values())
    assert len(closes) == len(SESSIONS)
    assert result.benchmark["total_return"] == pytest.approx(closes[-1] / closes[0] - 1)


def test_another_benchmark_or_none(backtest: Callable[..., Ran]) -> None:
    rows = bars(40, ("AAA", "BBB"))
    assert result_of(backtest(rows)).benchmark == {}
    named = result_of(backtest(rows, benchmark="BBB")).benchmark
    assert named["ticker"] == "BBB"


def test_buy_and_hold_is_the_mean_of_all_tickers(backtest: Callable[..., Ran]) -> None:
    rows = bars(2, ("AAA", "BBB"))
    for row, price in zip(rows, [100.0, 50.0] + [110.0, 40.0] * 7, strict=True):
        row.update(open=price, high=price, low=price, close=price)
    held = result_of(backtest(rows)).buy_and_hold
    assert held == pytest.approx((0.1 - 0.2) / 2)


def test_a_run_of_which_nothing_is_left_is_refused(backtest: Callable[..., Ran]) -> None:
    with pytest.raises(InputUnusable, match=r"no row that is a bar; refused: MALFORMED 24 \(MALF"):
        backtest([{**row, "close": -1.0} for row in bars(2)])


def test_a_benchmark_without_a_bar_is_refused(backtest: Callable[..., Ran]) -> None:
    with pytest.raises(InputUnusable, match="--benchmark ZZZ has no bar"):
        backtest(bars(2), benchmark="ZZZ")


def test_nothing_to_trade_is_undefined_not_zero(backtest: Callable[..., Ran]) -> None:
    empty = result_of(backtest(bars(1)[:2]))
    undefined: dict[str, Any] = {
        name: getattr(empty, name)
        for name in ("sharpe", "sortino", "calmar", "win_rate", "mean_win", "mean_loss",
                     "profit_factor", "hold_minutes")
    }  # fmt: skip
    assert set(undefined.values()) == {None}
    assert (empty.final_equity, empty.total_return) == ("1000000.0000", 0.0)
    assert (empty.exposure, empty.turnover) == (0.0, 0.0)


def test_what_is_still_held_is_named_with_the_age_of_its_price(
    backtest: Callable[..., Ran],
) -> None:
    """A ticker that stops trading stays at its last price, and one can see that."""
    rows = bars(150, ("AAA", "BBB"))
    rows = [r for r in rows if r["ticker"] == "BBB" or r["ts"] < FIRST + timedelta(minutes=44)]
    held = {h.ticker: h for h in result_of(backtest(rows)).held}
    assert "AAA" in held
    dead = held["AAA"]
    assert (dead.as_of, dead.sessions) == (SESSIONS[0], len(SESSIONS) - 1)
    assert dead.mark == next(r["close"] for r in reversed(rows) if r["ticker"] == "AAA")
    assert all(h.sessions == 0 for t, h in held.items() if t != "AAA")
