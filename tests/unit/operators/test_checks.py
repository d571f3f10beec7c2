"""The pre-trade checks, as a table: each rule on both sides of its limit, and what is unknown."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from numba.extending import register_jitable

from messages.units import MINUTE_US, SECOND_US
from operators.checks import (
    ACCEPTED,
    ACTIVE,
    BROKER_ONLY,
    CHECKS,
    HALTED,
    NAMES,
    NO_NEWS,
    NOT_RECONCILED,
    PAUSED,
    READY,
    REDUCING,
    STREAM_DOWN,
    SWITCHABLE,
    TICKER_HALTED,
    UNKNOWN,
    UNKNOWN_NEWS,
    Ask,
    Check,
    Denial,
    Limits,
    Verdict,
    chained,
    denial_of,
    first_denial,
    first_denial_at_broker,
    is_off,
    measured,
    number_of,
    session_denial,
    switched_off,
)
from operators.params import RiskParams

LIMITS = RiskParams().limits
GOOD = Ask(
    stamp=10**15, is_open=1, state=ACTIVE, price=100_0000, price_stamp=10**15, news_age=NO_NEWS,
    held=0, entries=0, last_exit=UNKNOWN, positions=0, qty=50, cost=5_000_0000, fees=1_0000,
    equity=100_000_0000, exposure=0,
    cash=100_000_0000, volume=1_000_000, broker=READY,
)  # fmt: skip
SECOND, MINUTE = SECOND_US, MINUTE_US


def answer(ask: Ask, limits: Limits = LIMITS) -> Denial | None:
    number, limit, actual = first_denial_at_broker(ask, limits)
    return None if number == ACCEPTED else denial_of(ask, number, limit, actual)


@pytest.mark.parametrize(
    ("change", "denial"),
    [
        ({}, None),
        ({"is_open": 0}, ("MARKET_CLOSED", "regular session", "closed")),
        ({"state": PAUSED}, ("TRADING_PAUSED", "ACTIVE", "PAUSED")),
        ({"state": REDUCING}, ("REDUCE_ONLY", "ACTIVE", "REDUCING")),
        ({"state": HALTED}, ("HALTED", "ACTIVE", "HALTED")),
        ({"broker": NOT_RECONCILED}, ("NOT_RECONCILED", "READY", "NOT_RECONCILED")),
        ({"broker": STREAM_DOWN}, ("STREAM_DOWN", "READY", "STREAM_DOWN")),
        ({"broker": TICKER_HALTED}, ("TICKER_HALTED", "READY", "TICKER_HALTED")),
        ({"price_stamp": 10**15 - 300 * SECOND}, None),
        ({"price_stamp": 10**15 - 301 * SECOND}, ("STALE_PRICE", "300 s", "301 s")),
        ({"price_stamp": UNKNOWN, "price": UNKNOWN}, ("STALE_PRICE", "300 s", "unknown")),
        ({"news_age": 240 * MINUTE}, None),
        ({"news_age": 240 * MINUTE + 1}, ("STALE_SENTIMENT", "240 min", "240.0 min")),
        ({"news_age": UNKNOWN_NEWS}, ("STALE_SENTIMENT", "240 min", "unknown")),
        ({"held": 1}, ("ALREADY_HELD", "0 shares", "1 share")),
        ({"held": -7}, ("ALREADY_HELD", "0 shares", "-7 shares")),
        ({"entries": 1}, ("ALREADY_HELD", "0 shares", "entry open")),
        ({"last_exit": 10**15 - 30 * MINUTE}, None),
        ({"last_exit": 10**15 - 30 * MINUTE + 1}, ("COOLDOWN", "30 min", "30.0 min")),
        ({"positions": 19}, None),
        ({"positions": 20}, ("MAX_POSITIONS", "20", "20")),
        ({"qty": 0}, ("BELOW_ONE_SHARE", "1 share", "0 shares")),
        ({"fees": 100_0000}, None),
        ({"fees": 100_0001}, ("MAX_FEES", "100.00", "100.00")),
        ({"cost": 5_000_0001}, ("MAX_POSITION_PCT", "5000.00", "5000.00")),
        ({"qty": -50}, None),
        ({"exposure": 75_000_0000}, None),
        ({"exposure": 75_000_0001}, ("MAX_EXPOSURE", "80000.00", "80000.00")),
        ({"cash": 5_000_0000}, None),
        ({"cash": 4_999_9999}, ("BUYING_POWER", "5000.00", "5000.00")),
        ({"volume": 5_000}, None),
        ({"volume": 4_999}, ("MAX_PARTICIPATION", "49 shares", "50 shares")),
        ({"volume": 0}, ("MAX_PARTICIPATION", "0 shares", "50 shares")),
        ({"volume": UNKNOWN}, ("MAX_PARTICIPATION", "100 bps of volume", "unknown volume")),
    ],
    ids=str,
)
def test_each_rule_on_both_sides_of_its_limit(
    change: dict[str, int], denial: tuple[str, str, str] | None
) -> None:
    assert answer(GOOD._replace(**change)) == denial


def test_every_check_is_in_the_table_above() -> None:
    cases = test_each_rule_on_both_sides_of_its_limit.pytestmark[0].args[1]  # type: ignore[attr-defined]
    denied = {denial[0] for _, denial in cases if denial}
    states = {"TRADING_PAUSED", "REDUCE_ONLY", "HALTED"}
    broker = {"NOT_RECONCILED", "STREAM_DOWN", "TICKER_HALTED"}
    assert denied - states - broker == {*NAMES} - {"TRADING_STATE", "BROKER"}


@pytest.mark.parametrize("name", SWITCHABLE)
def test_a_check_that_is_off_denies_nothing(name: str) -> None:
    bad = GOOD._replace(
        is_open=0, state=HALTED, price_stamp=0, news_age=UNKNOWN_NEWS, held=1, last_exit=10**15,
        positions=99, cost=10**9, fees=10**9, equity=1, exposure=10**12, cash=0, volume=UNKNOWN,
    )  # fmt: skip
    others = tuple(n for n in SWITCHABLE if n != name)
    alone = RiskParams(off=others).limits
    denied = answer(bad, alone)
    assert denied is not None
    assert denied.code == ("HALTED" if name == "TRADING_STATE" else name)
    assert answer(bad, RiskParams(off=SWITCHABLE).limits) is None
    assert answer(bad._replace(qty=0), RiskParams(off=SWITCHABLE).limits) is not None


def test_what_cannot_be_switched_off_is_refused_by_name() -> None:
    from pydantic import TypeAdapter, ValidationError

    for name in ("BELOW_ONE_SHARE", "MOON"):
        with pytest.raises(ValidationError, match=f"there is no check {name} to switch off"):
            TypeAdapter(RiskParams).validate_python({"off": name})


def test_numbers_follow_names_never_places() -> None:
    assert [number_of(name) for name in NAMES] == list(range(1, len(NAMES) + 1))
    assert switched_off(("COOLDOWN", "COOLDOWN")) == 1 << number_of("COOLDOWN")
    assert is_off("COOLDOWN", RiskParams(off=("COOLDOWN",)).limits)
    assert not is_off("MAX_POSITIONS", RiskParams(off=("COOLDOWN",)).limits)


def test_each_limit_is_a_parameter() -> None:
    names = {f.name for f in fields(RiskParams)}
    assert {"stale_price_seconds", "max_positions", "participation_bps", "off"} <= names
    assert RiskParams(cooldown_minutes=7).limits.cooldown == 7 * MINUTE
    assert RiskParams(stale_sentiment_minutes=3).limits.stale_news == 3 * MINUTE


numbers = st.integers(-5, 5) | st.sampled_from([UNKNOWN, 10**12, 10**6])
money = st.integers(-(10**9), 10**12)  # compiled integers have 64 bits
asks = st.builds(
    Ask, stamp=st.integers(0, 10**12), is_open=st.integers(0, 1), state=st.integers(0, 3),
    price=st.integers(1, 10**6), price_stamp=numbers, news_age=st.integers(-2, 10**12),
    held=numbers, entries=st.integers(0, 2), last_exit=numbers, positions=st.integers(0, 30),
    qty=st.integers(-500, 500), equity=money, exposure=money,
    cash=money, volume=numbers, cost=money, fees=money, broker=st.integers(0, 2),
)  # fmt: skip
limits_ = st.builds(
    lambda off, bps, most: RiskParams(
        off=tuple(off), position_bps=bps, max_exposure_bps=bps, participation_bps=bps,
        max_positions=most,
    ).limits,
    st.sets(st.sampled_from(SWITCHABLE)), st.integers(0, 10_000), st.integers(0, 30),
)  # fmt: skip


def compiled(table: Mapping[str, Check]) -> Any:
    """Compile a table's chain as the columnar loop does."""
    chain = chained(table, compiled=register_jitable)

    @njit
    def first(ask: Ask, limits: Limits) -> tuple[int, int, int]:
        return chain(ask, limits)

    return first


