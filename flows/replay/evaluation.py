"""What the signals flow made of one ticker in one minute, strategy by strategy."""

from typing import Final, NamedTuple

from connectors.market.calendar import new_york_sessions
from connectors.user_strategies import own_strategies, strategy_names
from flows.replay.window import ReplayWindow
from messages.control import Command
from messages.flows import PAPER
from messages.market import Bar
from messages.news import ScoredArticle
from messages.topics import partition_of
from messages.trading import TradeSignal
from messages.units import MINUTE_US
from operators.blocks import Block, Event
from operators.merge import place_of
from operators.news.sentiment import SentimentWindows, summarise
from operators.params import STRATEGIES
from operators.strategies.ensemble import Ensemble
from operators.strategies.readings import Reading, news, technical
from operators.strategies.voting import Votes, Voting, VotingState
from operators.trading.news_clock import NewsClock

HEARD: Final = frozenset({Command, ScoredArticle, Bar})
SIGNALS_ORDER: Final = place_of(PAPER["signals"])


class Evaluation(NamedTuple):
    """One evaluation.

    Attributes:
        cause: id of the bar or the scored article that made the strategies look.
        readings: what each of them saw.
        signal: id of the signal, if one was made.
        why_not: why there is none; empty where there is one.
        numbers: of the ensemble, where it found too little.
    """

    stamp: int
    text: str
    cause: str
    readings: tuple[Reading, ...]
    signal: str | None
    why_not: str
    numbers: tuple[tuple[str, str, str], ...]


class _Pipeline:
    """The signals flow's operators for one ticker."""

    def __init__(self, window: ReplayWindow, ticker: str) -> None:
        params = window.archive.run.rules
        shards = window.opening.signals
        states = shards[partition_of(ticker.encode(), len(shards))]
        self.params, sessions = params, new_york_sessions()
        self.clock = NewsClock(params.sentiment, sessions)
        self.own = strategy_names(params)[len(STRATEGIES) :]
        self.windows = SentimentWindows(params.sentiment, sessions, states.sentiment)
        self.voting = Voting(params, sessions, states.strategies, own_strategies(params))
        self.ensemble = Ensemble(params.ensemble, states.ensemble)

    def step(self, events: list[Event], frontier: int) -> tuple[list[Votes], list[TradeSignal]]:
        voted = self.voting.step(self.windows.step(Block(events, frontier)))
        votes = [e.body for e in voted.events if isinstance(e.body, Votes)]
        made = self.ensemble.step(voted).events
        return votes, [e.body for e in made if isinstance(e.body, TradeSignal)]


def evaluations(window: ReplayWindow, ticker: str, stamp: int) -> list[Evaluation]:
    """Return the evaluations of a ticker in the minute up to a stamp, that included.

    Args:
        window: the day.
        ticker: whose.
        stamp: within the day.
    """
    given = [e for e in window.events if type(e.body) in HEARD and e.key in ("", ticker)]
    own = sorted([*given, *window.weights], key=SIGNALS_ORDER)
    start = stamp - MINUTE_US + 1
    chain = _Pipeline(window, ticker)
    chain.step([e for e in own if e.stamp < start], start)
    found = []
    for event in [e for e in own if start <= e.stamp <= stamp]:
        before = chain.voting.snapshot()
        votes, signals = chain.step([event], event.stamp + 1)
        if isinstance(event.body, Bar | ScoredArticle):
            found.append(_moment(chain, event, before, votes, signals))
    return found


def _moment(
    chain: _Pipeline, event: Event, before: VotingState, votes: list[Votes],
    signals: list[TradeSignal],
) -> Evaluation:  # fmt: skip
    body, params = event.body, chain.params
    opinions = chain.voting.snapshot().opinions
    entries = opinions.news.get(event.key)
    context = summarise(entries, event.stamp, params.sentiment, chain.clock) if entries else None
    readings: tuple[Reading, ...] = (news(context, params),)
    if isinstance(body, Bar):
        said = {name: x for v in votes for name, x in v.votes}
        own = [Reading(n, said.get(n, 0.0), ()) for n in chain.own]
        readings = (*technical(before.rows, body, params), *readings, *own)
        text, cause = "a bar came in", body.id
    else:
        text, cause = "a score came in", getattr(body, "id", "")
    why_not, numbers = "", tuple[tuple[str, str, str], ...]()
    if not signals:
        waiting = event.key in opinions.waiting
        why_not, numbers = _why_not(chain, votes, isinstance(body, Bar), waiting=waiting)
    signal = signals[0].id if signals else None
    return Evaluation(event.stamp, text, cause, readings, signal, why_not, numbers)


def _why_not(
    chain: _Pipeline, votes: list[Votes], on_bar: bool, *, waiting: bool
) -> tuple[str, tuple[tuple[str, str, str], ...]]:
    if not votes:
        if on_bar:
            return "neither momentum nor mean reversion voted on this bar", ()
        if waiting:
            return "the vote of the news waits for the ticker's first bar of a session", ()
        return "the news did not change its opinion of this ticker", ()
    weights = chain.ensemble.snapshot().weights
    terms = [(s, x, weights.get(s, (0.0, ""))[0]) for s, x in votes[-1].votes]
    total = sum(w for _, _, w in terms)
    limit = chain.params.ensemble.threshold
    numbers = [(s, f"{x:+.3f} x weight {w:.3f}", f"of {total:.3f}") for s, x, w in terms]
    if total == 0.0:
        return "no strategy that voted has a weight", tuple(numbers)
    score = sum(x * w for _, x, w in terms) / total
    numbers.append(("score", f"{score:+.3f}", f"at least {limit:g} either way"))
    return "the votes together are too weak", tuple(numbers)
