"""Weights worked out again: equal to the operators' on anything, and a changed one is named."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.market.calendar import new_york_sessions
from messages.codec import encode
from messages.control import Command
from messages.learning import LearningAdjustment, TradeOutcome, WeightChange
from messages.units import DAY_US, to_datetime
from operators.blocks import Block, Event
from operators.learning.weights import Weights
from operators.params import LearningParams
from stack.audit.learning import Recorded, rederive
from tests.learning import begun, outcome, revised
from tests.streams import OPEN

NAMES = ("a", "b", "c")


def play(params: LearningParams, events: list[Event], days: int = 10) -> Recorded:
    """Run the operator over events and record what it read and said."""
    known = sorted([begun(OPEN), *events], key=lambda e: e.stamp)
    end = OPEN + days * DAY_US
    out = Weights(params, new_york_sessions(), NAMES).step(Block(known, end)).events

    def of(kind: type[Any], made: list[Event]) -> list[tuple[int, dict[str, Any]]]:
        return [
            (e.stamp, msgspec.json.decode(encode(e.body))) for e in made if isinstance(e.body, kind)
        ]

    return Recorded(
        msgspec.to_builtins(params), NAMES, OPEN, end, of(TradeOutcome, known), of(Command, known),
        [b for _, b in of(LearningAdjustment, out)], [b for _, b in of(WeightChange, out)],
    )  # fmt: skip


shares = st.dictionaries(st.sampled_from([*NAMES, "unattributed"]), st.floats(-3, 3), min_size=1)
made = st.builds(
    lambda after, s, r, n, closes: outcome(OPEN + after, s, r, n=n, closes=closes),
    st.integers(0, 9 * DAY_US),
    shares,
    st.floats(-4, 4),
    st.integers(0, 10**6),
    st.booleans(),
)
switches = st.builds(
    lambda after, kind, strategy, n: Event(
        OPEN + after,
        "",
        Command(id=f"c{n}", event_time=to_datetime(OPEN), kind=kind, who="x", strategy=strategy),
    ),
    st.integers(0, 9 * DAY_US),
    st.sampled_from(["enable_strategy", "disable_strategy"]),
    st.sampled_from(NAMES),
    st.integers(0, 10**6),
)
rules = st.builds(
    LearningParams,
    rule=st.sampled_from(["ewma", "hedge", "fixed"]),
    rate=st.floats(0, 1),
    half_life_cycles=st.sampled_from([0.3, 1.0, 2.5]),
    eta=st.floats(0.1, 3),
    share=st.floats(0, 0.5),
    cycle_sessions=st.sampled_from([1, 2]),
    min_trades=st.integers(0, 4),
    max_shift=st.floats(0, 0.5),
    floor=st.floats(0, 0.33),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rules,
    st.lists(made, max_size=40),
    st.lists(switches, max_size=4),
    st.lists(st.tuples(st.integers(1, 3 * DAY_US), st.floats(-4, 4), st.integers(0, 1))),
)
def test_whatever_happens_both_come_to_the_same(
    params: LearningParams, outcomes: list[Event], commands: list[Event],
    corrections: list[tuple[int, float, int]],
) -> None:  # fmt: skip
    again = [
        revised(known, known.stamp + later, r if qty else 0.0, qty=qty, closes=qty > 0)
        for known, (later, r, qty) in zip(outcomes, corrections, strict=False)
    ]
    recorded = play(params, [*outcomes, *commands, *again])
    found = rederive(recorded)
    assert found.problem is None
    assert found.changes == sum(w["reason"] != "seed" for w in recorded.weights)
    assert found.adjustments == len(recorded.adjustments)


@pytest.fixture(scope="module")
def week() -> Recorded:
    params = LearningParams(min_trades=2)
    events = [
        outcome(OPEN + day * DAY_US + n, {"a": 1.0, "b": -0.2}, 1.0 + n / 10, n=n)
        for day in range(5) for n in range(4)
    ]  # fmt: skip
    recorded = play(params, events)
    assert rederive(recorded).changes > 4
    return recorded


def edited(bodies: Any, place: int, **changes: Any) -> list[dict[str, Any]]:
    return [{**body, **(changes if n == place else {})} for n, body in enumerate(bodies)]


def test_a_changed_adjustment_is_named(week: Recorded) -> None:
    changed = replace(week, adjustments=edited(week.adjustments, 4, new=0.2))
    assert "goes from" in str(rederive(changed).problem)


@pytest.mark.parametrize(
    ("field", "value"), [("reward", 0.123), ("proposed", 0.123), ("trades", 1_000)]
)
def test_what_a_weight_is_said_to_come_from_is_named_too(
    week: Recorded, field: str, value: float
) -> None:
    changed = replace(week, adjustments=[week.adjustments[0] | {field: value}])
    assert f"{field}" in str(rederive(changed).problem)


def test_a_changed_weight_is_named(week: Recorded) -> None:
    changed = replace(week, weights=edited(week.weights, 5, new=0.2))
    assert str(rederive(changed).problem).startswith(week.weights[5]["id"])


def test_another_outcome_makes_other_weights(week: Recorded) -> None:
    stamp, body = week.outcomes[3]
    outcomes = [*week.outcomes[:3], (stamp, {**body, "risk_adjusted_return": -9.0})]
    assert rederive(replace(week, outcomes=[*outcomes, *week.outcomes[4:]])).problem


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: {"adjustments": w.adjustments[1:]}, "was not judged"),
        (lambda w: {"weights": w.weights[:-1]}, "no change of it"),
        (lambda w: {"weights": w.weights[1:]}, "first weights are"),
        (lambda w: {"weights": [*w.weights, {**w.weights[-1], "id": "wgt-x",
                    "effective_from": "2025-04-01T00:00:00Z"}]}, "wgt-x follows from no cycle"),
        (lambda w: {"settings": {**w.settings, "rule": "fixed"}}, "weights are fixed"),
        (lambda w: {"settings": {**w.settings, "rate": 0.2}}, "goes from"),
    ],
)  # fmt: skip
def test_what_is_missing_or_too_much_is_named(week: Recorded, change: Any, said: str) -> None:
    assert said in str(rederive(replace(week, **change(week))).problem)
