"""Indicators of a chart: the very numbers that the strategies' own readings show."""

from decimal import Decimal

import numpy as np
import pytest

from api.indicators import line_of, warm_up
from operators.params import Params
from operators.strategies.readings import technical
from operators.strategies.technical import RowsState, TickerRows, step_bar
from tests.streams import bar

PARAMS = Params()


def closes(count: int) -> list[int]:
    dice = np.random.default_rng(11)
    return [1_000_000 + int(step) for step in np.cumsum(dice.integers(-900, 1_000, count))]


def test_they_are_what_the_strategies_read() -> None:
    """Bar by bar beside the strategies' state: RSI to its two decimals, means to four."""
    units, momentum, p = closes(120), PARAMS.momentum, PARAMS.mean_reversion
    volumes = [1_000 + 7 * (n % 13) for n in range(len(units))]
    dollars = [Decimal(unit).scaleb(-4) for unit in units]
    sma = line_of("sma", dollars, volumes, PARAMS)
    volume_sma = line_of("volume_sma", dollars, volumes, PARAMS)
    rsi = line_of("rsi", dollars, volumes, PARAMS)
    rows = TickerRows(momentum.window)
    numbers = np.array(
        [momentum.window, momentum.full_strength, p.period, p.low, p.high, p.full_strength]
    )
    for n, (unit, volume) in enumerate(zip(units, volumes, strict=True)):
        state: RowsState | None = rows.snapshot()
        body = bar(n + 1, "AAA", unit, volume).body
        by_momentum, by_reversion = technical(state, body, PARAMS)  # type: ignore[arg-type]
        said = {name: (value, wanted) for name, value, wanted in
                (*by_momentum.numbers, *by_reversion.numbers)}  # fmt: skip
        if "close" in said:
            mean = float(said["close"][1].split("mean ")[1].split(";")[0])
            assert sma[n] == pytest.approx(mean, abs=0.000_051)  # as it is rounded there
            assert said["volume"][1].endswith(f"above its mean {volume_sma[n]:,.1f}")
        if n < momentum.window - 1:
            assert (sma[n], volume_sma[n]) == (None, None)
        if f"RSI {p.period}" in said:
            assert said[f"RSI {p.period}"][0] == f"{rsi[n]:.2f}"
        else:
            assert rsi[n] is None
        k = rows.row("AAA")
        step_bar(k, unit, volume, rows.state, rows.closes, rows.volumes, rows.averages, numbers)


def test_bars_before_a_chart_settle_it() -> None:
    units = [Decimal(unit).scaleb(-4) for unit in closes(2_000)]
    whole = line_of("rsi", units, [0] * 2_000, PARAMS)
    cut = line_of("rsi", units[1_500 - warm_up(PARAMS) :], [0] * 2_000, PARAMS)
    assert cut[warm_up(PARAMS) :] == pytest.approx(whole[1_500:], abs=1e-6)


def test_nothing_is_made_of_nothing() -> None:
    for name in ("sma", "volume_sma", "rsi"):
        assert line_of(name, [], [], PARAMS) == []
