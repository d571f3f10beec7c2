"""Weights: each guardrail alone, the sum exact, every evaluation said."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.control import Command
from messages.learning import LearningAdjustment, WeightChange
from messages.units import to_datetime, to_micros
from operators.blocks import Block, Event
from operators.learning.weights import LearningImpossible, Weights, in_millionths
from operators.params import MILLION, LearningParams
from operators.trading.sessions import GRACE_US, SessionTable
from tests.learning import begun, outcome, revised
from tests.streams import at

DAYS = SessionTable(tuple(at(10 * n) for n in range(40)), tuple(at(10 * n + 5) for n in range(40)))
NAMES = ("a", "b", "c")
FREE = LearningParams(min_trades=0, max_shift=1.0, floor=0.0, rate=0.5)


def after(day: int) -> int:
    """Return the moment at which a day is over and judged."""
    return at(10 * day + 5) + GRACE_US + 1


def won(day: int, strategy: str, count: int = 30, r: float = 1.0) -> list[Event]:
    """Return outcomes of a day that speak clearly."""
    return [
        outcome(at(10 * day + 1) + n, {strategy: 1.0}, r + (0.1 if n % 2 else -0.1), n=n)
        for n in range(count)
    ]


def learn(
    params: LearningParams, *events: Event, days: int = 1, names: tuple[str, ...] = NAMES,
    first: dict[str, float] | None = None,
) -> tuple[Weights, list[Event]]:  # fmt: skip
    weights = Weights(params, DAYS, names, first=first)
    known = sorted([begun(at(0)), *events], key=lambda e: e.stamp)
    out = weights.step(Block(known, after(days - 1) + 1)).events
    return weights, out


def told(out: list[Event]) -> dict[str, LearningAdjustment]:
    """Return each strategy's newest adjustment."""
    return {e.body.strategy: e.body for e in out if isinstance(e.body, LearningAdjustment)}


def changes(out: list[Event]) -> list[WeightChange]:
    return [e.body for e in out if isinstance(e.body, WeightChange) and e.body.reason != "seed"]


def test_the_first_weights_are_given_out_once() -> None:
    weights = Weights(FREE, DAYS, NAMES)
    out = weights.step(Block([begun(at(0)), begun(at(0))], at(1))).events
    seeds = [e.body for e in out if isinstance(e.body, WeightChange)]
    assert [(s.strategy, s.new, s.reason) for s in seeds] == [
        ("a", 0.333334, "seed"), ("b", 0.333333, "seed"), ("c", 0.333333, "seed"),
    ]  # fmt: skip


def test_a_busted_round_trip_is_no_trade() -> None:
    first, other = won(0, "a", 2)
    _, out = learn(FREE, first, other, revised(first, at(3), 0.0, qty=0, closes=False))
    assert told(out)["a"].trades == 1
    back = revised(revised(first, at(3), 0.0, qty=0, closes=False), at(4), 1.0)
    _, out = learn(FREE, first, revised(first, at(3), 0.0, qty=0, closes=False), back)
    assert told(out)["a"].trades == 1


def test_a_cycle_s_outcomes_hold_from_the_end_of_the_next() -> None:
    _, out = learn(FREE, *won(0, "a"))
    assert {c.strategy for c in changes(out)} == {"a", "b", "c"}
    for change in changes(out):
        assert to_micros(change.event_time) == after(0)
        assert to_micros(change.effective_from) == after(1)
    stamps = {e.stamp for e in out if isinstance(e.body, WeightChange) and e.body.reason != "seed"}
    assert stamps == {after(1)}, "its topic is ahead of time"
    a = told(out)["a"]
    assert (a.trades, len(a.outcomes), a.guardrail, a.rule) == (30, 30, "", "ewma")
    assert a.cycle_end == to_datetime(after(0) - 1)


def test_nothing_is_judged_before_time_has_passed_the_end() -> None:
    weights = Weights(FREE, DAYS, NAMES)
    events = [begun(at(0)), *won(0, "a")]
    assert told(weights.step(Block(events, after(0))).events) == {}
    late = outcome(after(0), {"b": 1.0}, 1.0)
    out = weights.step(Block([late], after(0) + 1)).events
    assert told(out)["b"].trades == 0, "it belongs to the cycle that begins"
    assert isinstance(out[0].body, LearningAdjustment), "what is due comes first"


def test_too_few_trades_move_nothing() -> None:
    params = replace(FREE, min_trades=20)
    _, out = learn(params, *won(0, "a", 19), *won(0, "b", 25), *won(0, "c", 25, -1.0))
    found = told(out)
    assert found["a"].guardrail == "min_trades"
    assert "19 of 20 trades" in found["a"].reason
    assert found["a"].new == found["a"].old
    assert {c.strategy for c in changes(out)} == {"b", "c"}
    assert found["b"].new + found["c"].new == pytest.approx(found["b"].old + found["c"].old)


def test_a_part_of_a_round_trip_is_no_trade() -> None:
    parts = [outcome(at(1) + n, {"a": 1.0}, 1.0, n=n, closes=n == 9) for n in range(10)]
    _, out = learn(FREE, *parts)
    assert told(out)["a"].trades == 1


def test_no_weight_moves_by_more_than_the_largest_shift() -> None:
    params = replace(FREE, max_shift=0.05, rate=1.0)
    _, out = learn(params, *won(0, "a"), *won(0, "b", r=-1.0), *won(0, "c", r=-1.0))
    found = told(out)
    assert found["a"].new == pytest.approx(found["a"].old + 0.05)
    assert found["a"].guardrail == "max_shift"