IN_COLUMNS = compiled(CHECKS)


@given(ask=asks, limits=limits_)
def test_the_desk_and_the_compiled_loop_answer_alike(ask: Ask, limits: Limits) -> None:
    assert tuple(IN_COLUMNS(ask, limits)) == first_denial(ask, limits)


@given(order=st.permutations(NAMES), ask=asks)
def test_a_permuted_table_answers_code_by_code(order: list[str], ask: Ask) -> None:
    """The place of a row decides which reason is given, never which rule runs under which name."""
    table = {name: CHECKS[name] for name in order}
    number, limit, actual = chained(table, broker=True)(ask, LIMITS._replace(off=0))
    failing = [n for n in order if not CHECKS[n].rule(ask, LIMITS)[0]]
    if not failing:
        assert number == ACCEPTED
        return
    assert list(table)[number - 1] == failing[0]
    assert (limit, actual) == CHECKS[failing[0]].rule(ask, LIMITS)[1:]
    off = switched_off((failing[0],), table)
    after = chained(table, broker=True)(ask, LIMITS._replace(off=off))[0]
    assert list(table)[after - 1 : after] == failing[1:2]


def test_a_permuted_table_compiles_to_the_same_answers() -> None:
    table = {name: CHECKS[name] for name in reversed(NAMES)}
    first, plain = compiled(table), chained(table)
    dice = np.random.default_rng(7)
    for _ in range(200):
        ask = GOOD._replace(
            is_open=int(dice.integers(2)), state=int(dice.integers(4)), held=int(dice.integers(2)),
            positions=int(dice.integers(40)), qty=int(dice.integers(-80, 80)),
            volume=int(dice.integers(9_000)), cash=int(dice.integers(10**8)),
        )  # fmt: skip
        assert tuple(first(ask, LIMITS)) == plain(ask, LIMITS)


