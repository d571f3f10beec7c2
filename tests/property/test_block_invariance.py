"""Every operator says the same however its stream is cut, and after every resume."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messages.codec import encode
from messages.control import RunStarted
from messages.learning import LearningAdjustment, TradeOutcome
from messages.trading import TradeExecution
from operators.admission import AdmitArticles, AdmitBars, InputRow
from operators.blocks import Block, Event, Operator
from operators.commands import AcceptCommands
from operators.learning.outcomes import Outcomes, OutcomesState
from operators.learning.strategy_metrics import MetricsState, StrategyMetrics
from operators.learning.weights import Weights, WeightsState
from operators.news.sentiment import SentimentState, SentimentWindows
from operators.params import (
    STRATEGIES,
    FillParams,
    LearningParams,
    Params,
    RiskParams,
    SentimentParams,
)
from operators.states import State, decode_state, encode_state
from operators.strategies.ensemble import Ensemble, EnsembleState
from operators.strategies.voting import Voting, VotingState
from operators.trading.desk import Desk
from operators.trading.desk_state import DeskState
from operators.trading.sessions import SessionTable
from tests.learning import LEARN_ORDER, begun
from tests.models import scoring
from tests.own_examples import Breakout, WithTheNews
from tests.streams import (
    CLOSE,
    DAY,
    END,
    OPEN,
    at,
    blocks,
    command,
    desk_input,
    market,
    outputs,
    raw,
    resumed,
)

Build = Callable[[Any], Operator]
SHORT_DAYS = SessionTable((OPEN, at(8), at(16), at(24)), (at(6), at(14), at(22), CLOSE))
SHORT = SentimentParams(
    lookback_minutes=30, fresh_minutes=5, half_life_minutes=5, max_articles=4, closed_minutes=1
)
PARAMS = Params(sentiment=SHORT)
SHORTS = Params(
    risk=RiskParams(allow_short=True, cooldown_minutes=5), fills=FillParams("next_open")
)
sizes = st.lists(st.integers(1, 40), max_size=30)
relaxed = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class ChainState(State):
    """The encoded state of each operator."""

    parts: list[bytes]


class Chain:
    """Operators one after another, as a flow wires them; each with the kind of its states."""

    def __init__(self, state: ChainState | None, *steps: tuple[Build, type[State]]) -> None:
        parts = state.parts if state else [None] * len(steps)
        self.operators = [
            build(None if part is None else decode_state(part, kind))
            for (build, kind), part in zip(steps, parts, strict=True)
        ]

    def step(self, block: Block) -> Block:
        for operator in self.operators:
            block = operator.step(block)
        return block

    def snapshot(self) -> ChainState:
        return ChainState(parts=[encode_state(o.snapshot()) for o in self.operators])


def sentiment(state: Any) -> Operator:
    return SentimentWindows(SHORT, SHORT_DAYS, state)


WINDOWS: tuple[Build, type[State]] = (sentiment, SentimentState)


def voting(state: Any) -> Operator:
    return Chain(state, WINDOWS, (lambda s: Voting(PARAMS, SHORT_DAYS, s), VotingState))


def own_voting(state: Any) -> Operator:
    own = (Breakout(), WithTheNews())
    return Chain(state, WINDOWS, (lambda s: Voting(PARAMS, SHORT_DAYS, s, own), VotingState))


def signals(state: Any) -> Operator:
    return Chain(
        state, WINDOWS, (lambda s: Voting(PARAMS, SHORT_DAYS, s), VotingState),
        (lambda s: Ensemble(PARAMS.ensemble, s), EnsembleState),
    )  # fmt: skip


def desk(state: Any) -> Operator:
    return Desk(Params(), DAY, state)


def desk_of_shorts(state: Any) -> Operator:
    return Desk(SHORTS, DAY, state)


# Cycles of a few minutes, and few trades before a weight moves: much happens in a small market.
EAGER = LearningParams(min_trades=1, metrics_minutes=5, horizon_bars=2)


def learning(state: Any, rule: Literal["ewma", "hedge"] = "ewma") -> Operator:
    params = replace(EAGER, rule=rule)
    names, account = STRATEGIES, Params().account
    return Chain(
        state, (_Both, DeskState), (lambda s: Outcomes(RiskParams(), s), OutcomesState),
        (lambda s: Weights(params, SHORT_DAYS, names, s), WeightsState),
        (lambda s: StrategyMetrics(params, account, SHORT_DAYS, names, s), MetricsState),
    )  # fmt: skip


def hedged(state: Any) -> Operator:
    return learning(state, "hedge")


class _Both:
    """The desk, with its signals passed on in order, as learn reads them."""

    def __init__(self, state: DeskState | None) -> None:
        self.desk = Desk(Params(), DAY, state)

    def step(self, block: Block) -> Block:
        began = [e for e in block.events if isinstance(e.body, RunStarted)]
        known = [e for e in block.events if not isinstance(e.body, RunStarted)]
        traded = [
            e
            for e in self.desk.step(block._replace(events=known)).events
            if isinstance(e.body, TradeExecution)
        ]
        merged = sorted([*began, *known, *traded], key=LEARN_ORDER)
        return Block(merged, block.frontier, block.ended)

    def snapshot(self) -> DeskState:
        return self.desk.snapshot()


def same(build: Build, events: list[Event], cut: list[int], stop: int) -> list[Event]:
    """Assert all three ways equal, byte for byte; return what was said."""
    whole = blocks(events, [])
    parts = blocks(events, cut)
    expected = outputs(build(None), whole)
    assert said(outputs(build(None), parts)) == said(expected)
    assert said(resumed(build, parts, stop % (len(parts) + 1))) == said(expected)
    return expected


def said(events: list[Event]) -> list[tuple[int, str, bytes]]:
    return [(e.stamp, e.key, encode(e.body)) for e in events]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "build", [sentiment, voting, own_voting, signals], ids=lambda b: b.__name__
)
@relaxed
@given(events=market(), cut=sizes, stop=st.integers(0, 100))
def test_signal_operators(build: Build, events: list[Event], cut: list[int], stop: int) -> None:
    same(build, events, cut, stop)


@pytest.mark.parametrize("build", [desk, desk_of_shorts], ids=lambda b: b.__name__)
@relaxed
@given(events=desk_input(), cut=sizes, stop=st.integers(0, 100))
def test_trading_operators(build: Build, events: list[Event], cut: list[int], stop: int) -> None:
    same(build, events, cut, stop)


@pytest.mark.parametrize("build", [learning, hedged], ids=lambda b: b.__name__)
@relaxed
@given(events=desk_input(), cut=sizes, stop=st.integers(0, 100))
def test_learning(build: Build, events: list[Event], cut: list[int], stop: int) -> None:
    made = same(build, [begun(OPEN), *events], cut, stop)
    judged = any(isinstance(e.body, LearningAdjustment) for e in made)
    assert judged or not any(isinstance(e.body, TradeOutcome) for e in made if e.stamp < at(22))


@relaxed
@given(cut=sizes, stop=st.integers(0, 100), titles=st.lists(st.text(min_size=1), max_size=10))
def test_scoring(cut: list[int], stop: int, titles: list[str]) -> None:
    events = [raw(n, t, ("AAA",)) for n, t in enumerate(titles)]
    same(lambda _: scoring(), events, cut, stop)


@relaxed
@given(cut=sizes, stop=st.integers(0, 100), minutes=st.lists(st.integers(0, 5), max_size=10))
def test_commands(cut: list[int], stop: int, minutes: list[int]) -> None:
    events = [command(m, "pause") for m in sorted(minutes)]
    same(AcceptCommands, events, cut, stop)


cell = st.none() | st.floats() | st.integers() | st.text(max_size=5) | st.datetimes()
row = st.dictionaries(
    st.sampled_from(["ticker", "timestamp", "open", "high", "low", "close", "volume"]), cell
)


@relaxed
@given(rows=st.lists(row, max_size=10), cut=sizes, stop=st.integers(0, 100))
def test_admission_of_bars_answers_every_row(
    rows: list[dict[str, Any]], cut: list[int], stop: int
) -> None:
    events = [Event(n, "", InputRow(n, values)) for n, values in enumerate(rows)]
    found = same(lambda s: AdmitBars(END, "1m", "test", s), events, cut, stop)
    assert len(found) == len(rows)


article = st.none() | st.dictionaries(
    st.sampled_from(["source", "url", "title", "content", "published_at", "tickers"]),
    cell | st.lists(st.sampled_from(["AAPL", "aapl", ""])) | st.just("2025-03-12T14:00:00Z"),
)


@relaxed
@given(rows=st.lists(article, max_size=10), cut=sizes, stop=st.integers(0, 100))
def test_admission_of_articles_answers_every_row(
    rows: list[dict[str, Any] | None], cut: list[int], stop: int
) -> None:
    events = [Event(n, "", InputRow(n, values, b"x")) for n, values in enumerate(rows)]
    found = same(lambda s: AdmitArticles(END, s), events, cut, stop)
    assert len(found) == len(rows)
