"""A corrected execution: the account and the outcomes are as if it had been so from the start."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from messages.control import Command, DeadLetter
from messages.learning import TradeOutcome
from messages.trading import (
    AccountReset,
    Decision,
    ExecutionCorrected,
    PositionChanged,
    TradeExecution,
    TradeSignal,
)
from messages.units import from_money, to_datetime, to_dollars
from operators.blocks import Block, Event
from operators.learning.outcomes import Outcomes
from operators.params import FillParams, Params, RiskParams
from operators.trading.account import Account, Fill, rebooked
from operators.trading.desk import Desk
from tests.streams import CLOSE, DAY, at, bar, signal

PRICES = st.integers(1, 5_000_000)


@st.composite
def trip(draw: st.DrawFn) -> list[Fill]:
    """Draw the fills of a round trip, in parts, closed or not."""
    side = draw(st.sampled_from([1, -1]))
    fills, held = list[Fill](), 0
    for n in range(draw(st.integers(1, 6))):
        if held and draw(st.booleans()):
            qty = -draw(st.integers(1, abs(held))) * side
        else:
            qty = draw(st.integers(1, 500)) * side
        held += qty
        fills.append(
            Fill(n, "AAA", qty, draw(PRICES), draw(st.integers(0, 900)), "t", "s", f"e{n}")
        )
        if not held:
            break
    return fills


@given(
    trip(),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 500), PRICES), min_size=1, max_size=4),
    PRICES,
)
def test_an_account_is_as_if_it_had_been_so_from_the_start(
    fills: list[Fill], corrections: list[tuple[int, int, int]], mark: int
) -> None:
    """Whatever is corrected, busted, brought back and corrected again: the last word counts."""
    account, last = Account(10**12), dict[int, tuple[int, int]]()
    for fill in fills:
        account.apply(fill)
    account.mark("AAA", mark)
    for which, qty, price in corrections:
        n = which % len(fills)
        found = account.correct(f"e{n}", qty, price)
        assert found is not None
        assert abs(found.old.qty) == last.get(n, (abs(fills[n].qty), 0))[0]
        assert abs(found.new.qty) == qty
        last[n] = qty, price
    wanted = [
        f._replace(qty=last[n][0] if f.qty > 0 else -last[n][0], price=last[n][1])
        if n in last
        else f
        for n, f in enumerate(fills)
    ]
    wanted = [f for f in wanted if f.qty]
    booked = rebooked(wanted)
    held = account.positions.get("AAA")
    have = (held.qty, held.cost, held.fees) if held else (0, 0, 0)
    assert have == booked[:3]
    assert account.cash == 10**12 - sum(f.qty * f.price + f.commission for f in wanted)
    assert account.realized == sum(profit for _, profit in booked.profits)
    assert account.value == booked.qty * mark
    assert account.gross == abs(booked.qty) * mark
    assert account.shares == abs(booked.qty)
    cost = held.cost if held else 0
    open_fees = held.fees if held else 0
    assert account.cash + cost + open_fees == 10**12 + account.realized, "no unit is lost"


@given(trip(), st.data())
def test_the_same_again_changes_nothing(fills: list[Fill], data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(fills) - 1))
    account = Account(10**12)
    for fill in fills:
        account.apply(fill)
    before = account.snapshot()
    found = account.correct(f"e{n}", abs(fills[n].qty), fills[n].price)
    assert found is not None
    assert found.cash == 0
    assert account.snapshot() == before


def test_a_fill_that_is_not_there_is_not_corrected() -> None:
    account = Account(1_000)
    account.apply(Fill(1, "AAA", 1, 5, 0, "t", "s", "e0"))
    account.apply(Fill(2, "AAA", -1, 5, 0, "t", "s", "e1"))
    account.apply(Fill(3, "AAA", 1, 5, 0, "u", "s", "e2"))
    assert account.correct("e0", 1, 1) is None, "the ticker was entered anew"
    assert account.correct("e9", 1, 1) is None


def amend(minute: float, kind: Any, **fields: Any) -> Event:
    body = Command(
        id=f"cmd-{minute}-{kind}", event_time=to_datetime(at(minute)), kind=kind, who="desk",
        **fields,
    )  # fmt: skip
    return Event(at(minute), "", body)


PARAMS = Params(
    risk=RiskParams(cooldown_minutes=0, stop_loss_bps=9_000), fills=FillParams(slippage_bps=0)
)


def play(*events: Event, params: Params = PARAMS) -> list[Event]:
    """Run desk and outcomes over a small market; returns all that is said."""
    known = sorted(events, key=lambda e: (e.stamp, e.key, not isinstance(e.body, Command)))
    traded = Desk(params, DAY).step(Block(known, CLOSE)).events
    kinds = (TradeExecution, ExecutionCorrected, AccountReset)
    heard = [e for e in traded if isinstance(e.body, kinds)]
    signals = [e for e in known if isinstance(e.body, TradeSignal)]
    read = sorted([*signals, *heard], key=lambda e: e.stamp)
    return [*traded, *Outcomes(params.risk).step(Block(read, CLOSE)).events]


def of(said: list[Event], kind: type[Any]) -> list[Any]:
    return [e.body for e in said if isinstance(e.body, kind)]


MARKET = [
    *(bar(m, "AAA", 100_0000 + 1_0000 * m) for m in range(1, 20)),
    signal(2, "AAA", "LONG"), signal(5, "AAA", "SHORT"),
]  # fmt: skip


def test_a_corrected_entry_makes_the_outcome_anew() -> None:
    plain = play(*MARKET)
    entry, leave = of(plain, TradeExecution)[:2]
    [first] = of(plain, TradeOutcome)
    cheap = amend(8, "correct_execution", execution=entry.id, qty=entry.qty, price=entry.price - 1)
    said = play(*MARKET, cheap)
    [corrected] = of(said, ExecutionCorrected)
    assert corrected.cash == entry.qty
    assert [p.execution_id for p in corrected.profits] == [leave.id]
    told, again = of(said, TradeOutcome)
    assert told == first
    assert again.realized_pnl == first.realized_pnl + entry.qty
    assert (again.revision, again.replaces, again.replaced_pnl) == (1, first.id, first.realized_pnl)
    assert again.replaced_return == first.risk_adjusted_return
    assert sum(c.pnl for c in again.credits) == again.realized_pnl
    assert again.closes


def test_a_busted_exit_has_closed_nothing_and_the_position_is_there_again() -> None:
    entry, leave = of(play(*MARKET), TradeExecution)[:2]
    said = play(*MARKET, amend(8, "correct_execution", execution=leave.id, qty=0))
    assert of(said, PositionChanged)[-1].qty == entry.qty
    busted = of(said, TradeOutcome)[-1]
    assert (busted.revision, busted.realized_pnl, busted.qty, busted.closes) == (1, 0, 0, False)
    sold = play(
        *MARKET,
        amend(8, "correct_execution", execution=leave.id, qty=0),
        signal(12, "AAA", "SHORT"),
    )
    final = of(sold, TradeOutcome)[-1]
    assert (final.revision, final.closes, final.entry_order_id) == (0, True, entry.order_id)


def test_a_bust_that_was_wrong_is_taken_back() -> None:
    plain = play(*MARKET)
    entry, leave = of(plain, TradeExecution)[:2]
    [first] = of(plain, TradeOutcome)
    said = play(
        *MARKET,
        amend(8, "correct_execution", execution=leave.id, qty=0),
        amend(9, "correct_execution", execution=leave.id, qty=leave.qty, price=leave.price),
    )
    gone, back = of(said, ExecutionCorrected)
    assert (gone.qty, gone.commission, back.old_qty) == (0, 0, 0)
    assert (back.qty, back.commission, back.cash) == (leave.qty, leave.commission, -gone.cash)
    assert [p.qty for p in of(said, PositionChanged)] == [entry.qty, 0, entry.qty, 0]
    again = of(said, TradeOutcome)[-1]
    assert (again.revision, again.replaced_qty, again.replaced_closes) == (2, 0, False)
    assert (again.realized_pnl, again.closes) == (first.realized_pnl, True)


WAITING = Params(risk=PARAMS.risk, fills=FillParams(model="next_open", slippage_bps=0))


@pytest.mark.parametrize(("fewer", "left"), [(7, 1), (0, 0), ("all", 0)])
def test_an_exit_that_waits_is_asked_for_again_over_what_is_held(
    fewer: int | str, left: int
) -> None:
    """A fill never closes more than there is, whatever a correction leaves."""
    market = [*(bar(m, "AAA", 100_0000) for m in range(1, 12)), signal(2, "AAA", "LONG")]
    entry = of(play(*market, params=WAITING), TradeExecution)[0]
    qty = 0 if fewer == "all" else entry.qty - int(fewer)
    said = play(
        *market,
        amend(6.2, "close_position", ticker="AAA"),
        amend(6.4, "correct_execution", execution=entry.id, qty=qty, price=entry.price),
        params=WAITING,
    )
    cancelled = [f for f in of(said, TradeExecution) if f.status == "CANCELLED"]
    exits = [f for f in of(said, TradeExecution) if f.price and f.side == "SELL"]
    assert len(cancelled) == (1 if fewer else 0)
    assert [f.qty for f in exits] == ([qty] if qty else [])
    assert of(said, PositionChanged)[-1].qty == 0
    assert len([d for d in of(said, Decision) if d.cause == "command" and d.accepted]) == 1 + left


def test_an_open_entry_with_other_shares() -> None:
    entry = of(play(*MARKET[:-1]), TradeExecution)[0]
    fewer = amend(4, "correct_execution", execution=entry.id, qty=entry.qty - 7, price=entry.price)
    said = play(*MARKET, fewer)
    assert of(said, PositionChanged)[1].qty == entry.qty - 7
    [outcome] = of(said, TradeOutcome)
    assert (outcome.qty, outcome.closes) == (entry.qty - 7, True)


def test_an_execution_that_is_not_there_is_a_dead_letter() -> None:
    said = play(*MARKET, amend(8, "correct_execution", execution="exe-1", qty=0))
    [letter] = of(said, DeadLetter)
    assert (letter.reason, letter.topic) == ("NO_SUCH_EXECUTION", "control.accepted")
    assert of(said, ExecutionCorrected) == []


def test_a_reset_leaves_cash_and_nothing_else() -> None:
    said = play(*MARKET[:-1], amend(4, "reset_account", cash=5_000), signal(6, "AAA", "LONG"))
    [reset] = of(said, AccountReset)
    entry, later = of(said, TradeExecution)[:2]
    assert reset.positions == (("AAA", entry.qty),)
    assert reset.cash == Decimal(5_000)
    gone = of(said, PositionChanged)[1]
    assert (gone.qty, gone.causes) == (0, (reset.id,))
    assert later.qty * later.price < 5_000, "sized on the new equity"
    assert of(said, TradeOutcome) == []


def test_without_an_amount_it_is_what_the_account_began_with() -> None:
    [reset] = of(play(*MARKET, amend(8, "reset_account")), AccountReset)
    assert from_money(reset.cash) == PARAMS.account.start_cash * 10_000
    assert reset.positions == ()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1), st.integers(-40, 40), st.integers(0, 900))
def test_outcomes_after_a_correction_are_those_of_the_corrected_fills(
    which: int, cents: int, fewer: int
) -> None:
    fills = of(play(*MARKET), TradeExecution)
    fill = fills[which]
    qty, price = fill.qty - fewer if which == 0 else fill.qty, fill.price + cents / 100
    assume(qty > 0)
    said = play(*MARKET, amend(8, "correct_execution", execution=fill.id, qty=qty, price=price))
    newest = {o.causes[1]: o for o in of(said, TradeOutcome)}
    [corrected] = of(said, ExecutionCorrected)
    for profit in corrected.profits:
        assert newest[profit.execution_id].realized_pnl == profit.pnl
    assert to_dollars(round(price * 10_000)) == corrected.price
