"""Learning in a backtest: the whole run's weights equal those of the loop of messages."""

import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from connectors.market.bar_file import BarFile
from connectors.market.calendar import new_york_sessions
from connectors.market.simulated import record_days
from flows.backtest.prepared import VoteCache, read_input, trade_rows
from flows.backtest.results import SESSIONS_FOR_A_YEAR, result_of
from flows.backtest.run import Inputs, Ran, run_backtest
from flows.backtest.tear_sheet import tear_sheet
from flows.closed_loop import ClosedLoop
from messages.learning import LearningAdjustment
from messages.market import Bar
from messages.trading import TradeExecution
from messages.units import MINUTE_US, to_units
from operators.blocks import Event
from operators.learning.weights import LearningImpossible
from operators.merge import cut
from operators.params import LearningParams, Params, equal_weights
from stack.commands.backtest import in_words
from tests.learning import begun
from tests.played import read_scored

EAGER = Params(learning=LearningParams(min_trades=5, rate=0.5, max_shift=0.2))


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return record_days(tmp_path_factory.mktemp("days"), 20_250_312, 4)


@pytest.fixture(scope="module")
def learnt(days: tuple[Path, Path]) -> Ran:
    return run_backtest(Inputs(BarFile(days[0]), days[1]), EAGER, equal_weights())


def by_messages(days: tuple[Path, Path], params: Params) -> list[Event]:
    """Play the same days through the closed loop."""
    played = read_scored(*days)
    loop = ClosedLoop(params, new_york_sessions())
    first, last = played[0].stamp, max(e.stamp for e in played if isinstance(e.body, Bar))
    known = [begun(first), *(e for e in played if e.stamp <= last)]
    return [e for b in cut(known, 700, last, ended=True) for e in loop.step(b)]


def test_weights_and_fills_are_those_of_the_messages(days: tuple[Path, Path], learnt: Ran) -> None:
    said = by_messages(days, EAGER)
    told = [e.body for e in said if isinstance(e.body, LearningAdjustment)]
    assert learnt.learner is not None
    assert [(a.strategy, a.old, a.new, a.reward, a.trades, a.guardrail) for a in told] == [
        (a.strategy, a.old, a.new, a.reward, a.trades, a.guardrail) for a in learnt.learner.adjusted
    ]
    assert any(a.new != a.old for a in told)
    fills = [e.body for e in said if isinstance(e.body, TradeExecution) and e.body.price]
    assert learnt.tally.fills == len(fills)
    assert learnt.tally.executions()["price"].tolist() == [to_units(f.price or 0) for f in fills]


def test_the_result_says_what_was_learnt(learnt: Ran) -> None:
    found = result_of(learnt).learning
    assert found.rule == "ewma"
    assert found.changes == sum(a.new != a.old for a in found.adjusted) > 0
    assert found.adjusted[0].decided < found.adjusted[0].holds_from
    assert sum(found.weights.values()) == pytest.approx(1.0)
    page = tear_sheet(result_of(learnt), "Days", "")
    assert page.count("<polyline class=w") == 3
    assert "Weights, by the rule ewma" in page


def test_figures_for_a_year_are_shown_of_twenty_sessions_and_more(learnt: Ran) -> None:
    few = result_of(learnt)
    assert few.annual_return is not None
    assert few.for_people(few.annual_return) is None
    assert "<dt>Annual return</dt><dd>-</dd>" in tear_sheet(few, "Days", "")
    assert re.search(r"^annual return +-$", in_words(few), re.MULTILINE)
    enough = msgspec.structs.replace(few, days=[few.days[0]] * SESSIONS_FOR_A_YEAR)
    assert enough.for_people(enough.annual_return) == few.annual_return
    assert "<dt>Annual return</dt><dd>-</dd>" not in tear_sheet(enough, "Days", "")
    assert "%" in next(li for li in in_words(enough).split("\n") if li.startswith("annual return"))


def test_votes_made_once_learn_the_same(days: tuple[Path, Path], learnt: Ran) -> None:
    whole = read_input(Inputs(BarFile(days[0]), days[1]))
    _, tally, learner = trade_rows(whole, VoteCache(whole), EAGER, equal_weights(), slice(0, None))
    assert learner is not None
    assert learnt.learner is not None
    assert learner.adjusted == learnt.learner.adjusted
    assert tally.executions().tolist() == learnt.tally.executions().tolist()


def test_credit_goes_by_the_weights_of_the_time(days: tuple[Path, Path], learnt: Ran) -> None:
    fixed = replace(EAGER, learning=LearningParams("fixed"))
    stays = run_backtest(Inputs(BarFile(days[0]), days[1]), fixed, equal_weights())
    assert stays.learner is None
    assert result_of(stays).learning.weights == equal_weights()
    mine = {(t.code, t.opened): t.credit for t in learnt.tally.trades()}
    theirs = {(t.code, t.opened): t.credit for t in stays.tally.trades()}
    shared = [at for at in mine if at in theirs and len(mine[at]) > 1]
    first_day = new_york_sessions().ends[new_york_sessions().number_of(learnt.first)]
    early = [at for at in shared if at[1] <= first_day + MINUTE_US]
    assert early
    assert all(mine[at] == theirs[at] for at in early)
    assert any(mine[at] != theirs[at] for at in shared), "later the weights are others"


def test_the_first_weights_are_in_proportion(days: tuple[Path, Path]) -> None:
    ran = run_backtest(
        Inputs(BarFile(days[0])), EAGER, {"momentum": 0.9, "mean_reversion": 0.3, "news_driven": 0}
    )
    first = result_of(ran).learning.adjusted[:3]
    assert [(a.strategy, a.old) for a in first] == [
        ("momentum", 0.75), ("mean_reversion", 0.25), ("news_driven", 0.0),
    ]  # fmt: skip
    assert first[2].new == 0.0, "a strategy without a weight takes no part"


def test_impossible_guardrails_are_refused(days: tuple[Path, Path]) -> None:
    params = replace(EAGER, learning=LearningParams(floor=0.5))
    with pytest.raises(LearningImpossible, match="cannot all weigh"):
        run_backtest(Inputs(BarFile(days[0])), params, equal_weights())
