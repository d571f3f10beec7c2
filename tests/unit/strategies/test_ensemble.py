"""The weighted vote, as a table."""

from typing import Any

import pytest

from messages.control import Command
from messages.trading import TradeSignal
from messages.units import to_datetime
from operators.blocks import Event
from operators.params import EnsembleParams
from operators.strategies.ensemble import Ensemble
from operators.strategies.voting import Votes
from tests.streams import at, blocks, bodies, command, outputs, weight

WEIGHTS = (weight(0, "momentum", 0.5), weight(0, "mean_reversion", 0.25), weight(0, "off", 0.0))


def votes(minute: float, *pairs: tuple[str, float]) -> Event:
    return Event(at(minute), "AAA", Votes("AAA", pairs, f"bar-{minute}", f"bar-{minute}", None, ()))


@pytest.mark.parametrize(
    ("pairs", "direction", "strength"),
    [
        ((("momentum", 0.5),), "LONG", 0.5),
        ((("momentum", -0.5),), "SHORT", 0.5),
        ((("momentum", 0.3),), "LONG", 0.3),
        ((("momentum", 0.29),), None, 0),
        ((("momentum", 1.0), ("mean_reversion", -1.0)), "LONG", 1 / 3),
        ((("momentum", 0.8), ("mean_reversion", -1.0)), None, 0),
        ((("momentum", 0.6), ("off", -1.0)), "LONG", 0.6),
        ((("off", 1.0),), None, 0),
        ((("unknown", 1.0),), None, 0),
    ],
)
def test_the_weighted_vote(
    pairs: tuple[tuple[str, float], ...], direction: str | None, strength: float
) -> None:
    events = [*WEIGHTS, votes(1, *pairs)]
    found = bodies(outputs(Ensemble(EnsembleParams()), blocks(events, [])), TradeSignal)
    if direction is None:
        assert found == []
    else:
        (signal,) = found
        assert signal.direction == direction
        assert signal.strength == pytest.approx(strength)


def test_sources_weights_and_causes_travel_with_the_signal() -> None:
    events = [*WEIGHTS, votes(1, ("momentum", 0.9), ("mean_reversion", -0.1), ("off", 1.0))]
    (signal,) = bodies(outputs(Ensemble(EnsembleParams()), blocks(events, [])), TradeSignal)
    assert [(s.strategy, s.vote, s.weight) for s in signal.strategy_sources] == [
        ("momentum", "LONG", 0.5),
        ("mean_reversion", "SHORT", 0.25),
    ]
    assert signal.causes == ("bar-1", WEIGHTS[0].body.id, WEIGHTS[1].body.id)  # type: ignore[attr-defined]  # WeightChange


def test_a_weight_holds_from_its_own_moment_on() -> None:
    later = weight(1, "momentum", 0.0, effective=3)
    events = [*WEIGHTS, later, votes(2, ("momentum", 1.0)), votes(4, ("momentum", 1.0))]
    found = bodies(outputs(Ensemble(EnsembleParams()), blocks(events, [])), TradeSignal)
    assert [s.bar for s in found] == ["bar-2"]


def switch(minute: float, kind: Any, strategy: str) -> Event:
    body = Command(
        id=f"{kind}-{minute}", event_time=to_datetime(at(minute)), kind=kind, who="x",
        strategy=strategy,
    )  # fmt: skip
    return Event(at(minute), "", body)


def test_a_strategy_that_is_switched_off_does_not_count() -> None:
    both = (("momentum", 1.0), ("mean_reversion", -1.0))
    off, on = switch(1, "disable_strategy", "momentum"), switch(3, "enable_strategy", "momentum")
    events = [*WEIGHTS, off, votes(2, *both), votes(2.5, ("momentum", 1.0)), on, votes(4, *both)]
    found = bodies(outputs(Ensemble(EnsembleParams()), blocks(events, [])), TradeSignal)
    assert [(s.bar, s.direction) for s in found] == [("bar-2", "SHORT"), ("bar-4", "LONG")]
    assert [v.strategy for v in found[0].strategy_sources] == ["mean_reversion"]


def test_a_command_counts_once_and_other_commands_not_at_all() -> None:
    off, on = switch(1, "disable_strategy", "momentum"), switch(2, "enable_strategy", "momentum")
    again = off._replace(stamp=at(3))  # its copy from another partition
    events = [*WEIGHTS, off, on, again, command(3, "halt"), votes(4, ("momentum", 1.0))]
    found = outputs(Ensemble(EnsembleParams()), blocks(events, []))
    assert [type(e.body) for e in found] == [TradeSignal]
