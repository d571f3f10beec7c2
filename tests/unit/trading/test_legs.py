"""Stops at the broker: the desk does not watch what they watch, and books what they close."""

from decimal import Decimal
from typing import Any

import pytest

from messages.trading import Decision, OrderRequest, TradeExecution, leg_order_id
from operators.blocks import Event
from operators.checks import NOT_RECONCILED
from operators.exits import ExitRules
from operators.params import AccountParams, FillParams, Params, RiskParams
from operators.states import decode_state, encode_state
from operators.trading.desk import Desk
from operators.trading.desk_state import DeskState
from operators.trading.legs import NO_LEGS, bracket_of
from tests.streams import CLOSE, DAY, at, bar, bodies, command, signal
from tests.unit.trading.test_outside_broker import AtBroker, ended, ends_of, fill, told

PARAMS = Params(
    risk=RiskParams(take_profit_bps=1_000, cooldown_minutes=0),
    fills=FillParams(slippage_bps=0, commission_per_share=0),
    account=AccountParams(name="main", start_cash=100_000),
)  # fmt: skip


class Protected(AtBroker):
    """A desk with fifty shares whose stop, at 97, and target, at 110, work at the broker."""

    def __init__(self, *, works: bool = True) -> None:
        super().__init__(PARAMS, ready=False)
        self.made: list[Event] = []  # what was told and said before a test begins
        self.desk = Desk(PARAMS, DAY, outside=True, brackets=True)
        self.step(told(at(0), "reconciled"))
        asked = self.step(bar(1, "AAA", 100_0000), signal(1, "AAA", "LONG"))
        [self.entry] = bodies(asked, OrderRequest)
        told_next = [fill(at(1.5), self.entry.id, 1, self.entry.qty, 100.0)]
        if works:
            told_next += [self.leg(1.6, leg, status="ACCEPTED") for leg in ("stop", "target")]
        self.made = [*asked, *told_next, *self.step(*told_next)]

    def step(self, *events: Event) -> list[Event]:
        """Step a desk that goes on from its snapshot."""
        state = decode_state(encode_state(self.desk.snapshot()), DeskState)
        self.desk = Desk(PARAMS, DAY, state, outside=True, brackets=True)
        return super().step(*events)

    def leg(self, minute: float, leg: Any, kind: Any = "order", **fields: Any) -> Event:
        order = leg_order_id("main", self.entry.id, leg)
        return told(
            at(minute), kind, order_id=order, leg_of=self.entry.id, leg=leg, ticker="AAA",
            side="SELL", **fields,
        )  # fmt: skip

    def sold(self, minute: float, leg: Any, n: int, qty: int, price: float = 97.0) -> Event:
        return self.leg(
            minute, leg, "fill", execution_id=f"theirs-{n}", qty=qty, price=price,
            status="PARTIALLY_FILLED",
        )  # fmt: skip


def asked(said: list[Event]) -> list[tuple[str, str, int]]:
    """Return cause, leg and shares of what was ordered."""
    causes = {d.id: d.cause for d in bodies(said, Decision)}
    return [(causes[o.decision_id], o.leg, o.qty) for o in bodies(said, OrderRequest)]


def test_an_entry_is_ordered_with_its_legs() -> None:
    entry = Protected().entry
    assert (entry.stop_price, entry.target_price) == (97.0, 110.0)
    assert not entry.leg_of
    plain = AtBroker().enter()
    assert (plain.stop_price, plain.target_price) == (None, None)


def test_what_the_broker_watches_the_desk_does_not() -> None:
    desk = Protected()
    assert asked(desk.step(bar(2, "AAA", 90_0000))) == []
    assert asked(desk.step(bar(3, "AAA", 120_0000))) == []


def test_before_legs_work_and_after_they_have_ended_the_desk_watches() -> None:
    assert asked(Protected(works=False).step(bar(2, "AAA", 90_0000))) == [("stop", "", 50)]
    desk = Protected()
    desk.step(desk.leg(1.7, "stop", status="CANCELLED"))
    desk.step(desk.leg(1.8, "stop", status="ACCEPTED"))  # told again, it stays ended
    assert asked(desk.step(bar(2, "AAA", 90_0000))) == [("stop", "", 50)]


@pytest.mark.parametrize(("leg", "cause"), [("stop", "stop"), ("target", "take_profit")])
def test_a_leg_s_fill_is_a_decision_an_order_and_an_execution(leg: Any, cause: str) -> None:
    desk = Protected()
    said = desk.step(desk.sold(2, leg, 2, 20))
    [decision], [order], [execution] = (
        bodies(said, kind) for kind in (Decision, OrderRequest, TradeExecution)
    )
    assert (decision.cause, decision.accepted, decision.side) == (cause, True, "SELL")
    assert (order.decision_id, order.leg_of, order.leg) == (decision.id, desk.entry.id, leg)
    assert (order.qty, order.reduces) == (50, True)
    assert (execution.order_id, execution.qty) == (order.id, 20)
    assert execution.decision_price == (97.0 if leg == "stop" else 110.0)
    assert not bodies(desk.step(desk.sold(2, leg, 2, 20)), TradeExecution), "told again"
    said = desk.step(desk.sold(3, leg, 3, 30))
    assert asked(said) == []
    assert ends_of(said) == [("SELL", 30, "FILLED")]
    assert not desk.desk.account.positions


