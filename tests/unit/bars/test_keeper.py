"""The keeper and the source: threads, failures, snapshots; the market is a script."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import pytest

from connectors.bars import source
from connectors.bars.interests import Interests
from connectors.bars.keeper import BarKeeper, Patience
from connectors.bars.order import BarOrder
from connectors.bars.source import BEAT, LiveBarsPartition, LiveBarsSource, TakenBars
from connectors.bars.start import is_open, warm_up
from connectors.broker.errors import BrokerAway
from connectors.broker.values import MarketBar, StreamState, TradingStatus
from connectors.envelope import SHARD
from connectors.feed.health import FeedRegistry
from connectors.kafka.bell import Bell
from connectors.market.calendar import new_york_sessions
from connectors.market.silence import BARS_FEED
from messages.market import Interval, TradingHalt
from messages.units import to_micros
from operators.admission import InputRow
from operators.states import decode_state, encode_state
from tests.unit.bars.test_order import OPEN, at, bar
from tests.waiting import eventually, pause

SWIFT = Patience(follow_s=0.01, again_s=0.01, again_most_s=0.01)
UP = StreamState(up=True, at=OPEN)


class Market:
    """A market whose past and present a test writes."""

    def __init__(self) -> None:
        self.past: list[MarketBar] = []
        self.coming: list[Any] = [UP]
        self.asked: list[tuple[tuple[str, ...], datetime, datetime]] = []
        self.away, self.disliked = False, ""
        self.followed: frozenset[str] = frozenset()
        self.opened = 0

    def history(
        self, tickers: Sequence[str], interval: Interval, since: datetime, until: datetime
    ) -> list[MarketBar]:
        self.asked.append((tuple(tickers), since, until))
        if self.away or self.disliked in tickers:
            reason = "the history is away"
            raise BrokerAway(reason)
        return [b for b in self.past if b.ticker in tickers and since <= b.start < until]

    def market(self) -> "Market":
        self.opened += 1
        return self

    def follow(self, bars: frozenset[str], quotes: frozenset[str] = frozenset()) -> None:
        self.followed = bars

    def take(self, timeout_s: float) -> list[Any]:
        found, self.coming = self.coming, []
        for item in found:
            if isinstance(item, Exception):
                raise item
        if not found:
            pause(0.005)
        return found

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()


class Run:
    """A partition over a market, at a time of the test's own."""

    def __init__(self, market: Market, minute: float, watchlist: Sequence[str] = ("AAA",)) -> None:
        self.market, self.minute, self.watchlist = market, minute, watchlist
        self.registry = FeedRegistry([BARS_FEED])
        self.ended = 0
        self.parts: list[LiveBarsPartition] = []

    def start(self, resume: bytes | None = None) -> LiveBarsPartition:
        def begin(
            last: Mapping[str, datetime], held: list[str], bell: Bell
        ) -> tuple[BarKeeper, Interests]:
            interests = Interests(self.watchlist, timedelta(hours=1), 30, held)
            order = BarOrder(last, lambda now: at(-10))
            keeper = BarKeeper(
                self.market, interests, order, self.registry, bell, now=lambda: at(self.minute),
                patience=SWIFT, ended=self._end,
            )  # fmt: skip
            return keeper, interests

        every = timedelta(milliseconds=10)
        made = LiveBarsSource(begin, every, lambda: False).build_part("bars", SHARD, resume)
        self.parts.append(made)
        return made

    def _end(self) -> None:
        self.ended += 1

    @property
    def status(self) -> Any:
        return self.registry.feeds[BARS_FEED]


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """Return where a test puts its runs; none of their threads outlives it."""
    begun: list[Run] = []
    yield begun
    for run in begun:
        for part in run.parts:
            part.close()
        eventually(lambda r=run: r.ended == len(r.parts))  # type: ignore[misc]  # the run's own
    eventually(lambda: not [t for t in threading.enumerate() if t.name.startswith("bars-")])


