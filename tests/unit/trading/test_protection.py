"""The stop: the price that is named is the last one that triggers it."""

from hypothesis import given
from hypothesis import strategies as st

from operators.params import RiskParams
from operators.trading.account import Position
from operators.trading.protection import stop_hit, stop_price

positions = st.builds(
    lambda qty, price, odd, side: Position(side * qty, side * (qty * price + odd % qty), 0, 0,
                                           "trd-1", "sig-1", "exe-1"),
    st.integers(1, 100_000), st.integers(1, 10_000_000), st.integers(0, 100_000),
    st.sampled_from((1, -1)),
)  # fmt: skip
rules = st.builds(lambda bps: RiskParams(stop_loss_bps=bps), st.integers(1, 9_999))


@given(positions, rules)
def test_the_named_price_triggers_and_the_next_one_does_not(
    position: Position, risk: RiskParams
) -> None:
    side = 1 if position.qty > 0 else -1
    named = stop_price(position, risk)
    assert stop_hit(position, named, risk)
    assert not stop_hit(position, named + side, risk)


def test_a_long_stops_below_its_cost_and_a_short_above() -> None:
    risk = RiskParams(stop_loss_bps=300)
    long = Position(100, 100 * 50_0000, 0, 0, "", "", "")
    short = Position(-100, -100 * 50_0000, 0, 0, "", "", "")
    assert (stop_price(long, risk), stop_price(short, risk)) == (48_5000, 51_5000)
