"""Credit: shares that sum to one, parts that add up to the profit."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from messages.learning import LARGEST_SHARE
from operators.learning.credit import UNATTRIBUTED, credit_shares, split_profit

parts = st.lists(st.tuples(st.sampled_from("abcd"), st.floats(-1, 2)), max_size=5)


@given(parts, st.integers(-(10**12), 10**12))
def test_shares_sum_to_one_and_parts_to_the_profit(
    behind: list[tuple[str, float]], profit: int
) -> None:
    assume(sum(part for _, part in behind) >= 0)  # an entry goes the way of the sum
    shares = credit_shares(behind)
    assert sum(share for _, share in shares) == pytest.approx(1.0)
    assert all(abs(share) <= LARGEST_SHARE for _, share in shares)
    found = split_profit(profit, shares)
    assert len(found) == len(shares)
    assert sum(found) == profit


@pytest.mark.parametrize("behind", [[], [("a", 0.0)]])
def test_a_trade_that_nobody_voted_on_is_unattributed(behind: list[tuple[str, float]]) -> None:
    assert credit_shares(behind) == [(UNATTRIBUTED, 1.0)]
    assert split_profit(7, credit_shares(behind)) == [7]


@pytest.mark.parametrize(
    ("behind", "profit", "wanted"),
    [
        ([("a", 3.0), ("b", 1.0)], 400, {"a": 300, "b": 100}),
        # b voted against: of a loss it has a gain, of a gain a loss.
        ([("a", 0.6), ("b", -0.2)], -400, {"a": -600, "b": 200}),
        ([("a", 0.6), ("b", -0.2)], 400, {"a": 600, "b": -200}),
        # The parts nearly cancel: their sizes decide.
        ([("a", 0.51), ("b", -0.49)], 100, {"a": 51, "b": 49}),
        ([("a", 0.5), ("b", -0.5)], -100, {"a": -50, "b": -50}),
    ],
)
def test_who_voted_against_a_loss_is_credited_for_it(
    behind: list[tuple[str, float]], profit: int, wanted: dict[str, int]
) -> None:
    shares = credit_shares(behind)
    names = [strategy for strategy, _ in shares]
    assert dict(zip(names, split_profit(profit, shares), strict=True)) == wanted


def test_the_last_takes_the_rest() -> None:
    shares = credit_shares([("a", 1.0), ("b", 1.0), ("c", 1.0)])
    assert split_profit(100, shares) == [33, 33, 34]
    assert [s for s, _ in credit_shares([("a", 3.0), ("x", 0.0), ("b", 1.0)])] == ["a", "b"]