def test_no_weight_falls_below_the_floor() -> None:
    params = replace(FREE, floor=0.3, rate=1.0)
    _, out = learn(params, *won(0, "a"), *won(0, "b", r=-1.0), *won(0, "c", r=-1.0))
    found = told(out)
    assert (found["b"].new, found["b"].guardrail) == (0.3, "floor")
    assert found["a"].new == pytest.approx(0.4)


def test_a_first_weight_below_the_floor_falls_no_further() -> None:
    params = replace(FREE, floor=0.3, rate=1.0)
    first = {"a": 0.8, "b": 0.1, "c": 0.1}
    _, out = learn(params, *won(0, "b", r=-1.0), *won(0, "c"), first=first)
    assert told(out)["b"].new == 0.1


@pytest.mark.parametrize("kinds", [("disable_strategy",), ("disable_strategy", "enable_strategy")])
def test_a_strategy_that_is_switched_off_stands_still(kinds: tuple[Any, ...]) -> None:
    commands = [
        Event(at(1) + n, "", Command(id=f"c{n}", event_time=to_datetime(at(1)), kind=kind, who="x",
                                     strategy="a"))
        for n, kind in enumerate(kinds)
    ]  # fmt: skip
    _, out = learn(FREE, *commands, *won(0, "a"), *won(0, "b", r=-1.0))
    stands = told(out)["a"].new == told(out)["a"].old
    assert stands == (kinds[-1] == "disable_strategy")
    assert (told(out)["a"].guardrail == "disabled") == stands
    assert sum(a.new for a in told(out).values()) == pytest.approx(1.0)


def test_the_last_one_free_has_nobody_to_share_with() -> None:
    params = replace(FREE, min_trades=20)
    _, out = learn(params, *won(0, "a", 25))
    assert changes(out) == []
    assert told(out)["a"].guardrail == ""


def test_cycles_without_outcomes_are_said_too_but_for_those_before_the_first() -> None:
    _, out = learn(replace(FREE, min_trades=99), *won(1, "a"), days=4)
    told_at = [e.stamp for e in out if isinstance(e.body, LearningAdjustment)]
    assert told_at == [after(1)] * 3 + [after(2)] * 3 + [after(3)] * 3
    assert changes(out) == []


def test_a_cycle_may_be_some_sessions_long() -> None:
    params = replace(FREE, cycle_sessions=2)
    _, out = learn(params, *won(0, "a"), *won(1, "a", r=0.5), days=2)
    assert told(out)["a"].trades == 60
    assert to_micros(told(out)["a"].effective_from) == after(3)


def test_under_fixed_weights_nothing_is_judged() -> None:
    _, out = learn(replace(FREE, rule="fixed"), *won(0, "a"))
    assert told(out) == {}
    assert changes(out) == []


@pytest.mark.parametrize(
    ("floor", "names", "first"),
    [(0.05, tuple(f"s{n}" for n in range(21)), None), (0.4, NAMES, None),
     (0.6, NAMES, {"a": 1.0, "b": 1.0})],
)  # fmt: skip
def test_impossible_settings_are_refused_at_the_start(
    floor: float, names: tuple[str, ...], first: dict[str, float] | None
) -> None:
    with pytest.raises(LearningImpossible, match="cannot all weigh"):
        Weights(LearningParams(floor=floor), DAYS, names, first=first)
    Weights(LearningParams("fixed", floor=floor), DAYS, names, first=first)


def test_twenty_fit_exactly() -> None:
    Weights(LearningParams(floor=0.05), DAYS, tuple(f"s{n}" for n in range(20)))


def test_no_weight_at_all_is_refused() -> None:
    with pytest.raises(LearningImpossible, match="All weights are 0"):
        Weights(LearningParams(), DAYS, NAMES, first={})


shares = st.dictionaries(st.sampled_from(NAMES), st.floats(-2, 2), min_size=1)
history = st.lists(st.tuples(st.integers(0, 20), shares, st.floats(-3, 3)), max_size=60)


@given(
    history, st.sampled_from(["ewma", "hedge"]), st.floats(0, 1), st.floats(0, 0.33),
    st.floats(0, 0.5), st.integers(0, 5),
)  # fmt: skip
def test_the_guardrails_hold_whatever_happens(
    found: list[tuple[int, dict[str, float], float]], rule: Any, rate: float, floor: float,
    shift: float, needed: int,
) -> None:  # fmt: skip
    params = LearningParams(
        rule, rate=rate, floor=floor, max_shift=shift, min_trades=needed, eta=1 + rate
    )
    events = [outcome(at(10 * day + 1) + n, s, r, n=n) for n, (day, s, r) in enumerate(found)]
    _, out = learn(params, *events, days=22)
    weights, count = in_millionths(dict.fromkeys(NAMES, 1.0)), 0
    for event in out:
        body = event.body
        if not isinstance(body, LearningAdjustment):
            continue
        old, new = round(body.old * MILLION), round(body.new * MILLION)
        assert old == weights[body.strategy]
        assert abs(new - old) <= round(shift * MILLION)
        assert new >= min(old, round(floor * MILLION))
        assert new == old or body.trades >= needed
        weights[body.strategy] = new
        count += 1
        if count % len(NAMES) == 0:
            assert sum(weights.values()) == MILLION


@given(
    st.dictionaries(st.text(min_size=1, max_size=3), st.floats(0.001, 1), min_size=1, max_size=25)
)
def test_millionths_sum_to_one_and_keep_the_proportions(weights: dict[str, float]) -> None:
    found = in_millionths(weights)
    assert sum(found.values()) == MILLION
    whole = sum(weights.values())
    assert all(abs(found[s] - w / whole * MILLION) <= 1.0 + 1e-6 for s, w in weights.items())
