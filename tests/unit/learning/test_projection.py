"""The projection: within the bounds, the sum exact, and nothing nearer."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.learning.projection import project

MILLION = 1_000_000
bounded = st.tuples(
    st.integers(0, MILLION), st.integers(0, MILLION // 2), st.integers(0, MILLION // 2)
).map(lambda t: (t[0], t[1], t[1] + t[2]))


@given(st.lists(bounded, min_size=1, max_size=8), st.floats(0, 1))
def test_bounds_and_sum_hold_exactly(asked: list[tuple[int, int, int]], place: float) -> None:
    proposed, low, high = (list(column) for column in zip(*asked, strict=True))
    total = sum(low) + int(place * (sum(high) - sum(low)))
    found = project(proposed, low, high, total)
    assert sum(found) == total
    assert all(a <= w <= b for a, w, b in zip(low, found, high, strict=True))


small = st.tuples(st.integers(0, 8), st.integers(0, 4), st.integers(0, 4)).map(
    lambda t: (t[0], t[1], t[1] + t[2])
)


@given(st.lists(small, min_size=1, max_size=4), st.floats(0, 1))
def test_no_other_weights_are_nearer(asked: list[tuple[int, int, int]], place: float) -> None:
    proposed, low, high = (list(column) for column in zip(*asked, strict=True))
    total = sum(low) + round(place * (sum(high) - sum(low)))
    found = project(proposed, low, high, total)

    def distance(weights: tuple[int, ...] | list[int]) -> int:
        return sum((w - p) ** 2 for w, p in zip(weights, proposed, strict=True))

    every = product(*(range(a, b + 1) for a, b in zip(low, high, strict=True)))
    assert distance(found) == min(distance(w) for w in every if sum(w) == total)


@given(st.lists(st.integers(0, MILLION), min_size=1, max_size=6))
def test_what_keeps_the_bounds_already_stays(weights: list[int]) -> None:
    assert project(weights, [0] * len(weights), [MILLION] * len(weights), sum(weights)) == weights


@pytest.mark.parametrize("total", [4, 11])
def test_a_sum_out_of_reach_is_refused(total: int) -> None:
    with pytest.raises(ValueError, match=rf"from 5 to 10 in all sum to {total}"):
        project([3, 3], [2, 3], [5, 5], total)
