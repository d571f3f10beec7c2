"""Momentum's rule: crossings of a mean, in units, without dividing."""

import pytest

from operators.strategies.momentum import momentum_vote

WINDOW, FULL = 4, 0.02
MEAN = 100_0000


def vote(close: int, before: int, *, volume: int = 200, mean: int = MEAN) -> float:
    """Return the vote of a bar whose means before and after are both `mean`, volume's is 100."""
    return momentum_vote(close, volume, before, WINDOW * mean, WINDOW * mean, 400, WINDOW, FULL)


@pytest.mark.parametrize(
    ("close", "before", "volume", "strength"),
    [
        (101_0000, 99_0000, 200, 0.5),  # 1 % above, full strength at 2 %
        (101_0000, MEAN, 200, 0.5),  # from the mean itself is a crossing
        (101_0000, 99_0000, 100, 0.0),  # upwards needs more volume than its mean
        (101_0000, 101_0000, 200, 0.0),  # was above already
        (99_0000, 101_0000, 1, -0.5),  # downwards at any volume
        (99_0000, MEAN, 1, -0.5),
        (99_0000, 99_0000, 1, 0.0),  # was below already
        (MEAN, 99_0000, 200, 0.0),  # reaches its mean only
        (150_0000, 99_0000, 200, 1.0),
        (50_0000, 101_0000, 1, -1.0),
    ],
)
def test_a_crossing_votes(close: int, before: int, volume: int, strength: float) -> None:
    assert vote(close, before, volume=volume) == pytest.approx(strength)


def test_one_unit_beyond_the_mean_is_a_crossing() -> None:
    big = 2**40  # the comparison is exact where a quotient of floats would round
    assert vote(big + 1, big, mean=big) > 0.0
    assert vote(big - 1, big, mean=big) < 0.0
    assert vote(big, big, mean=big) == 0.0
