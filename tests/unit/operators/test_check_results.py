"""What a decision carries of its checks: the numbers decide as the rules did."""

from collections.abc import Callable
from decimal import Decimal
from operator import eq, ge, le, lt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.trading import Cause, CheckResult
from operators.check_results import ENTRY_OPEN, NONE, UNKNOWN_TEXT, entry_results, exit_results
from operators.checks import (
    ACCEPTED,
    BROKER_ONLY,
    CHECKS,
    NAMES,
    NO_NEWS,
    UNKNOWN,
    UNKNOWN_NEWS,
    Ask,
    first_denial,
    first_denial_at_broker,
)
from operators.params import RiskParams
from tests.unit.operators.test_checks import GOOD

COMPARED: dict[str, Callable[[Decimal, Decimal], bool]] = {"<=": le, ">=": ge, "<": lt, "=": eq}
MONEY = st.integers(0, 10**10)
STAMP = GOOD.stamp
ASKS = st.builds(
    Ask,
    stamp=st.just(STAMP), is_open=st.integers(0, 1), state=st.integers(0, 3),
    price=st.just(UNKNOWN) | st.integers(1, 10**7),
    price_stamp=st.just(UNKNOWN) | st.integers(STAMP - 10**9, STAMP),
    news_age=st.sampled_from([NO_NEWS, UNKNOWN_NEWS]) | st.integers(0, 3 * 10**10),
    held=st.integers(-2, 2), entries=st.integers(0, 1),
    last_exit=st.just(UNKNOWN) | st.integers(STAMP - 10**10, STAMP), positions=st.integers(0, 30),
    qty=st.integers(-500, 500), cost=MONEY, fees=st.integers(0, 10**6), equity=MONEY,
    exposure=MONEY, cash=MONEY, volume=st.just(UNKNOWN) | st.integers(0, 10**5),
    broker=st.integers(0, 2),
)  # fmt: skip


def holds(result: CheckResult) -> bool:
    """Tell whether measured is to limit as the comparison says."""
    if result.measured in (UNKNOWN_TEXT, ENTRY_OPEN):
        return False
    if result.measured == NONE:
        return True
    if result.unit in ("session", "state"):
        return result.measured == result.limit
    return COMPARED[result.comparison](Decimal(result.measured), Decimal(result.limit))


@given(ASKS, st.booleans())
def test_the_numbers_of_an_entry_decide_as_the_rules_did(ask: Ask, broker: bool) -> None:
    if ask.price == UNKNOWN:
        ask = ask._replace(qty=0, cost=0, fees=0)  # as it is sized then
    limits = RiskParams().limits
    results = entry_results(ask, limits, broker=broker)
    asked = [name for name in NAMES if broker or name not in BROKER_ONLY]
    assert [result.code for result in results] == asked
    assert [holds(result) for result in results] == [result.passed for result in results]
    number, _, _ = (first_denial_at_broker if broker else first_denial)(ask, limits)
    failing = [result.code for result in results if not result.passed]
    assert failing[:1] == ([] if number == ACCEPTED else [NAMES[number - 1]])


def test_a_check_that_is_off_is_left_out() -> None:
    limits = RiskParams(off=("COOLDOWN", "MARKET_CLOSED")).limits
    results = entry_results(GOOD._replace(is_open=0), limits)
    assert {r.code for r in results} == set(CHECKS) - {"COOLDOWN", "MARKET_CLOSED", *BROKER_ONLY}
    assert all(r.passed for r in results)


def test_money_is_exact_and_ages_are_seconds() -> None:
    ask = GOOD._replace(cost=5_000_0001, price_stamp=STAMP - 1_500_000)
    found = {r.code: (r.measured, r.unit) for r in entry_results(ask, RiskParams().limits)}
    assert found["BUYING_POWER"] == ("5000.0001", "dollars")
    assert found["STALE_PRICE"] == ("1.500000", "seconds")
    assert found["COOLDOWN"] == ("none", "seconds")


@pytest.mark.parametrize(
    ("state", "cause", "held", "is_open", "failing"),
    [
        ("ACTIVE", "signal", 5, True, []),
        ("ACTIVE", "signal", -5, True, []),
        ("ACTIVE", "stop", 5, False, ["MARKET_CLOSED"]),
        ("PAUSED", "signal", 5, True, []),
        ("HALTED", "signal", 5, True, ["TRADING_STATE"]),
        ("HALTED", "stop", 5, True, []),
        ("ACTIVE", "command", 0, False, ["MARKET_CLOSED", "NO_POSITION"]),
    ],
)
def test_what_is_asked_of_an_exit(
    state: str, cause: Cause, held: int, is_open: bool, failing: list[str]
) -> None:
    results = exit_results(RiskParams().limits, state, cause, held, is_open)
    assert [r.code for r in results if not r.passed] == failing
    assert [r.passed for r in results] == [holds(r) for r in results]
    off = exit_results(RiskParams(off=("MARKET_CLOSED",)).limits, state, cause, held, is_open)
    assert "MARKET_CLOSED" not in {r.code for r in off}
