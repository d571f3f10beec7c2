"""Mean reversion's rule: Wilder's averages, the RSI, and the band."""

import pytest

from operators.strategies.mean_reversion import reversion_vote, rsi_of, wilder


def test_the_first_average_is_plain_and_later_ones_are_smoothed() -> None:
    average = 0.0
    for seen, gain in enumerate((3.0, 0.0, 6.0), start=1):
        average = wilder(average, gain, seen, 3)
    assert average == 3.0  # (3 + 0 + 6) / 3
    assert wilder(average, 9.0, 4, 3) == 5.0  # (3 * 2 + 9) / 3


@pytest.mark.parametrize(
    ("gain", "loss", "rsi"),
    [(1.0, 0.0, 100.0), (0.0, 1.0, 0.0), (1.0, 1.0, 50.0), (0.0, 0.0, 50.0), (3.0, 1.0, 75.0)],
)
def test_rsi(gain: float, loss: float, rsi: float) -> None:
    assert rsi_of(gain, loss) == rsi


@pytest.mark.parametrize(
    ("rsi", "strength"),
    [
        (50.0, 0.0),
        (30.0, 0.0),  # the band's edges belong to it
        (70.0, 0.0),
        (22.5, 0.5),
        (77.5, -0.5),
        (0.0, 1.0),
        (100.0, -1.0),
    ],
)
def test_the_band(rsi: float, strength: float) -> None:
    assert reversion_vote(rsi, 30.0, 70.0, 15.0) == strength
