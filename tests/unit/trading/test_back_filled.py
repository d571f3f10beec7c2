"""Back-filled bars at the desk: they warm it up, and nothing is done at them."""

from typing import Any

from messages.trading import Decision, TradeExecution
from messages.units import DAY_US, to_datetime
from operators.blocks import Block, Event
from operators.params import AccountParams, FillParams, Params, RiskParams
from operators.trading.desk import Desk
from operators.trading.desk_state import DeskState
from operators.trading.last_bar import BarMemory
from operators.trading.sessions import SessionTable
from tests.streams import CLOSE, DAY, OPEN, at, bar, bodies, outputs, signal

PARAMS = Params(
    risk=RiskParams(), account=AccountParams(start_cash=100_000),
    fills=FillParams(slippage_bps=0, commission_per_share=0),
)  # fmt: skip
DAYS = SessionTable(
    [OPEN + n * DAY_US for n in range(-25, 1)], [CLOSE + n * DAY_US for n in range(-25, 1)]
)
ENTRY = (bar(1, "AAA", 100_0000), bar(2, "AAA", 100_0000), signal(2, "AAA", "LONG"))


def filled_later(now: float, of: int, close: int = 100_0000, **more: Any) -> Event:
    """Return the bar of a minute as it was fetched at a later one."""
    return bar(of, "AAA", close, backfilled=True, **more)._replace(stamp=at(now))


def run(*events: Event, sessions: SessionTable = DAY) -> tuple[list[Event], DeskState]:
    desk = Desk(PARAMS, sessions)
    ordered = sorted(events, key=lambda e: (e.stamp, e.key))
    return outputs(desk, [Block(ordered, ordered[-1].stamp + 1)]), desk.snapshot()


def decided(said: list[Event]) -> list[tuple[str, str]]:
    return [(d.cause, d.code) for d in bodies(said, Decision)]


def test_a_stop_is_met_by_the_next_live_bar_alone() -> None:
    deep = filled_later(5, 4, 50_0000)
    said, _ = run(*ENTRY, bar(3, "AAA", 100_0000), deep)
    assert decided(said) == [("signal", "ACCEPTED")]
    said, _ = run(*ENTRY, bar(3, "AAA", 100_0000), deep, bar(6, "AAA", 50_0000))
    assert decided(said) == [("signal", "ACCEPTED"), ("stop", "ACCEPTED")]


def test_an_order_that_waits_is_not_filled_at_what_was() -> None:
    waiting = (bar(1, "AAA", 100_0000), signal(1.5, "AAA", "LONG"))
    said, _ = run(*waiting, filled_later(3, 2, 90_0000))
    assert [e for e in bodies(said, TradeExecution) if e.qty] == []
    said, _ = run(*waiting, filled_later(3, 2, 90_0000), bar(3, "AAA", 101_0000))
    assert [e.price for e in bodies(said, TradeExecution) if e.qty] == [101]


def test_its_price_is_as_old_as_its_end() -> None:
    said, state = run(filled_later(30, 10), signal(30, "AAA", "LONG"))
    assert decided(said) == [("signal", "STALE_PRICE")]
    assert state.bars["AAA"].stamp == at(10)
    said, _ = run(filled_later(12, 10), signal(12, "AAA", "LONG"))
    assert decided(said) == [("signal", "ACCEPTED")]


def test_a_mark_goes_on_and_never_back_behind_the_entry() -> None:
    late = bar(2, "AAA", 100_0000)._replace(stamp=at(2.3))
    opened = (bar(1, "AAA", 100_0000), late, signal(2.3, "AAA", "LONG"))
    _, state = run(*opened, filled_later(6, 3, 50_0000))
    assert state.account.positions["AAA"].opened == at(2.3)
    assert state.account.marks["AAA"] == 100_0000
    assert state.account.positions["AAA"].bottom == 100_0000
    _, state = run(*opened, filled_later(6, 3, 50_0000), filled_later(6.1, 4, 101_0000))
    assert state.account.marks["AAA"] == 101_0000
    assert state.account.positions["AAA"].high == 101_0000


def test_days_of_volume_are_told_apart() -> None:
    events = []
    for day in range(-21, 0):
        for minute in (1, 2):
            event = filled_later(5, minute, volume=100 - day)
            body: Any = event.body
            start = to_datetime(at(minute - 1) + day * DAY_US)
            end = to_datetime(at(minute) + day * DAY_US)
            fields = {f: getattr(body, f) for f in body.__struct_fields__}
            events.append(
                event._replace(body=type(body)(**(fields | {"start": start, "event_time": end})))
            )
    _, state = run(*events, filled_later(5, 3, volume=7), sessions=DAYS)
    memory = state.bars["AAA"]
    assert isinstance(memory, BarMemory)
    assert memory.days == tuple(2 * (100 - day) for day in range(-20, 0))
    assert memory.today == 7
    _, state = run(*events, bar(6, "AAA", 100_0000, 9), bar(7, "AAA", 100_0000, 9), sessions=DAYS)
    assert state.bars["AAA"].days == tuple(2 * (100 - day) for day in range(-20, 0))
    assert state.bars["AAA"].today == 18