def test_what_both_legs_close_is_an_order_each() -> None:
    desk = Protected()
    desk.step(desk.sold(2, "target", 2, 20, 110.0))
    said = desk.step(desk.sold(3, "stop", 3, 30))
    assert asked(said) == [("stop", "stop", 30)]
    assert ends_of(said) == [("SELL", 30, "FILLED")]
    said = desk.step(desk.leg(3.1, "target", status="CANCELLED"))
    assert ends_of(said) == [("SELL", 0, "CANCELLED")]
    assert not desk.desk.snapshot().orders


def test_another_exit_is_asked_for_while_a_leg_is_filled_in_part() -> None:
    desk = Protected()
    desk.step(desk.sold(2, "target", 2, 20, 110.0))
    said = desk.step(bar(3, "AAA", 105_0000), signal(3, "AAA", "SHORT"))
    assert asked(said) == [("signal", "", 30)]
    [order] = bodies(said, OrderRequest)
    said = desk.step(bar(4, "AAA", 105_0000), signal(4, "AAA", "SHORT"))
    assert asked(said) == [], "it is being sold"
    desk.step(desk.leg(5, "target", status="CANCELLED"))
    desk.step(fill(at(6), order.id, 3, 30, 105.0, "SELL"))
    assert not desk.desk.account.positions
    assert not desk.desk.snapshot().orders


def test_an_exit_that_a_leg_cut_ends_as_the_broker_says() -> None:
    desk = Protected()
    [order] = bodies(desk.step(command(2, "close_position", ticker="AAA")), OrderRequest)
    desk.step(desk.sold(3, "stop", 2, 50))
    assert ends_of(desk.step(ended(at(4), order.id, "CANCELLED"))) == [("SELL", 0, "CANCELLED")]
    assert not desk.desk.account.positions


def test_a_fill_that_comes_after_the_legs_ended_is_booked() -> None:
    desk = Protected()
    desk.step(desk.leg(2, "stop", status="CANCELLED"), desk.leg(2, "target", status="CANCELLED"))
    said = desk.step(desk.sold(3, "stop", 2, 20))
    assert ends_of(said) == [("SELL", 20, "PARTIALLY_FILLED"), ("SELL", 0, "CANCELLED")]
    assert asked(desk.step(bar(4, "AAA", 90_0000))) == [("stop", "", 30)]


def test_a_leg_that_closes_what_is_not_held_stops_entries() -> None:
    desk = Protected()
    [order] = bodies(desk.step(command(2, "close_position", ticker="AAA")), OrderRequest)
    desk.step(fill(at(3), order.id, 2, 50, 97.0, "SELL"))
    assert bodies(desk.step(desk.sold(4, "stop", 3, 50)), TradeExecution) == []
    state = desk.desk.snapshot().broker
    assert state is not None
    assert state.readiness == NOT_RECONCILED


def test_legs_of_an_account_that_begins_anew_are_nobody_s() -> None:
    desk = Protected()
    desk.step(told(at(2), "adopted", cash=Decimal(100)))
    assert bodies(desk.step(desk.sold(3, "stop", 2, 20)), TradeExecution) == []


def test_legs_are_remembered_over_the_close() -> None:
    desk = Protected()
    desk.step(bar(390, "AAA", 100_0000), told(CLOSE + 1, "stream_up"))
    said = desk.step(desk.sold(391, "stop", 2, 50))
    assert ends_of(said) == [("SELL", 50, "FILLED")]


@pytest.mark.parametrize(
    ("qty", "price", "stop_bps", "target_bps", "stop", "target"),
    [
        (50, 100_0000, 300, 1_000, 97_0000, 110_0000),
        (50, 100_1234, 300, 1_000, 97_1100, 110_1400),  # away from the price, to a cent
        (-50, 100_1234, 300, 1_000, 103_1300, 90_1100),
        (50, 2000, 300, 0, 1900, 0),  # a cent from the price at least
        (-50, 100_0000, 300, 20_000, 103_0000, 0),
    ],
)  # fmt: skip
def test_levels_of_legs(
    qty: int, price: int, stop_bps: int, target_bps: int, stop: int, target: int
) -> None:
    rules = ExitRules(stop_bps, target_bps, 0, within=False)
    beside = bracket_of(qty, price, rules)
    assert (beside.stop, beside.target) == (stop, target)


def test_a_price_without_room_for_a_stop_has_no_legs() -> None:
    assert bracket_of(50, 90, ExitRules(300, 0, 0, within=False)) == NO_LEGS
