"""A ticker's newest bar and its volumes, as the desk remembers them."""

from collections import deque
from typing import Final, NamedTuple, Self

SESSIONS_IN_MEAN: Final = 20


class BarMemory(NamedTuple):
    """A ticker's last price (units), its stamp, and volumes: last bar, today, full sessions."""

    price: int
    stamp: int
    volume: int
    today: int
    days: tuple[int, ...]


class LastBar:
    """What the desk remembers of a ticker's newest bar and of its volume."""

    __slots__ = ("days", "price", "stamp", "today", "volume")

    def __init__(self, price: int, stamp: int, volume: int) -> None:
        """Start with the first bar; its volume counts into the day when it is noted."""
        self.price, self.stamp, self.volume, self.today = price, stamp, volume, 0
        self.days: deque[int] = deque(maxlen=SESSIONS_IN_MEAN)

    @classmethod
    def resumed(cls, state: BarMemory) -> Self:
        """Go on from a snapshot."""
        bar = cls(state.price, state.stamp, state.volume)
        bar.today = state.today
        bar.days.extend(state.days)
        return bar

    def end_day(self) -> None:
        """Take that a session is over: its volume is one of the last sessions'."""
        if self.today:
            self.days.append(self.today)
            self.today = 0

    def snapshot(self) -> BarMemory:
        """Return price, stamp and volumes."""
        return BarMemory(self.price, self.stamp, self.volume, self.today, tuple(self.days))

    @property
    def tradable_volume(self) -> int:
        """Return the smaller of the bar's and the mean session's volume, where there is one."""
        mean = self.mean_volume
        return self.volume if mean is None else min(self.volume, mean)

    @property
    def mean_volume(self) -> int | None:
        """Return the mean volume of the last 20 sessions; None before there are 20."""
        full = len(self.days) == SESSIONS_IN_MEAN
        return sum(self.days) // SESSIONS_IN_MEAN if full else None
