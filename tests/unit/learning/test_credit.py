"""Credit: shares that sum to one, parts that add up to the profit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.learning.credit import UNATTRIBUTED, credit_shares, split_profit

backing = st.lists(st.tuples(st.sampled_from("abcd"), st.floats(-0.5, 2)), max_size=5)


@given(backing, st.integers(-(10**12), 10**12))
def test_shares_sum_to_one_and_parts_to_the_profit(
    behind: list[tuple[str, float]], profit: int
) -> None:
    shares, parts = credit_shares(behind), split_profit(profit, behind)
    assert len(shares) == len(parts)
    assert sum(share for _, share in shares) == pytest.approx(1.0)
    assert all(0.0 <= share <= 1.0 for _, share in shares)
    assert sum(parts) == profit


@pytest.mark.parametrize("behind", [[], [("a", 0.0)], [("a", -1.0)]])
def test_a_trade_that_nobody_backed_is_unattributed(behind: list[tuple[str, float]]) -> None:
    assert credit_shares(behind) == [(UNATTRIBUTED, 1.0)]
    assert split_profit(7, behind) == [7]


def test_the_last_takes_the_rest() -> None:
    thirds = [("a", 1.0), ("b", 1.0), ("c", 1.0)]
    assert split_profit(100, thirds) == [33, 33, 34]
    assert [s for s, _ in credit_shares([("a", 3.0), ("x", 0.0), ("b", 1.0)])] == ["a", "b"]
    assert dict(credit_shares([("a", 3.0), ("b", 1.0)])) == {"a": 0.75, "b": 0.25}
