"""Scoring beside the stream: order, time, snapshots, slow and failing models."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from connectors.envelope import Barrier, Envelope
from connectors.sentiment.cascade import Cascade
from connectors.sentiment.instant import InstantTier
from connectors.sentiment.score_cache import Facts
from connectors.sentiment.tier import TierFailed
from connectors.tickers.directory import ticker_finder
from flows.pipeline import scoring_step as scoring
from flows.pipeline.scoring_step import CHUNK, LIMIT, Backlog, ScoringState, ScoringStep
from messages.news import RawArticle, ScoredArticle
from operators.blocks import Block, Event
from operators.news.instant_model import Verdict
from operators.states import decode_state
from tests.models import scoring as pure
from tests.streams import raw
from tests.waiting import eventually


class Gated(InstantTier):
    """The instant tier behind a gate that a test opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.asked = 0

    def score(self, texts: Sequence[str]) -> list[Verdict | TierFailed]:
        self.gate.wait(60)
        self.asked += len(texts)
        return super().score(texts)


def step(
    tier: InstantTier | None = None, tick_ms: int | None = None, state: bytes | None = None,
    stopping: Callable[[], bool] = lambda: False, backlog: Backlog | None = None,
) -> ScoringStep:  # fmt: skip
    first = tier or InstantTier()
    return ScoringStep(
        lambda: Cascade(first, None, Facts(None), 0.0),
        ticker_finder(), backlog or Backlog(), stopping, tick_ms, state,
    )  # fmt: skip


def pending(logic: ScoringStep) -> list[int]:
    """Return how many events each pending piece has."""
    return [len(p.events) for p in decode_state(logic.snapshot(), ScoringState).pending]


def drain(logic: ScoringStep) -> list[Envelope]:
    out: list[Envelope] = []

    def empty() -> bool:
        out.extend(logic.on_notify()[0])
        return not pending(logic)

    eventually(empty, what="articles are still pending")
    return out


def articles(count: int, start: int = 1) -> list[Event]:
    return [raw(start + i, f"$AAPL soars number {i}") for i in range(count)]


def events_of(envelopes: list[Envelope]) -> list[Event]:
    return [e for envelope in envelopes for e in envelope.block.events]


@pytest.mark.parametrize("sizes", [[300], [1] * 300, [7, 200, 93]])
def test_played_it_says_what_the_pure_operator_says(sizes: list[int]) -> None:
    given, logic, out, at = articles(300), step(), list[Envelope](), 0
    for size in sizes:
        part, at = given[at : at + size], at + size
        last = at == len(given)
        out += logic.on_batch([Envelope(Block(part, part[-1].stamp + 1, last))])[0]
    out += logic.on_eof()[0]
    assert events_of(out) == pure().step(Block(given, 0)).events
    assert [e.block.ended for e in out].count(True) == 1
    assert out[-1].block.ended
    frontiers = [e.block.frontier for e in out]
    assert frontiers == sorted(frontiers)
    for envelope, before in zip(out[1:], frontiers, strict=False):
        assert all(e.stamp >= before for e in envelope.block.events)


def test_played_time_waits_for_the_model() -> None:
    tier = Gated()
    logic = step(tier)
    assert logic.on_batch([Envelope(Block(articles(3), 100))])[0] == []
    assert logic.on_batch([Envelope(Block([], 200))])[0] == []
    assert logic.notify_at() is not None
    tier.gate.set()
    out = drain(logic)
    assert [e.block.frontier for e in out] == [100, 200]
    assert logic.notify_at() is None


def test_live_time_goes_on_and_a_score_is_stamped_when_it_comes() -> None:
    tier = Gated()
    logic = step(tier, tick_ms=10)
    began = time.time_ns() // 1_000
    ticks = logic.on_batch([Envelope(Block(articles(2), 100))])[0]
    assert events_of(ticks) == []
    assert ticks[-1].block.frontier >= began
    tier.gate.set()
    out = events_of(drain(logic))
    assert len([e for e in out if isinstance(e.body, ScoredArticle)]) == 2
    assert all(e.stamp >= ticks[-1].block.frontier for e in out)


def test_what_is_pending_is_in_the_snapshot_and_scored_once() -> None:
    stuck = Gated()
    first = step(stuck)
    first.on_batch([Envelope(Block(articles(CHUNK * 3), 10_000))])
    state = first.snapshot()
    assert sum(pending(first)) == CHUNK * 3
    second = step(state=state)
    out = drain(second)
    assert events_of(out) == pure().step(Block(articles(CHUNK * 3), 0)).events
    assert out[-1].block.frontier == 10_000
    stuck.gate.set()


def test_a_flow_that_is_to_stop_waits_for_no_model() -> None:
    tier = Gated()
    logic = step(tier, stopping=lambda: True)
    logic.on_batch([Envelope(Block(articles(2), 100))])
    assert logic.on_eof()[0] == []
    assert tier.asked == 0, "it waited for the answer"
    assert pending(logic)[0] == 2
    tier.gate.set()


def test_a_barrier_carries_what_is_pending() -> None:
    tier = Gated()
    live = step(tier, tick_ms=10)
    barrier = Barrier(500, b"", {})
    out = live.on_batch([Envelope(Block(articles(2), 500), barrier)])[0]
    kept = next(b.barrier for b in out if b.barrier is not None)
    origin = step(tick_ms=10)
    origin.on_batch([Envelope(Block([], 500), origin=kept.steps)])
    found = [e.body for e in events_of(drain(origin)) if isinstance(e.body, ScoredArticle)]
    assert len(found) == 2
    tier.gate.set()
    played = step()
    played.on_batch([Envelope(Block(articles(2), 500), barrier)])
    done = drain(played)
    assert done[-1].barrier is not None
    assert len(events_of(done)) == 2


def test_the_source_is_held_back_while_too_much_is_pending() -> None:
    tier, backlog = Gated(), Backlog()
    logic = step(tier, backlog=backlog)
    logic.on_batch([Envelope(Block(articles(LIMIT), LIMIT + 2))])
    assert backlog.full()
    tier.gate.set()
    drain(logic)
    assert not backlog.full()
    assert backlog.pending == 0


def test_a_first_tier_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "RETRY_S", 0.01)

    class Flaky(InstantTier):
        failures = 3

        def score(self, texts: Sequence[str]) -> list[Verdict | TierFailed]:
            if self.failures:
                self.failures -= 1
                raise OSError
            return super().score(texts)

    logic = step(Flaky())
    logic.on_batch([Envelope(Block(articles(2), 100))])
    assert len(events_of(drain(logic))) == 2


def test_other_events_pass_in_their_place() -> None:
    given = [*articles(1, 1), Event(2, "k", raw(2, "x").body), *articles(1, 3)]
    assert all(isinstance(e.body, RawArticle) for e in given)
    logic = step()
    logic.on_batch([Envelope(Block(given, 10))])
    assert len(events_of(drain(logic))) == 3
