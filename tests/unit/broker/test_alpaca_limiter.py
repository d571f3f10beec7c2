"""No minute has more requests than are allowed, and cancels have some for themselves."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.broker.alpaca.limiter import MINUTE_S, Limiter
from connectors.broker.errors import RateLimited


class Time:
    """A clock that moves by waiting."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def limiter(time: Time, most: int = 10, reserve: int = 4) -> Limiter:
    return Limiter(most, reserve, time, time.wait)


def test_the_reserve_is_for_what_is_urgent() -> None:
    time = Time()
    bucket = limiter(time)
    for _ in range(6):
        bucket.take(0)
    with pytest.raises(RateLimited) as refused:
        bucket.take(0)
    assert refused.value.retry_after_s == pytest.approx(MINUTE_S)
    for _ in range(4):
        bucket.take(0, urgent=True)
    with pytest.raises(RateLimited):
        bucket.take(0, urgent=True)


def test_it_waits_where_a_token_comes_back_in_time() -> None:
    time = Time()
    bucket = limiter(time)
    for _ in range(6):
        bucket.take(0)
        time.now += 5
    bucket.take(40)
    assert time.now == pytest.approx(1_000 + MINUTE_S, abs=0.01)


def test_it_does_not_wait_in_vain() -> None:
    time = Time()
    bucket = limiter(time)
    for _ in range(6):
        bucket.take(0)
    with pytest.raises(RateLimited):
        bucket.take(5)
    assert time.now == 1_000


@given(
    st.lists(st.tuples(st.floats(0, 30), st.booleans()), max_size=80), st.integers(1, 12),
    st.integers(0, 12),
)  # fmt: skip
def test_no_minute_has_more_than_is_allowed(
    asked: list[tuple[float, bool]], most: int, reserve: int
) -> None:
    time, taken, plain, waits = Time(), [], [], [1.0]
    bucket = limiter(time, most, reserve)
    for pause, urgent in asked:
        time.now += pause
        try:
            bucket.take(0, urgent=urgent)
        except RateLimited as refused:
            waits.append(refused.retry_after_s)
            continue
        taken.append(time.now)
        if not urgent:
            plain.append(time.now)
    assert min(waits) > 0
    kept = min(reserve, most // 2)
    for moments, allowed in ((taken, most), (plain, most - kept)):
        for at in moments:
            assert sum(at <= other < at + MINUTE_S for other in moments) <= allowed


def test_the_brokers_own_count_counts() -> None:
    time = Time()
    bucket = limiter(time)
    bucket.told(100, 50)
    bucket.told(None, 50)
    bucket.take(0)
    bucket.told(4, 30)
    with pytest.raises(RateLimited) as refused:
        bucket.take(0)
    assert refused.value.retry_after_s == pytest.approx(30)
    bucket.take(0, urgent=True)
    time.now += 31
    bucket.take(0)


def test_a_broker_cannot_stop_us_for_ever() -> None:
    time = Time()
    bucket = limiter(time)
    bucket.told(0, 1e12)
    time.now += MINUTE_S + 1
    bucket.take(0)
    bucket.told(0, -1e12)
    bucket.take(0)


def test_what_its_waiting_raises_ends_it() -> None:
    time = Time()

    def closed(_: float) -> None:
        raise InterruptedError

    waits: Callable[[float], None] = closed
    bucket = Limiter(1, 0, time, waits)
    bucket.take(0)
    with pytest.raises(InterruptedError):
        bucket.take(100)


def test_no_limit_is_no_limit() -> None:
    bucket = limiter(Time(), most=0, reserve=0)
    bucket.told(0, 60)
    for _ in range(1_000):
        bucket.take(0)
