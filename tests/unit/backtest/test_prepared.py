"""What the runs of a sweep share: all bars once, votes once for each set of strategies."""

from dataclasses import replace

import pytest

from connectors.market.bar_file import BarFile
from flows.backtest.prepared import InMemoryInput, VoteCache, read_input, trade_rows, vote_key
from flows.backtest.results import result_of
from flows.backtest.run import Inputs, Ran
from flows.backtest.sweep import FIGURES
from messages.units import to_datetime
from operators.params import MomentumParams, Params, equal_weights
from tests.unit.backtest.conftest import EAGER, FIRST, SESSIONS


@pytest.fixture(scope="module")
def whole(played: BarFile) -> InMemoryInput:
    return read_input(Inputs(played))


def test_a_file_as_a_whole(whole: InMemoryInput) -> None:
    assert whole.bars.size == 4 * 150 * 3
    assert whole.tickers == ["AAA", "BBB", "SPY"]
    assert (whole.news, whole.start) == ([], 0)


def test_sessions_are_rows_without_a_gap(whole: InMemoryInput) -> None:
    spans = whole.sessions()
    assert [f"{to_datetime(int(whole.bars.stamp[first])):%F}" for first, _ in spans] == list(
        SESSIONS
    )
    assert spans[0][0] == 0
    assert spans[-1][1] == whole.bars.size - 1
    assert [after[0] for after in spans[1:]] == [before[1] + 1 for before in spans[:-1]]


def test_a_warm_up_is_in_no_session(played: BarFile) -> None:
    third = FIRST.replace(day=14)
    stamp = int(third.timestamp() * 1_000_000)
    warm = read_input(Inputs(played, trade_from=stamp))
    assert len(warm.sessions()) == 2
    assert warm.sessions()[0][0] == warm.start == 2 * 150 * 3


def test_all_rows_traded_on_shared_votes_are_the_backtest(whole: InMemoryInput, ran: Ran) -> None:
    loop, tally, learner = trade_rows(
        whole, VoteCache(whole), EAGER, equal_weights(), slice(0, None)
    )
    shared = Ran(loop, tally, equal_weights(), EAGER, bars=whole.bars.size, learner=learner)
    alone = result_of(ran, with_trades=False)
    again = result_of(shared, with_trades=False)
    assert [getattr(again, f) for f in FIGURES] == [getattr(alone, f) for f in FIGURES]
    assert again.rejects == alone.rejects
    assert again.attribution == alone.attribution


def test_some_rows_begin_with_a_new_account(whole: InMemoryInput) -> None:
    votes, parts = VoteCache(whole), []
    for first, last in whole.sessions():
        _, tally, _ = trade_rows(whole, votes, EAGER, equal_weights(), slice(first, last + 1))
        parts.append(tally.fills)
    loop, nothing, _ = trade_rows(whole, votes, EAGER, equal_weights(), slice(0, 0))
    assert all(parts), "each session trades by itself"
    assert (nothing.fills, loop.equity) == (0, 1_000_000 * 10_000)


def test_votes_are_made_anew_only_for_other_strategies(whole: InMemoryInput) -> None:
    votes = VoteCache(whole)
    first = votes.of(Params())
    assert votes.of(EAGER) is not first
    assert votes.of(EAGER)[1] is first[1], "risk does not change a vote"
    other = replace(Params(), momentum=MomentumParams(window=5))
    assert vote_key(other) != vote_key(Params()) == vote_key(EAGER)
    assert votes.of(other)[1] is not first[1]
