"""One's own strategies: what they see, how they are found, and how they fail."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.user_strategies import StrategyUnusable, own_strategies, strategy_names
from operators.blocks import Block
from operators.params import OwnParams, Params
from operators.strategies.base import SLACK, MarketSnapshot, StrategyFailed, UserStrategies
from operators.strategies.voting import Voting
from tests.own_examples import Raises, TooLoud
from tests.streams import DAY, bar

HERE = str(Path(__file__).parents[2] / "own_examples.py")
prices = st.integers(1, 10**9)
rows = st.lists(
    st.tuples(prices, prices, prices, st.integers(0, 10**6)).map(
        lambda r: (r[0], max(r[:3]), min(r[:3]), r[1], r[3])
    ),
    min_size=1, max_size=40,
)  # fmt: skip


def params(*names: str) -> Params:
    return Params(own=OwnParams(tuple(n if ":" in n else f"{HERE}:{n}" for n in names)))


@given(rows, st.integers(1, 12), st.integers(1, 15))
def test_a_snapshot_says_what_its_bars_say(
    found: list[tuple[int, int, int, int, int]], keep: int, n: int
) -> None:
    market = MarketSnapshot(keep, found)
    known = found[-keep:]
    assert market.bars == len(known)
    opening, high, low, close, volume = known[-1]
    assert (market.open, market.high, market.low) == (opening / 1e4, high / 1e4, low / 1e4)
    assert (market.price, market.volume) == (close / 1e4, volume)
    assert market.closes(n) == [r[3] / 10_000 for r in known[-n:]]
    if n > len(known):
        assert market.mean(n) is None
        assert market.highest(n) is None
        assert market.volume_profile(n, 3) is None
        return
    last = known[-n:]
    assert market.mean(n) == sum(r[3] for r in last) / (n * 10_000)
    assert market.mean_volume(n) == sum(r[4] for r in last) / n
    assert market.highest(n) == max(r[1] for r in last) / 10_000
    assert market.lowest(n) == min(r[2] for r in last) / 10_000
    profile = market.volume_profile(n, 4)
    assert profile is not None
    assert sum(v for _, v in profile) == sum(r[4] for r in last)
    if n < len(known):
        assert market.change(n) == known[-1][3] / known[-1 - n][3] - 1


def test_old_bars_are_let_go_without_a_trace() -> None:
    long, short = MarketSnapshot(5), MarketSnapshot(5)
    for i in range(3 * SLACK):
        long.push((100 + i, 100 + i, 100 + i, 100 + i, i))
    for i in range(3 * SLACK - 5, 3 * SLACK):
        short.push((100 + i, 100 + i, 100 + i, 100 + i, i))
    assert long.rows() == short.rows()
    assert [long.mean(n) for n in range(1, 7)] == [short.mean(n) for n in range(1, 7)]
    assert len(long.rows()) == 5


def test_strategies_are_found_by_file_or_module() -> None:
    (by_file,) = own_strategies(params("Breakout"))
    (by_module,) = own_strategies(params("tests.own_examples:Breakout"))
    assert by_file.name == by_module.name == "breakout"
    assert strategy_names(params("Breakout", "WithTheNews"))[3:] == ("breakout", "with_the_news")
    assert strategy_names(Params()) == ("momentum", "mean_reversion", "news_driven")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["nonsense"], "has no class nonsense"),
        (["plain:"], r"write package.module:Class"),
        (["tests.nowhere:Class"], "cannot be loaded"),
        (["/nowhere/file.py:Class"], "cannot be loaded"),
        (["NoStrategy"], "has no class NoStrategy that is a Strategy"),
        (["BadName"], "its name must be lower-case"),
        (["Taken"], "there is a strategy momentum already"),
        (["Breakout", "Breakout"], "there is a strategy breakout already"),
        (["TooWide"], "its window must be from 1 to 1,000"),
        (["NeedsArguments"], "cannot be made without arguments"),
    ],
)
def test_what_cannot_be_used_says_why(names: list[str], words: str) -> None:
    with pytest.raises(StrategyUnusable, match=words):
        own_strategies(params(*names))


def test_a_strategy_that_fails_is_named() -> None:
    with pytest.raises(StrategyFailed, match="strategy raises failed on AAA: ZeroDivisionError"):
        UserStrategies([Raises()]).on_bar("AAA", (1, 1, 1, 1, 1), None)
    with pytest.raises(StrategyFailed, match=r"too_loud voted .* use LONG\(0..1\)"):
        UserStrategies([TooLoud()]).on_bar("AAA", (1, 1, 1, 1, 1), None)


def test_it_votes_beside_the_others() -> None:
    rules = params("Breakout")
    voting = Voting(rules, DAY, None, own_strategies(rules))
    events = [bar(m, "AAA", 100_0000 + 1_000 * m) for m in range(1, 13)]
    said = voting.step(Block(events, events[-1].stamp + 1)).events
    votes = [e.body.votes for e in said]  # type: ignore[attr-defined]  # all are votes
    assert votes == [(("breakout", 0.9),)] * 3