def test_a_new_check_is_one_function_and_one_row() -> None:
    def too_round(a: Ask, _: Limits) -> Verdict:
        return a.qty % 100 != 0, 100, a.qty

    row = Check(too_round, lambda _a, limit, actual: (str(limit), str(actual)), "shares", "<=")
    table = {"MAX_POSITIONS": CHECKS["MAX_POSITIONS"], "TOO_ROUND": row}
    ask = GOOD._replace(qty=200)
    assert chained(table)(ask, LIMITS) == (2, 100, 200)
    assert tuple(compiled(table)(ask, LIMITS)) == (2, 100, 200)
    assert chained(table)(ask, LIMITS._replace(off=switched_off(("TOO_ROUND",), table)))[0] == 0


def test_a_check_that_needs_a_broker_is_asked_with_a_broker_alone() -> None:
    def stream_down(_a: Ask, _: Limits) -> Verdict:
        return False, 1, 0

    row = Check(stream_down, lambda _a, _l, _c: ("up", "down"), "state", "=", broker_only=True)
    table = {"STREAM_DOWN": row, **CHECKS}
    assert chained(table)(GOOD, LIMITS)[0] == ACCEPTED
    assert chained(table, broker=True)(GOOD, LIMITS)[0] == number_of("STREAM_DOWN", table)
    assert BROKER_ONLY == ("BROKER",)


def test_an_explanation_measures_every_check() -> None:
    off = RiskParams(off=("COOLDOWN",)).limits
    rows = measured(GOOD._replace(is_open=0, cost=5_000_0001), off, broker=True)
    assert [row.name for row in rows] == list(NAMES)
    by_name = {row.name: row for row in rows}
    assert (by_name["COOLDOWN"].on, by_name["COOLDOWN"].passed) == (False, True)
    assert [row.name for row in rows if not row.passed] == ["MARKET_CLOSED", "MAX_POSITION_PCT"]
    paid = by_name["BUYING_POWER"]
    assert (paid.limit, paid.actual) == (100_000_0000, 5_000_0001)
    words = CHECKS["BUYING_POWER"].words(GOOD, paid.limit, paid.actual)
    assert words == ("100000.00", "5000.00")


def test_exits_are_denied_outside_sessions_like_entries() -> None:
    assert session_denial(is_open=True, limits=LIMITS) is None
    assert session_denial(is_open=False, limits=LIMITS) == answer(GOOD._replace(is_open=0))
    assert session_denial(False, RiskParams(off=("MARKET_CLOSED",)).limits) is None
