"""What closes a position by itself: the price that is named is the last one that triggers it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.units import to_dollars
from operators.exits import ExitRules
from operators.params import RiskParams
from operators.trading.account import Position
from operators.trading.protection import exit_by, levels
from tests.streams import bar


def held(qty: int, price: int, best: int | None = None) -> Position:
    best = price if best is None else best
    return Position(qty, qty * price, 0, 0, "trd-1", "sig-1", "exe-1", best, best, best, best)


positions = st.builds(
    lambda qty, price, odd, side: held(side * qty, price)._replace(
        cost=side * (qty * price + odd % qty)
    ),
    st.integers(1, 100_000), st.integers(10, 10_000_000), st.integers(0, 100_000),
    st.sampled_from((1, -1)),
)  # fmt: skip
shares = st.integers(1, 9_000)


def met(position: Position, price: int, rules: ExitRules) -> str:
    found = exit_by(position, bar(1, "AAA", price).body, rules)  # type: ignore[arg-type]
    return found[0] if found else ""


@given(positions, shares, shares)
def test_the_named_price_triggers_and_the_next_one_does_not(
    position: Position, stop_bps: int, target_bps: int
) -> None:
    side = 1 if position.qty > 0 else -1
    rules = ExitRules(stop_bps, target_bps, 0, False)
    stop, target, _ = levels(position, rules)
    assert met(position, max(1, stop), rules) == ("stop" if stop >= 1 else met(position, 1, rules))
    assert met(position, stop + side, rules) != "stop"
    if target is not None and side * target > side * (stop + side):
        assert met(position, target, rules) == "take_profit"
        assert met(position, target - side, rules) != "take_profit"


@given(positions, shares, st.integers(20_000, 10_000_000))
def test_a_trailing_stop_follows_the_best_price(position: Position, trail: int, best: int) -> None:
    side = 1 if position.qty > 0 else -1
    rules = ExitRules(9_999, 0, trail, False)
    followed = position._replace(high=best, low=best)
    level = levels(followed, rules)[2]
    assert level is not None
    assert abs(level - best) <= best * trail // 10_000 + 1
    better = position._replace(high=best + side * (best // 2), low=best + side * (best // 2))
    moved = levels(better, rules)[2]
    assert moved is not None
    assert side * moved >= side * level
    assert met(followed, max(1, level), rules) == "stop" or side * level < 1


def test_levels_of_a_long_and_of_a_short() -> None:
    risk = RiskParams(stop_loss_bps=300, take_profit_bps=500, trailing_stop_bps=100)
    assert levels(held(100, 50_0000, 60_0000), risk.exits) == (48_5000, 52_5000, 59_4000)
    assert levels(held(-100, 50_0000, 40_0000), risk.exits) == (51_5000, 47_5000, 40_4000)
    assert levels(held(100, 50_0000), RiskParams().exits) == (48_5000, None, None)


# Bought, or sold short, at 100: stop at 97 (103), target at 105 (95), trailing 2 % of 101 (99).
CASES = [
    # open, high, low, close; long; short
    ((100, 101, 99, 100), None, None),
    ((100, 101, 96, 100), ("stop", 97.0), None),
    ((100, 106, 99, 100), ("take_profit", 105.0), ("stop", 103.0)),
    ((80, 101, 79, 101), ("stop", 80.0), ("take_profit", 80.0)),
    ((110, 111, 96, 100), ("take_profit", 110.0), ("stop", 110.0)),
    ((100, 106, 96, 100), ("stop", 97.0), ("stop", 103.0)),
    ((100, 100, 95, 95), ("stop", 97.0), ("take_profit", 95.0)),
]


@pytest.mark.parametrize(("prices", "long", "short"), CASES)
def test_within_a_bar_the_open_comes_first_and_of_both_the_stop(
    prices: tuple[int, ...], long: tuple[str, float] | None, short: tuple[str, float] | None
) -> None:
    opening, high, low, close = (float(p) for p in prices)
    made = bar(1, "AAA", int(close * 10_000), open=opening, high=high, low=low).body
    rules = ExitRules(300, 500, 0, True)
    for qty, expected in ((10, long), (-10, short)):
        found = exit_by(held(qty, 100_0000), made, rules)  # type: ignore[arg-type]
        assert (found and (found[0], to_dollars(found[1]))) == expected


def test_within_a_bar_the_trailing_stop_knows_the_best_price_before_it() -> None:
    made = bar(1, "AAA", 104_0000, open=103.0, high=110.0, low=102.0).body
    rules = ExitRules(300, 0, 500, True)
    assert exit_by(held(10, 100_0000, 106_0000), made, rules) is None  # type: ignore[arg-type]
    after = exit_by(held(10, 100_0000, 110_0000), made, rules)  # type: ignore[arg-type]
    assert after == ("stop", 103_0000)


def test_at_the_close_what_happened_inside_is_not_seen() -> None:
    made = bar(1, "AAA", 100_0000, open=80.0, high=120.0, low=79.0).body
    assert exit_by(held(10, 100_0000), made, ExitRules(300, 500, 100, False)) is None  # type: ignore[arg-type]
