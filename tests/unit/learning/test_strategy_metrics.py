"""Strategies' metrics, by hand: hourly and at the end of a session; hits by the bars after."""

from decimal import Decimal

import pytest

from messages.learning import StrategyMetric
from operators import metrics
from operators.blocks import Block, Event
from operators.learning.strategy_metrics import StrategyMetrics
from operators.params import AccountParams, LearningParams
from operators.trading.sessions import GRACE_US
from tests.learning import begun, outcome, revised
from tests.streams import CLOSE, DAY, OPEN, at, bar, signal, weight

EVERY = LearningParams(metrics_minutes=60, horizon_bars=2)
CASH = AccountParams(start_cash=1_000)


def measured(*events: Event, end: int, ended: bool = False) -> list[tuple[int, StrategyMetric]]:
    operator = StrategyMetrics(EVERY, CASH, DAY, ("momentum", "news_driven"))
    known = sorted([begun(OPEN), *events], key=lambda e: e.stamp)
    out = operator.step(Block(known, end, ended=ended)).events
    return [(e.stamp, e.body) for e in out if isinstance(e.body, StrategyMetric)]


def test_at_each_full_hour_and_at_the_session_s_end() -> None:
    found = measured(bar(1, "AAA", 1_0000), bar(61, "AAA", 1_0000), end=CLOSE + GRACE_US + 2)
    stamps = sorted({stamp for stamp, _ in found})
    assert stamps == [at(30), at(90), CLOSE + GRACE_US + 1], "the open is at half past nine"
    assert len(found) == 2 * len(stamps)


def test_without_bars_no_timer_runs() -> None:
    assert measured(outcome(at(1), {"momentum": 1.0}, 1.0), end=CLOSE) == []


def test_sums_ratios_and_the_weight_in_force() -> None:
    weights = [weight(0, "momentum", 0.25), weight(0, "momentum", 0.75, effective=50)]
    outcomes = [
        outcome(at(5), {"momentum": 1.5, "news_driven": -0.5}, 1.0, pnl="100", hold=60),
        outcome(at(6), {"momentum": 1.0}, -1.0, pnl="-20", hold=120, n=1),
        outcome(at(7), {"unattributed": 1.0}, 1.0, n=2),
    ]
    found = measured(*weights, bar(1, "AAA", 1_0000), *outcomes, end=at(31))
    by = {m.strategy: m for _, m in found}
    momentum = by["momentum"]
    assert (momentum.trades, momentum.wins, momentum.weight) == (2, 1, 0.25)
    assert momentum.realized_pnl == Decimal("130.0000")
    assert momentum.mean_hold_seconds == 90
    assert momentum.window_seconds == 30 * 60
    assert momentum.sharpe is None, "one day is no series"
    assert by["news_driven"].realized_pnl == Decimal("-50.0000")
    assert by["news_driven"].max_drawdown == metrics.drawdown([-0.05]).depth == pytest.approx(-0.05)


@pytest.mark.parametrize(
    ("qty", "r", "expected"),
    [
        (1, 1.0, (1, 1, Decimal(10), 0.01, 60)),
        (1, -2.0, (1, 0, Decimal(-20), -0.02, 60)),
        (0, 0.0, (0, 0, Decimal(0), None, None)),
    ],
)
def test_a_correction_counts_for_what_it_says_otherwise(
    qty: int, r: float, expected: tuple[object, ...]
) -> None:
    first = outcome(at(5), {"momentum": 1.0}, 1.0, pnl="10", hold=60)
    again = revised(first, at(6), r, qty=qty, closes=qty > 0)
    momentum = next(
        m
        for _, m in measured(bar(1, "AAA", 1_0000), first, again, end=at(31))
        if m.strategy == "momentum"
    )
    said = (
        momentum.trades, momentum.wins, momentum.realized_pnl, momentum.mean_roi,
        momentum.mean_hold_seconds,
    )  # fmt: skip
    assert said == expected


@pytest.mark.parametrize(
    ("side", "closes", "votes", "hits"),
    [
        ("LONG", (100, 90, 101), 1, 1),  # the second bar after the signal decides
        ("LONG", (100, 110, 100), 1, 0),
        ("SHORT", (100, 110, 99), 1, 1),
        ("LONG", (100, 110), 0, 0),
    ],
)
def test_a_vote_is_a_hit_if_the_price_has_gone_its_way(
    side: str, closes: tuple[int, ...], votes: int, hits: int
) -> None:
    bars = [bar(n + 1, "AAA", price * 10_000) for n, price in enumerate(closes)]
    found = measured(*bars, signal(1, "AAA", side), bar(3, "BBB", 1), end=at(31))
    momentum = next(m for _, m in found if m.strategy == "momentum")
    assert (momentum.votes, momentum.hits) == (votes, hits)


def test_a_back_filled_bar_decides_on_no_vote() -> None:
    past = [bar(n, "AAA", 200_0000, backfilled=True) for n in (2, 3)]
    found = measured(bar(1, "AAA", 100_0000), signal(1, "AAA", "LONG"), *past, end=at(31))
    assert next(m for _, m in found if m.strategy == "momentum").votes == 0


def test_the_end_of_the_input_is_told_once() -> None:
    found = measured(bar(1, "AAA", 1_0000), end=at(45), ended=True)
    assert sorted({stamp for stamp, _ in found}) == [at(30), at(45)]
    again = measured(bar(1, "AAA", 1_0000), end=at(30), ended=True)
    assert [stamp for stamp, _ in again] == [at(30)] * 2
