"""The columnar loop decides what the live operators decide, for any market and any rules."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.market.calendar import new_york_sessions
from messages.market import Bar
from messages.news import ScoredArticle
from messages.units import HOUR_US
from operators.blocks import Event
from operators.checks import SWITCHABLE
from operators.params import (
    AccountParams,
    EnsembleParams,
    FillParams,
    LearningParams,
    MeanReversionParams,
    MomentumParams,
    NewsDrivenParams,
    OwnParams,
    Params,
    RiskParams,
    SentimentParams,
)
from operators.trading.sessions import SessionTable
from tests.columns import (
    by_columns,
    by_messages,
    learnt_by_columns,
    learnt_by_messages,
)
from tests.played import read_scored
from tests.streams import CLOSE, DAY, END, OPEN, at, bar, market, scored, weight

EXAMPLES = Path(__file__).parents[1] / "own_examples.py"
TWO = SessionTable((OPEN, at(30)), (at(20), CLOSE))
EIGHT = SessionTable(
    tuple(at(m) for m in range(0, 40, 5)), (*(at(m + 3) for m in range(0, 35, 5)), CLOSE)
)
FOUR = SessionTable((OPEN, at(10), at(20), at(30)), (at(6), at(16), at(26), CLOSE))


@st.composite
def rules(draw: st.DrawFn) -> Params:
    """Draw parameters with which small markets trade a lot."""
    risk = RiskParams(
        position_bps=draw(st.sampled_from([500, 3_000, 9_000])),
        max_exposure_bps=draw(st.sampled_from([2_000, 8_000, 10_000])),
        max_positions=draw(st.sampled_from([1, 2, 20])),
        stop_loss_bps=draw(st.sampled_from([50, 300, 2_000])),
        take_profit_bps=draw(st.sampled_from([0, 0, 100, 30_000])),
        trailing_stop_bps=draw(st.sampled_from([0, 0, 70, 500])),
        stops=draw(st.sampled_from(["close", "within"])),
        delisted_sessions=draw(st.sampled_from([0, 1, 2])),
        delisted_price=draw(st.sampled_from(["last", "zero"])),
        cooldown_minutes=draw(st.sampled_from([0, 3, 30])),
        participation_bps=draw(st.sampled_from([1, 100, 10_000])),
        stale_price_seconds=draw(st.sampled_from([30, 300])),
        stale_sentiment_minutes=draw(st.sampled_from([1, 240])),
        allow_short=draw(st.booleans()),
        off=tuple(draw(st.sets(st.sampled_from(SWITCHABLE), max_size=3))),
    )
    fills = FillParams(
        model=draw(st.sampled_from(["close", "next_open"])),
        slippage_bps=draw(st.sampled_from([0, 1, 77])),
        commission_per_share=draw(st.sampled_from([0, 100])),
        commission_bps=draw(st.sampled_from([0, 13])),
        volume_slippage_bps=draw(st.sampled_from([0, 500])),
        sell_fee_ppm=draw(st.sampled_from([0, 28])),
        sell_fee_per_1000=draw(st.sampled_from([0, 1_660])),
    )
    return Params(
        momentum=MomentumParams(window=draw(st.sampled_from([2, 5]))),
        mean_reversion=MeanReversionParams(period=draw(st.sampled_from([2, 4])), low=45, high=55),
        news_driven=NewsDrivenParams(threshold=0.2, min_confidence=0.5),
        sentiment=SentimentParams(
            lookback_minutes=20,
            fresh_minutes=3,
            half_life_minutes=3,
            closed_minutes=draw(st.sampled_from([0, 2, 60])),
        ),
        ensemble=EnsembleParams(threshold=draw(st.sampled_from([0.0, 0.3]))),
        risk=risk,
        fills=fills,
        account=AccountParams(start_cash=draw(st.sampled_from([500, 100_000]))),
    )


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    params=rules(), events=market(45), sessions=st.sampled_from([DAY, TWO, FOUR]),
    sizes=st.lists(st.integers(1, 60), max_size=12),
)  # fmt: skip
def test_any_market_under_any_rules(
    params: Params, events: list[Event], sessions: SessionTable, sizes: list[int]
) -> None:
    expected = by_messages(params, sessions, events, END)
    assert by_columns(params, sessions, events, END, sizes) == expected


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    params=rules(), events=market(45), sessions=st.sampled_from([TWO, FOUR, EIGHT]),
    rule=st.sampled_from(["ewma", "hedge"]), length=st.sampled_from([1, 2]),
    sizes=st.lists(st.integers(1, 60), max_size=12),
    others=st.lists(st.integers(1, 60), max_size=6),
)  # fmt: skip
def test_any_market_with_learning(
    params: Params, events: list[Event], sessions: SessionTable,
    rule: Literal["ewma", "hedge"], length: int, sizes: list[int], others: list[int],
) -> None:  # fmt: skip
    learning = LearningParams(
        rule, rate=0.5, eta=2.0, min_trades=1, max_shift=0.2, floor=0.01, cycle_sessions=length
    )
    params = replace(params, learning=learning)
    if not any(isinstance(e.body, Bar | ScoredArticle) for e in events):
        return
    expected = learnt_by_messages(params, sessions, events, END, others)
    assert learnt_by_columns(params, sessions, events, END, sizes) == expected


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(params=rules(), events=market(45), sizes=st.lists(st.integers(1, 60), max_size=8))
def test_any_market_with_strategies_of_ones_own(
    params: Params, events: list[Event], sizes: list[int]
) -> None:
    own = OwnParams((f"{EXAMPLES}:Breakout", f"{EXAMPLES}:WithTheNews"))
    params = replace(params, own=own)
    events = [weight(0, "breakout", 0.4), weight(0, "with_the_news", 0.3), *events]
    events.sort(key=lambda e: e.stamp)
    expected = by_messages(params, DAY, events, END)
    assert by_columns(params, DAY, events, END, sizes) == expected


def test_late_repeated_and_early_bars_are_left_out_alike() -> None:
    good = [bar(m, "AAA", 100_0000 + 1_000 * (m % 7)) for m in range(1, 40)]
    # From the 30th on they come half a minute late, or later: history.
    good = [e._replace(stamp=e.stamp + 31_000_000) if n >= 30 else e for n, e in enumerate(good)]
    late = bar(4, "AAA", 90_0000)._replace(stamp=at(8))
    again = good[10]
    early = bar(30, "AAA", 90_0000)._replace(stamp=at(20))
    events = [weight(0, "mean_reversion", 1.0), *good, late, again, early]
    events.sort(key=lambda e: e.stamp)
    params = Params(mean_reversion=MeanReversionParams(2, 45, 55))
    expected = by_messages(params, DAY, events, END)
    assert len(expected) > 10
    assert by_columns(params, DAY, events, END, [7, 1, 9]) == expected


@pytest.mark.parametrize(
    ("about", "orders"), [("named", 1), ("tagged", 1), ("unknown", 1), ("beside", 0)]
)
def test_news_about_others_than_its_ticker_never_trades(about: str, orders: int) -> None:
    bars = [bar(m, "AAA", 100_0000) for m in range(1, 10)]
    news = [scored(m + 0.5, "AAA", 1.0, about=about) for m in (2, 3)]
    events = sorted([weight(0, "news_driven", 1.0), *bars, *news], key=lambda e: e.stamp)
    expected = by_messages(Params(), DAY, events, END)
    assert len([row for row in expected if row[0] == "decision"]) == orders
    assert by_columns(Params(), DAY, events, END, [5]) == expected


@pytest.mark.parametrize("others", [[], [9, 9, 1]])
def test_news_of_a_block_or_a_cycle_without_bars_is_heard(others: list[int]) -> None:
    weights = [weight(0, s, 1 / 3) for s in ("momentum", "mean_reversion", "news_driven")]
    names = ("AAA", "BBB", "CCC", "DDD")
    bars = [bar(m, name, 100_0000) for m, name in zip((1, 2, 3, 4), names, strict=True)]
    bars += [bar(m, "AAA", 100_0000) for m in (5, 21, 22)]
    # The cycle of the middle ones has no bar.
    news = [scored(m, name, 1.0) for m, name in zip((5.5, 12, 13, 23), names, strict=True)]
    heard = sorted([*bars, *news], key=lambda e: (e.stamp, e.key))
    params = Params(learning=LearningParams(min_trades=1))
    expected = learnt_by_messages(params, FOUR, [*weights, *heard], END, others)
    assert [row[1] for row in expected[0] if row[0] == "decision"] == [n.stamp for n in news]
    for sizes in ([5], [6], [1] * 11, [5, 3], [10], [11]):
        assert learnt_by_columns(params, FOUR, [*weights, *heard], END, sizes) == expected, sizes


@pytest.mark.recorded
@pytest.mark.timeout(600)
def test_two_recorded_days_with_their_news(two_days: tuple[Path, Path]) -> None:
    day = read_scored(*two_days)
    weights = [weight(0, s, 1 / 3) for s in ("momentum", "mean_reversion", "news_driven")]
    day = [e._replace(stamp=day[0].stamp) for e in weights] + day
    end = day[-1].stamp - day[-1].stamp % HOUR_US + HOUR_US
    sessions = new_york_sessions()
    expected = by_messages(Params(), sessions, day, end)
    assert sum(row[0] == "execution" for row in expected) > 100
    assert by_columns(Params(), sessions, day, end, [5_000, 1, 700]) == expected


@pytest.mark.parametrize("price", ["last", "zero"])
@pytest.mark.parametrize("off", [(), ("MARKET_CLOSED",)])
def test_positions_without_bars_are_closed_alike(
    price: Literal["last", "zero"], off: tuple[str, ...]
) -> None:
    """One goes on, one has no bar any more, one waits for an exit that never fills."""
    risk = RiskParams(
        delisted_sessions=2, delisted_price=price, participation_bps=10_000, stop_loss_bps=9_000,
        max_fees_bps=10_000, off=off,
    )  # fmt: skip
    news = NewsDrivenParams(threshold=0.2, min_confidence=0.5)
    params = Params(risk=risk, fills=FillParams(model="next_open"), news_driven=news)
    events = [weight(0, "news_driven", 1.0)]
    for ticker in ("CCC", "AAA", "BBB"):
        events += [bar(m, ticker, 100_0000, volume=9_000_000) for m in range(1, 6)]
        events.append(scored(2, ticker, 0.9))
    events.append(scored(5.5, "BBB", -0.9))
    events += [bar(m, "AAA", 101_0000, volume=9_000_000) for m in range(6, 40)]
    events.sort(key=lambda e: (e.stamp, e.key))
    expected = by_messages(params, FOUR, events, END)
    closed = [row for row in expected if row[0] == "decision" and row[4] == "delisted"]
    assert {row[2] for row in closed} == {"BBB", "CCC"}
    for sizes in ([], [1, 3], [7] * 9):
        assert by_columns(params, FOUR, events, END, sizes) == expected
