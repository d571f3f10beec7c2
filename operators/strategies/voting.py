"""All strategies of a shard in one pass: bars and sentiment in, votes out.

Momentum and mean reversion vote on their own bar. News-driven votes when its opinion of a ticker
changes: at once, or, out of hours, on the ticker's first bar of the next session. Its standing
opinion is lent to any bar another strategy votes on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from msgspec import Struct

from messages.market import Bar
from messages.trading import SentimentContext
from messages.units import to_micros, to_units
from operators.bar_filter import BarFilter, is_history, refuse
from operators.blocks import Block, Event
from operators.news.sentiment import SentimentChanged
from operators.params import NEWS_DRIVEN, STRATEGIES, Params
from operators.states import State
from operators.strategies.base import Row, Strategy, UserStrategies
from operators.strategies.news_driven import NewsOpinions, OpinionsState
from operators.strategies.technical import RowsState, TickerRows, step_bar, step_bars, units_of
from operators.trading.sessions import SessionTable

NO_VOTES: Final = (0.0, 0.0)
NOTHING: Final[Mapping[int, Any]] = MappingProxyType({})


class Votes(Struct, frozen=True, gc=False):
    """What the strategies say of one ticker at one stamp; travels inside the flow only.

    Attributes:
        votes: (strategy, signed strength), in the order of `STRATEGIES`, then one's own; only
            those that voted.
        cause: id of the bar or scored article that made them vote.
        bar: id of the bar, empty between bars.
        entries: ids of the scored articles behind a news vote.
    """

    ticker: str
    votes: tuple[tuple[str, float], ...]
    cause: str
    bar: str
    context: SentimentContext | None
    entries: tuple[str, ...]


class VotingState(State):
    """What the strategies of a shard remember.

    Attributes:
        rows: of momentum and mean reversion.
        last_bars: ticker -> start of its last good bar.
        opinions: of the news.
        refused: ticker -> bars refused so far.
        own: ticker -> bars kept for user strategies.
    """

    rows: RowsState
    last_bars: dict[str, datetime]
    opinions: OpinionsState
    refused: dict[str, int]
    own: dict[str, list[Row]]


class Voting:
    """The strategies with their state per ticker."""

    def __init__(
        self, params: Params, sessions: SessionTable, state: VotingState | None = None,
        own: Sequence[Strategy] = (),
    ) -> None:  # fmt: skip
        """Start empty or from a snapshot; `own` are strategies besides the built-in ones."""
        self._own = UserStrategies(own, state.own if state else None)
        self._names = (*STRATEGIES, *self._own.names)
        self._params = params
        self._rows = TickerRows(params.momentum.window, state.rows if state else None)
        self._filter = BarFilter(state.last_bars if state else None)
        p = params.mean_reversion
        self._numbers = np.array(
            [
                params.momentum.window, params.momentum.full_strength,
                p.period, p.low, p.high, p.full_strength,
            ]
        )  # fmt: skip
        opinions = state.opinions if state else None
        self._news = NewsOpinions(params, sessions, opinions)
        self._refused = Counter[str](state.refused if state else {})

    def step(self, block: Block) -> Block:
        """Replace bars and sentiment changes by votes; pass the rest on."""
        out: list[Event] = []
        votes = self._technical(block)
        for i, event in enumerate(block.events):
            body = event.body
            if isinstance(body, Bar):
                verdict = votes.get(i)
                if isinstance(verdict, str):
                    self._refuse(event.stamp, body, verdict, out)
                elif verdict is not None or self._own or body.ticker in self._news.standing:
                    self._on_bar(event.stamp, body, verdict or (0.0, 0.0), out)
            elif isinstance(body, SentimentChanged):
                self._on_news(event.stamp, body, out)
            else:
                out.append(event)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> VotingState:
        """Return rows, windows and standing opinions."""
        return VotingState(
            rows=self._rows.snapshot(), last_bars=self._filter.snapshot(),
            opinions=self._news.snapshot(), refused=dict(self._refused), own=self._own.snapshot(),
        )  # fmt: skip

    def _technical(self, block: Block) -> Mapping[int, Any]:
        """Run the compiled step over the block's bars; index -> votes, or reason against."""
        if len(block.events) == 1:
            return self._one(block.events[0])
        index, code, close, volume = [], [], [], []
        verdicts: dict[int, Any] = {}
        reason_against, row = self._filter.reason_against, self._rows.row
        for i, event in enumerate(block.events):
            bar = event.body
            if isinstance(bar, Bar):
                if (reason := reason_against(bar, event.stamp)) is not None:
                    verdicts[i] = reason
                else:
                    index.append(i)
                    code.append(row(bar.ticker))
                    close.append(bar.close)
                    volume.append(bar.volume)
        if index:
            momentum, reversion = self._advance(code, close, volume)
            for j in np.nonzero((momentum != 0.0) | (reversion != 0.0))[0].tolist():
                verdicts[index[j]] = (float(momentum[j]), float(reversion[j]))
        return verdicts

    def _one(self, event: Event) -> Mapping[int, Any]:
        """Do the same for a bar that comes alone, as live ones do: no arrays to make."""
        bar = event.body
        if not isinstance(bar, Bar):
            return NOTHING
        if (reason := self._filter.reason_against(bar, event.stamp)) is not None:
            return {0: reason}
        rows = self._rows
        k = rows.row(bar.ticker)
        found = step_bar(
            k, to_units(bar.close), bar.volume, rows.state, rows.closes, rows.volumes,
            rows.averages, self._numbers,
        )  # fmt: skip
        return {0: found} if found != NO_VOTES else NOTHING

    def _advance(self, code: list[int], close: list[float], volume: list[int]) -> tuple[Any, Any]:
        p, rows = self._params, self._rows
        momentum, reversion = np.empty(len(code)), np.empty(len(code))
        step_bars(
            np.array(code, np.int64), units_of(np.array(close)), np.array(volume, np.int64),
            rows.state, rows.closes, rows.volumes, rows.averages,
            p.momentum.window, p.momentum.full_strength,
            p.mean_reversion.period, p.mean_reversion.low, p.mean_reversion.high,
            p.mean_reversion.full_strength, momentum, reversion,
        )  # fmt: skip
        return momentum, reversion

    def _on_bar(
        self, stamp: int, bar: Bar, technical: tuple[float, float], out: list[Event]
    ) -> None:
        context, news = self._news.on_bar(bar.ticker, stamp)
        own = self._own.on_bar(bar.ticker, _units_of(bar), context) if self._own else []
        signed = zip(self._names, (*technical, news, *own), strict=True)
        votes = tuple((name, strength) for name, strength in signed if strength != 0.0)
        end = to_micros(bar.event_time)
        if bar.backfilled or is_history(end, stamp):
            return
        due = bool(news) and self._news.is_due(bar.ticker, end, stamp)
        if not due and technical == (0.0, 0.0) and not any(own):
            return
        ids = self._news.scored(bar.ticker) if news else ()
        out.append(Event(stamp, bar.ticker, Votes(bar.ticker, votes, bar.id, bar.id, context, ids)))

    def _on_news(self, stamp: int, change: SentimentChanged, out: list[Event]) -> None:
        context, strength = self._news.on_news(change, stamp)
        if strength:
            ticker, ids = change.ticker, self._news.scored(change.ticker)
            votes = ((NEWS_DRIVEN, strength),)
            out.append(Event(stamp, ticker, Votes(ticker, votes, ids[-1], "", context, ids)))

    def _refuse(self, stamp: int, bar: Bar, reason: str, out: list[Event]) -> None:
        if reason == "REVISION":
            return
        self._refused[bar.ticker] += 1
        nth = self._refused[bar.ticker]
        out.append(Event(stamp, bar.ticker, refuse(bar, stamp, reason, nth)))


def _units_of(bar: Bar) -> tuple[int, int, int, int, int]:
    return (
        to_units(bar.open), to_units(bar.high), to_units(bar.low), to_units(bar.close), bar.volume,
    )  # fmt: skip
