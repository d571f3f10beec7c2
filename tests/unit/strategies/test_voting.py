"""Momentum and mean reversion against a plain, slow, independent implementation."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messages.control import DeadLetter
from operators.blocks import Event
from operators.params import Params
from operators.strategies.voting import Votes, Voting
from tests.streams import DAY, at, bar, blocks, bodies, outputs


def votes_of(closes: list[int], volumes: list[int]) -> list[dict[str, float]]:
    """Return the votes on each bar of one ticker."""
    events = [bar(n + 1, "AAA", c, v) for n, (c, v) in enumerate(zip(closes, volumes, strict=True))]
    found = {e.stamp: e.body for e in outputs(Voting(Params(), DAY), blocks(events, []))}
    return [
        dict(b.votes) if isinstance(b := found.get(at(n + 1)), Votes) else {}
        for n in range(len(closes))
    ]


def plain_momentum(closes: list[int], volumes: list[int], n: int) -> float:
    """Work out the momentum vote on bar n from the definition, in exact fractions."""
    if n < 20:
        return 0.0
    now, before = Fraction(sum(closes[n - 19 : n + 1]), 20), Fraction(sum(closes[n - 20 : n]), 20)
    mean_volume = Fraction(sum(volumes[n - 19 : n + 1]), 20)
    strength = min(1.0, abs(float(closes[n] / now) - 1) / 0.002)
    if closes[n - 1] <= before and closes[n] > now:
        return strength if volumes[n] > mean_volume else 0.0
    if closes[n - 1] >= before and closes[n] < now:
        return -strength
    return 0.0


def plain_rsi(closes: list[int], n: int) -> float | None:
    """Work out Wilder's RSI(14) on bar n from the definition."""
    if n < 14:
        return None
    changes = [(b - a) / 10_000 for a, b in pairwise(closes)][:n]
    gain = sum(max(c, 0) for c in changes[:14]) / 14
    loss = sum(max(-c, 0) for c in changes[:14]) / 14
    for change in changes[14:]:
        gain, loss = (gain * 13 + max(change, 0)) / 14, (loss * 13 + max(-change, 0)) / 14
    if gain + loss == 0:
        return 50.0
    return 100 * gain / (gain + loss)


walk = st.lists(st.tuples(st.integers(99_0000, 101_0000), st.integers(0, 1000)), max_size=60)


@settings(max_examples=60)
@given(walk)
def test_votes_follow_the_definition(rows: list[tuple[int, int]]) -> None:
    closes, volumes = [c for c, _ in rows], [v for _, v in rows]
    for n, votes in enumerate(votes_of(closes, volumes)):
        assert votes.get("momentum", 0.0) == pytest.approx(
            plain_momentum(closes, volumes, n), abs=1e-9
        )
        rsi = plain_rsi(closes, n)
        expected = 0.0
        if rsi is not None and rsi < 30:
            expected = min(1.0, (30 - rsi) / 15)
        elif rsi is not None and rsi > 70:
            expected = -min(1.0, (rsi - 70) / 15)
        assert votes.get("mean_reversion", 0.0) == pytest.approx(expected, abs=1e-6)


def test_a_flat_series_has_rsi_50_and_does_not_vote() -> None:
    assert votes_of([100_0000] * 40, [10] * 40) == [{}] * 40


def test_all_gains_is_rsi_100_and_a_full_short() -> None:
    rising = votes_of([100_0000 + 100 * n for n in range(20)], [10] * 20)
    assert rising[13] == {}
    assert rising[14] == {"mean_reversion": -1.0}


def test_all_losses_is_rsi_0_and_a_full_long() -> None:
    falling = votes_of([100_0000 - 100 * n for n in range(20)], [10] * 20)
    assert falling[14] == {"mean_reversion": 1.0}


def test_a_close_on_the_average_to_the_unit_is_no_cross() -> None:
    closes = [100_0000] * 20
    assert votes_of([*closes, 100_0000], [10] * 20 + [99])[20] == {}
    assert votes_of([*closes, 100_0001], [10] * 20 + [99])[20]["momentum"] > 0
    assert "momentum" not in votes_of([*closes, 100_0001], [10] * 21)[20]


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (lambda: bar(2, "AAA", 100_0000), "DUPLICATE"),
        (lambda: bar(2, "AAA", 101_0000), "DUPLICATE"),
        (lambda: Event(at(3), "AAA", bar(1, "AAA", 100_0000).body), "LATE"),
        (lambda: Event(at(2), "AAA", bar(9, "AAA", 100_0000).body), "FUTURE"),
    ],
    ids=["repeated", "contradicted", "late", "future"],
)
def test_a_bar_that_cannot_count_becomes_a_dead_letter(second: object, reason: str) -> None:
    assert callable(second)
    events = [bar(1, "AAA", 100_0000), bar(2, "AAA", 100_0000), second()]
    letters = bodies(outputs(Voting(Params(), DAY), blocks(events, [])), DeadLetter)
    assert [letter.reason for letter in letters] == [reason]


def test_a_revision_is_neither_counted_twice_nor_an_error() -> None:
    events = [bar(1, "AAA", 100_0000), bar(1, "AAA", 101_0000, revision=1)]
    assert outputs(Voting(Params(), DAY), blocks(events, [])) == []


def test_a_backfilled_bar_warms_up_without_a_vote() -> None:
    events = [bar(n, "AAA", 100_0000 + 100 * n, backfilled=n < 20) for n in range(1, 21)]
    (only,) = bodies(outputs(Voting(Params(), DAY), blocks(events, [])), Votes)
    assert dict(only.votes)["mean_reversion"] == -1.0
    assert only.bar.startswith("bar-AAA@2025-03-12T13:49")


@pytest.mark.parametrize(("late", "votes"), [(0, 1), (30_000_000, 1), (30_000_001, 0)])
def test_a_bar_that_comes_too_late_to_be_traded_warms_up_without_a_vote(
    late: int, votes: int
) -> None:
    """As long as an order on it would be valid it votes; a backlog of hours is history."""
    events = [bar(n, "AAA", 100_0000 + 100 * n, backfilled=n < 20) for n in range(1, 21)]
    events[-1] = events[-1]._replace(stamp=events[-1].stamp + late)
    assert len(bodies(outputs(Voting(Params(), DAY), blocks(events, [])), Votes)) == votes