def taken(part: LiveBarsPartition, count: int) -> list[tuple[int, str]]:
    """Take so many rows; returns minute and kind of each."""
    found: list[tuple[int, str]] = []

    def enough() -> bool:
        for key, envelope in part.next_batch():
            assert key == (SHARD if envelope.block.events else BEAT)
            for event in envelope.block.events:
                assert isinstance(event.body, InputRow)
                values = event.body.values or {}
                kind = "r" if values["revised"] else "b" if values["backfilled"] else "l"
                found.append(((values["timestamp"] - OPEN) // timedelta(minutes=1), kind))
        return len(found) >= count

    eventually(enough, what=lambda: found, step=0.001)
    return found


def test_history_then_live_bars_and_how_the_feed_is(runs: list[Run]) -> None:
    market = Market()
    market.past = [bar(n) for n in range(-12, 3)]
    runs.append(run := Run(market, 3.5))
    part = run.start()
    assert taken(part, 13) == [(n, "b") for n in range(-10, 3)]
    assert market.followed == {"AAA"}
    eventually(lambda: run.status.state == "healthy")
    assert run.status.last_item is None, "history is no sign of life"
    run.minute = 4.1
    market.coming = [bar(3), bar(3, 101, revised=True)]
    assert taken(part, 2) == [(3, "l"), (3, "r")]
    assert run.status.last_item == at(4)
    state = decode_state(part.snapshot(), TakenBars)
    assert (state.last, state.row, state.held) == ({"AAA": at(3)}, 15, [])


def test_many_rows_come_in_several_blocks(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "BATCH", 5)
    market = Market()
    market.past = [bar(n) for n in range(12)]
    runs.append(run := Run(market, 13))
    part = run.start()
    eventually(lambda: part.next_batch() and part._waiting)
    first = decode_state(part.snapshot(), TakenBars)
    assert (first.row, first.last) == (5, {"AAA": at(4)}), "what waits is not taken"
    sizes = [len(part.next_batch()[0][1].block.events) for _ in range(2)]
    assert sizes == [5, 2]


def test_a_restart_goes_on_where_the_snapshot_was(runs: list[Run]) -> None:
    market = Market()
    market.past = [bar(n) for n in range(4)]
    runs.append(run := Run(market, 3.0))
    part = run.start()
    assert taken(part, 2) == [(0, "b"), (1, "b")]
    kept = part.snapshot()
    market.coming = [UP, bar(2)]
    taken(part, 1)  # lost with the process
    part.close()
    run.minute, market.coming = 5.1, [UP, bar(4)]
    assert taken(run.start(kept), 3) == [(2, "b"), (3, "b"), (4, "l")]
    assert market.asked[-1][1] == at(2)


def test_a_history_that_is_away_is_asked_again(runs: list[Run]) -> None:
    market = Market()
    market.away = True
    market.past = [bar(1)]
    runs.append(run := Run(market, 3.0))
    part = run.start()
    eventually(lambda: run.status.errors > 2)
    assert (run.status.state, run.status.detail) == ("failing", "HISTORY: the history is away")
    market.away = False
    assert taken(part, 1) == [(1, "b")]


def test_a_ticker_without_history_keeps_no_other_from_its_own(runs: list[Run]) -> None:
    market = Market()
    market.disliked = "BAD"
    market.past = [bar(1)]
    runs.append(run := Run(market, 3.0, ("BAD", "AAA")))
    assert taken(run.start(), 1) == [(1, "b")]
    assert market.asked[0][0] == ("BAD", "AAA")


def test_a_position_s_bars_do_not_wait_for_a_history_that_is_away(runs: list[Run]) -> None:
    market = Market()
    market.away = True
    runs.append(run := Run(market, 3.0, ()))
    state = TakenBars(last={}, held=["AAA"], row=0)
    part = run.start(encode_state(state))
    eventually(lambda: run.status.errors > 0)
    assert market.followed == {"AAA"}
    market.coming = [bar(2)]
    run.minute = 3.5
    assert taken(part, 1) == [(2, "l")]
    assert decode_state(part.snapshot(), TakenBars).held == ["AAA"]


def test_what_goes_wrong_with_the_stream_ends_nothing(runs: list[Run]) -> None:
    market = Market()
    market.past = [bar(0)]
    market.coming = [UP, StreamState(up=False, reason="it was cut", at=OPEN)]
    runs.append(run := Run(market, 3.0))
    part = run.start()
    eventually(lambda: run.status.detail == "STREAM_DOWN: it was cut")
    market.coming = [RuntimeError("surprise")]
    eventually(lambda: market.opened == 2)
    assert run.status.detail == "UNEXPECTED: RuntimeError: surprise"
    market.coming = [UP]
    assert taken(part, 1) == [(0, "b")]


def test_a_warm_up_is_so_many_sessions() -> None:
    now = datetime(2026, 3, 19, 15, tzinfo=UTC)  # a Thursday
    assert warm_up(now, 0) == datetime(2026, 3, 18, 20, 1, tzinfo=UTC)
    assert warm_up(now, 4) == datetime(2026, 3, 12, 20, 1, tzinfo=UTC)
    sessions = new_york_sessions()
    first, last = (sessions.number_of(to_micros(m)) for m in (warm_up(now, 20), now))
    assert last - first == 21, "the last moment of the session before them"
    assert is_open(now)
    assert not is_open(now.replace(hour=3))


def test_a_halt_is_a_fact_of_its_own_beside_the_bars(runs: list[Run]) -> None:
    market = Market()
    market.past = [bar(0)]
    runs.append(run := Run(market, 1.5))
    part = run.start()
    taken(part, 1)
    market.coming = [
        TradingStatus(ticker="AAA", halted=halted, code="H" * 99, reason="news", at=OPEN)
        for halted in (True, False)
    ]
    found: list[Any] = []

    def both() -> bool:
        found.extend(e for _, envelope in part.next_batch() for e in envelope.block.events)
        return len(found) == 2

    eventually(both, step=0.001)
    first, second = (event.body for event in found)
    assert isinstance(first, TradingHalt)
    assert (first.ticker, first.halted, first.reason, first.code) == ("AAA", True, "news", "H" * 64)
    assert (second.halted, first.id != second.id) == (False, True)
    assert [event.key for event in found] == ["AAA", "AAA"]
    assert decode_state(part.snapshot(), TakenBars).row == 1, "a halt is no row of bars"
