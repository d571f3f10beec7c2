"""Trading states: said at once, once for each command, and when they follow by themselves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.control import Command
from messages.trading import Decision, PortfolioSnapshot, TradingStateChanged
from operators.blocks import Event
from operators.params import AccountParams, FillParams, Params
from operators.trading.desk import Desk
from tests.streams import DAY, bar, blocks, bodies, command, outputs, resumed, signal

PLAIN = FillParams(slippage_bps=0, commission_per_share=0)
PARAMS = Params(fills=PLAIN, account=AccountParams(start_cash=100_000))
# A position from minute 2 on; it can be sold from the bar of minute 6 on where sales wait for it.
HELD = [bar(1, "AAA", 100_0000), bar(2, "AAA", 100_0000), signal(2, "AAA", "LONG")]


def desk(params: Params = PARAMS, state: Any = None) -> Desk:
    return Desk(params, DAY, state)


def order(minute: float, kind: str) -> tuple[Event, Command]:
    event = command(minute, kind)
    assert isinstance(event.body, Command)
    return event, event.body


def said(*events: Event, params: Params = PARAMS) -> list[Event]:
    ordered = sorted(events, key=lambda e: (e.stamp, e.key))
    return outputs(desk(params), blocks(ordered, []))


def changes(events: list[Event]) -> list[tuple[str, str, str]]:
    return [(c.old, c.new, c.cause) for c in bodies(events, TradingStateChanged)]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], []),
        (["pause"], [("ACTIVE", "PAUSED", "command")]),
        (["resume"], [("ACTIVE", "ACTIVE", "command")]),
        (["pause", "pause"], [("ACTIVE", "PAUSED", "command"), ("PAUSED", "PAUSED", "command")]),
        (
            ["reduce", "halt", "resume"],
            [
                ("ACTIVE", "REDUCING", "command"), ("REDUCING", "HALTED", "command"),
                ("HALTED", "ACTIVE", "command"),
            ],
        ),
        # Nothing is held: what a flatten waits for is there at once.
        (
            ["flatten"],
            [("ACTIVE", "REDUCING", "command"), ("REDUCING", "HALTED", "flattened")],
        ),
        (["reset_account"], []),
    ],
)  # fmt: skip
def test_each_command_says_its_state_once(kinds: list[str], expected: list[Any]) -> None:
    found = said(*(command(n, kind) for n, kind in enumerate(kinds, 1)))
    assert changes(found) == expected


def test_a_change_says_whose_it_is_and_when() -> None:
    event, asked = order(3, "halt")
    [change] = bodies(said(event), TradingStateChanged)
    assert (change.command_id, change.who, change.why) == (asked.id, "tester", "because")
    assert change.event_time == asked.event_time
    assert change.causes == (asked.id,)


def test_a_repeated_command_changes_nothing_more() -> None:
    copies = [command(1, "halt")] * 3  # one from every partition
    assert changes(said(*copies, command(2, "resume"), command(1, "halt"))) == [
        ("ACTIVE", "HALTED", "command"), ("HALTED", "ACTIVE", "command"),
    ]  # fmt: skip


NEXT_OPEN = Params(
    fills=FillParams(model="next_open", slippage_bps=0, commission_per_share=0),
    account=AccountParams(start_cash=100_000),
)


def test_a_flatten_halts_once_the_last_position_is_sold() -> None:
    """Each change stands beside what brought it about, with the flatten's name on both."""
    event, flatten = order(4, "flatten")
    rest = [bar(3, "AAA", 100_0000), bar(5, "AAA", 100_0000), bar(6, "AAA", 100_0000)]
    found = said(*HELD, *rest, event, params=NEXT_OPEN)
    first, last = bodies(found, TradingStateChanged)
    assert (first.new, last.new, last.cause) == ("REDUCING", "HALTED", "flattened")
    assert first.event_time == flatten.event_time < last.event_time
    assert first.command_id == last.command_id == flatten.id
    assert first.id != last.id
    [sold] = [d for d in bodies(found, Decision) if d.cause == "command"]
    assert sold.signal_id == flatten.id
    assert bodies(found, PortfolioSnapshot)[-1].trading_state == "HALTED"


@pytest.mark.parametrize("kind", ["pause", "resume", "reduce", "halt"])
def test_a_flatten_that_is_taken_back_halts_nobody(kind: str) -> None:
    """Another word before the last position is gone, and the account stays as it says."""
    rest = [bar(3, "AAA", 100_0000), bar(6, "AAA", 100_0000), bar(7, "AAA", 100_0000)]
    found = said(*HELD, *rest, command(4, "flatten"), command(5, kind), params=NEXT_OPEN)
    assert [c.cause for c in bodies(found, TradingStateChanged)] == ["command", "command"]


KINDS = ("pause", "resume", "reduce", "halt", "flatten", "close_position", "reset_account")
words = st.lists(st.tuples(st.integers(1, 30), st.sampled_from(KINDS)), max_size=8)


@given(asked=words, sizes=st.lists(st.integers(1, 9), max_size=6), stop=st.integers(0, 6))
def test_states_are_one_chain_however_the_desk_is_cut(
    asked: list[tuple[int, Any]], sizes: list[int], stop: int
) -> None:
    market = [bar(m, "AAA", 100_0000 + 500 * (m % 3)) for m in range(1, 30)]
    votes = [signal(m, "AAA", "LONG" if m % 2 else "SHORT") for m in range(2, 30, 3)]
    orders = [command(m + n / 100, kind, "AAA") for n, (m, kind) in enumerate(asked)]
    events = sorted([*market, *votes, *orders], key=lambda e: (e.stamp, e.key))
    whole = outputs(desk(NEXT_OPEN), blocks(events, []))
    cut = blocks(events, sizes)
    assert resumed(lambda s: desk(NEXT_OPEN, s), cut, min(stop, len(cut))) == whole
    state = "ACTIVE"
    for change in bodies(whole, TradingStateChanged):
        assert change.old == state
        state = change.new
    assert bodies(whole, PortfolioSnapshot)[-1].trading_state == state
    assert len({c.id for c in bodies(whole, TradingStateChanged)}) == len(changes(whole))
