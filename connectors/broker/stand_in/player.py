"""Plays a recording: shifted to begin now, each bar when it ends, each article when it came out."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from typing import Final

from msgspec.structs import replace

from connectors.broker.stand_in.market import Market
from connectors.broker.stand_in.market_shapes import Article
from connectors.broker.stand_in.recording import Recording
from connectors.broker.values import MarketBar
from connectors.market.input_files import InputUnusable

POLL_S: Final = 0.05
MINUTE: Final = timedelta(minutes=1)
Clock = Callable[[], datetime]
Due = tuple[datetime, list[MarketBar] | Article]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a recording is played.

    Attributes:
        begins: when the first bar that is played begins, a whole minute.
        shift: from the recording's own times.
    """

    recording: Recording
    begins: datetime
    shift: timedelta


def scheduled(recording: Recording, start: datetime, past_days: int = 0) -> Schedule:
    """Return when a recording is played that begins at the whole minute of a start.

    Everything keeps its distance from the first bar that is played.

    Args:
        recording: of bars and news.
        start: when that bar begins.
        past_days: days of the recording that are over then.

    Raises:
        InputUnusable: it has not more days than that.
    """
    if past_days >= len(recording.days):
        reason = f"It has {len(recording.days)} days: leave more than {past_days} to be played."
        raise InputUnusable(reason)
    begins = start.replace(second=0, microsecond=0)
    return Schedule(recording, begins, begins - recording.days[past_days])


class Player:
    """Plays one recording into a market, once; what came before its beginning is the past."""

    def __init__(self, market: Market, schedule: Schedule, clock: Clock) -> None:
        """Prepare to play; the clock may be moved, and run at any pace."""
        self._market, self._schedule, self._clock = market, schedule, clock

    async def run(self) -> None:
        """Play to the end of the recording."""
        for due, what in merge(self._minutes(), self._articles(), key=lambda each: each[0]):
            if due <= self._schedule.begins:
                self._remember(what)
                continue
            # A clock that may be moved tells nobody when a time has come: it is asked.
            while (left := (due - self._clock()).total_seconds()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(min(POLL_S, left))
            self._show(what)
            await asyncio.sleep(0)

    def _remember(self, what: list[MarketBar] | Article) -> None:
        if isinstance(what, Article):
            self._market.tape.articles[what.number] = what
        else:
            self._market.remember(what)

    def _show(self, what: list[MarketBar] | Article) -> None:
        if isinstance(what, Article):
            self._market.article(what)
        else:
            self._market.bars(what)

    def _minutes(self) -> Iterator[Due]:
        by = self._schedule.shift
        for bars in self._schedule.recording.minutes():
            yield (
                bars[0].start + by + MINUTE,
                [replace(bar, start=bar.start + by) for bar in bars],
            )

    def _articles(self) -> Iterator[Due]:
        by = self._schedule.shift
        for article in self._schedule.recording.articles():
            at = article.created_at + by
            yield at, replace(article, created_at=at, updated_at=article.updated_at + by)


def paced(clock: Clock, pace: float) -> Clock:
    """Return a clock that runs so many times as fast as another one, from now on.

    With another pace than 1 it runs away from everybody else's: whoever trades needs the same.
    """
    start = clock()
    if pace == 1:
        return clock
    return lambda: start + (clock() - start) * pace
