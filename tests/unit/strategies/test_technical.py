"""The strategies' averages equal TA-Lib's; where all is flat they are the job's own words."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.units import to_units
from operators.strategies.technical import SUM_C, N, TickerRows, step_bars, units_of

WINDOW, PERIOD = 20, 14


def averages(closes: list[float]) -> list[tuple[float | None, float | None]]:
    """Return the moving average and the RSI after each close."""
    rows = TickerRows(WINDOW)
    k = rows.row("AAPL")
    found: list[tuple[float | None, float | None]] = []
    for close in closes:
        out = np.empty(1), np.empty(1)
        units = np.array([round(close * 10_000)])
        step_bars(
            np.array([k]), units, np.array([1]), rows.state, rows.closes, rows.volumes,
            rows.averages, WINDOW, 0.002, PERIOD, 30.0, 70.0, 15.0, *out,
        )  # fmt: skip
        seen = int(rows.state[k, N])
        gain, loss = rows.averages[k].tolist()
        mean = rows.state[k, SUM_C] / WINDOW / 10_000 if seen >= WINDOW else None
        rsi = None
        if seen > PERIOD:
            rsi = 100 * gain / (gain + loss) if gain + loss else 50.0
        found.append((mean, rsi))
    return found


@pytest.fixture(scope="module")
def reference(recorded: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (recorded.parent / "bench/indicator_reference.json").read_text()
    )
    return found


@pytest.mark.recorded
def test_moving_average_and_rsi_equal_talib(reference: dict[str, Any]) -> None:
    series = reference["series"]["AAPL"]
    compared = 0
    for n, (mean, rsi) in enumerate(averages(series["close"])):
        for ours, theirs in (
            (mean, series["talib"]["SMA20"][n]),
            (rsi, series["talib"]["RSI14"][n]),
        ):
            assert (ours is None) == (theirs is None), n
            if ours is not None:
                assert ours == pytest.approx(theirs, rel=1e-9)
                compared += 1
    assert compared > 200


@pytest.mark.recorded
@pytest.mark.parametrize("case", ["up", "down"])
def test_one_way_markets_equal_talib(reference: dict[str, Any], case: str) -> None:
    edge = reference["edge"][case]
    for (_, rsi), theirs in zip(averages(edge["close"]), edge["RSI14"], strict=True):
        assert rsi == (None if theirs is None else pytest.approx(theirs))


def test_without_any_change_rsi_is_in_the_middle() -> None:
    assert [rsi for _, rsi in averages([10.0] * 20)][PERIOD:] == [50.0] * (20 - PERIOD)


@given(st.lists(st.floats(0.0001, 1_000_000.0).map(lambda x: round(x, 4)), min_size=1))
def test_many_prices_are_units_as_one_is(prices: list[float]) -> None:
    assert units_of(np.array(prices)).tolist() == [to_units(p) for p in prices]
