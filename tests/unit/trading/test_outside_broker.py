"""Orders at a broker: they wait for what it tells, and end only by its word."""

from decimal import Decimal
from typing import Any

import pytest

from messages.base import make_id
from messages.broker import BrokerEvent
from messages.market import TradingHalt
from messages.trading import (
    AccountReset,
    Decision,
    OrderRequest,
    PortfolioSnapshot,
    PositionChanged,
    TradeExecution,
)
from messages.units import DAY_US, to_datetime
from operators.blocks import Block, Event
from operators.checks import NOT_RECONCILED, READY, STREAM_DOWN
from operators.params import AccountParams, FillParams, Params
from operators.states import decode_state, encode_state
from operators.trading.desk import Desk
from operators.trading.desk_state import DeskState
from operators.trading.orders import Order, OrderBook
from operators.trading.outside_broker import REMEMBERED_US, OutsideBroker
from tests.streams import CLOSE, DAY, at, bar, bodies, command, signal

PLAIN = Params(
    fills=FillParams(slippage_bps=0, commission_per_share=0),
    account=AccountParams(start_cash=100_000),
)  # fmt: skip
ENTRY = Order("ord-1", "AAA", 50, 0, 0, 100_0000, at(1), "sig-1", "trd-1", 100_0000)


def told(stamp: int, kind: Any, **fields: Any) -> Event:
    body = BrokerEvent(
        id=make_id("bro", stamp, kind, *fields.values()), event_time=to_datetime(stamp),
        account="main", broker="test", kind=kind, **fields,
    )  # fmt: skip
    return Event(stamp, "main", body)


def fill(stamp: int, order: str, n: int, qty: int, price: float, side: str = "BUY") -> Event:
    return told(
        stamp, "fill", order_id=order, execution_id=f"theirs-{n}", ticker="AAA", side=side,
        qty=qty, price=price, status="PARTIALLY_FILLED",
    )  # fmt: skip


def ended(stamp: int, order: str, status: str) -> Event:
    return told(stamp, "order", order_id=order, status=status)


def halt(stamp: int, ticker: str, *, halted: bool) -> Event:
    body = TradingHalt(
        id=make_id("hlt", stamp), event_time=to_datetime(stamp), ticker=ticker, halted=halted,
        source="test",
    )  # fmt: skip
    return Event(stamp, ticker, body)


class AtBroker:
    """A desk whose orders are at a broker."""

    def __init__(self, params: Params = PLAIN, *, ready: bool = True) -> None:
        self.desk = Desk(params, DAY, outside=True)
        if ready:
            self.step(told(at(0), "reconciled"))

    def step(self, *events: Event) -> list[Event]:
        said = self.desk.step(Block(list(events), events[-1].stamp)).events
        return [e for e in said if not isinstance(e.body, PortfolioSnapshot)]

    def enter(self) -> OrderRequest:
        """Ask for fifty shares; returns the order."""
        said = self.step(bar(1, "AAA", 100_0000), signal(1, "AAA", "LONG"))
        order: OrderRequest
        [order] = bodies(said, OrderRequest)
        assert not bodies(said, TradeExecution)
        assert isinstance(order, OrderRequest)
        return order


def ends_of(said: list[Event]) -> list[tuple[str, int, str]]:
    return [(e.side, e.qty, e.status) for e in bodies(said, TradeExecution)]


def test_an_order_waits_for_the_broker_whatever_bars_come() -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    assert not bodies(at_broker.step(bar(2, "AAA", 90_0000)), TradeExecution)
    said = at_broker.step(fill(at(2.5), order.id, 1, 20, 99.5))
    assert ends_of(said) == [("BUY", 20, "PARTIALLY_FILLED")]
    assert [(p.qty, p.cost) for p in bodies(said, PositionChanged)] == [(20, 1990)]
    said = at_broker.step(fill(at(2.6), order.id, 2, 30, 100.5))
    assert ends_of(said) == [("BUY", 30, "FILLED")]
    assert at_broker.desk.account.cash == 100_000_0000 - 20 * 99_5000 - 30 * 100_5000


def test_a_fill_that_is_told_again_is_the_same_fill() -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    at_broker.step(fill(at(2), order.id, 1, 20, 100.0))
    assert not at_broker.step(fill(at(3), order.id, 1, 20, 100.0))
    at_broker.step(fill(at(4), order.id, 2, 30, 100.0))
    assert not at_broker.step(fill(at(5), order.id, 2, 30, 100.0))
    assert at_broker.desk.account.positions["AAA"].qty == 50


@pytest.mark.parametrize("status", ["REJECTED", "CANCELLED", "EXPIRED", "REPLACED"])
def test_an_order_ends_as_the_broker_says(status: str) -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    said = at_broker.step(ended(at(2), order.id, status))
    assert ends_of(said) == [("BUY", 0, status)]
    assert not at_broker.step(ended(at(3), order.id, status)), "told again, it is the same end"


@pytest.mark.parametrize("status", ["PENDING", "SUBMITTED", "ACCEPTED", "UNKNOWN"])
def test_what_is_no_end_leaves_the_order_and_its_reserve(status: str) -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    assert not at_broker.step(ended(at(2), order.id, status))
    said = at_broker.step(bar(3, "AAA", 100_0000), signal(3, "AAA", "LONG"))
    [denied] = bodies(said, Decision)
    assert (denied.code, denied.actual) == ("ALREADY_HELD", "entry open")


def test_a_fill_after_the_end_counts_all_the_same() -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    at_broker.step(ended(at(2), order.id, "CANCELLED"))
    said = at_broker.step(fill(at(3), order.id, 1, 20, 100.0))
    assert ends_of(said) == [("BUY", 20, "PARTIALLY_FILLED"), ("BUY", 0, "CANCELLED")]
    assert at_broker.desk.account.positions["AAA"].qty == 20
    said = at_broker.step(fill(at(4), order.id, 2, 30, 100.0))
    assert ends_of(said) == [("BUY", 30, "FILLED")]
    assert not at_broker.step(fill(at(5), order.id, 2, 30, 100.0))
    assert at_broker.desk.account.positions["AAA"].qty == 50


def test_what_is_of_no_order_of_ours_books_nothing() -> None:
    at_broker = AtBroker()
    at_broker.enter()
    assert not at_broker.step(fill(at(2), "ord-of-somebody", 1, 20, 100.0))
    assert not at_broker.step(ended(at(3), "ord-of-somebody", "CANCELLED"))


@pytest.mark.parametrize(("side", "qty"), [("BUY", 51), ("SELL", 20)])
def test_a_fill_that_was_not_ordered_stops_entries(side: str, qty: int) -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    assert not at_broker.step(fill(at(2), order.id, 1, qty, 100.0, side))
    said = at_broker.step(bar(3, "BBB", 50_0000), signal(3, "BBB", "LONG"))
    assert [d.code for d in bodies(said, Decision)] == ["NOT_RECONCILED"]


def test_entries_need_a_broker_that_is_heard_and_reconciled() -> None:
    at_broker, codes = AtBroker(ready=False), []
    steps = [
        (), ("stream_up",), ("reconciled",), ("stream_down",), ("stream_up",), ("reconciled",),
        ("drift",), ("reconciled",),
    ]  # fmt: skip
    for n, kinds in enumerate(steps, 1):
        said = at_broker.step(
            *(told(at(n), kind) for kind in kinds), bar(n, f"T{n}", 100_0000),
            signal(n, f"T{n}", "LONG"),
        )  # fmt: skip
        codes += [d.code for d in bodies(said, Decision)]
    assert codes == [
        "NOT_RECONCILED", "NOT_RECONCILED", "ACCEPTED", "STREAM_DOWN", "NOT_RECONCILED",
        "ACCEPTED", "NOT_RECONCILED", "ACCEPTED",
    ]  # fmt: skip


def test_exits_go_out_in_every_state_of_the_broker() -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    at_broker.step(fill(at(2), order.id, 1, 50, 100.0), told(at(2), "stream_down"))
    said = at_broker.step(bar(3, "AAA", 90_0000))
    [leaving] = bodies(said, OrderRequest)
    assert (leaving.side, leaving.qty, leaving.reduces) == ("SELL", 50, True)


def test_a_halt_and_the_close_end_nothing_by_themselves() -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    assert not bodies(at_broker.step(command(2, "halt")), TradeExecution)
    assert not bodies(at_broker.step(bar(500, "AAA", 100_0000)), TradeExecution)
    said = at_broker.step(ended(CLOSE + DAY_US, order.id, "EXPIRED"))
    assert ends_of(said) == [("BUY", 0, "EXPIRED")]


def test_an_account_at_a_broker_begins_anew_by_its_word_alone() -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    at_broker.step(fill(at(2), order.id, 1, 50, 100.0))
    assert at_broker.step(command(3, "reset_account")) == []
    assert at_broker.desk.account.positions["AAA"].qty == 50
    cash = Decimal("81234.5678")
    said = at_broker.step(told(at(4), "adopted", cash=cash, unmanaged=("AAA 50.5",)))
    [reset] = bodies(said, AccountReset)
    assert (reset.cash, reset.positions) == (cash, (("AAA", 50),))
    [gone] = bodies(said, PositionChanged)
    assert (gone.ticker, gone.qty) == ("AAA", 0)
    account = at_broker.desk.account
    assert (account.cash, account.positions) == (81_234_5678, {})


def test_nothing_is_entered_between_an_adoption_and_the_next_reconciliation() -> None:
    at_broker = AtBroker()
    at_broker.step(told(at(1), "adopted", cash=Decimal(50_000)))
    said = at_broker.step(bar(2, "AAA", 100_0000), signal(2, "AAA", "LONG"))
    assert [d.code for d in bodies(said, Decision)] == ["NOT_RECONCILED"]
    at_broker.step(told(at(3), "reconciled"))
    said = at_broker.step(bar(4, "AAA", 100_0000), signal(4, "AAA", "LONG"))
    assert [o.qty for o in bodies(said, OrderRequest)] == [25], "5 % of the broker's cash"


def test_paper_hears_no_broker() -> None:
    desk = Desk(PLAIN, DAY)
    events = [told(at(1), "adopted", cash=Decimal(1)), told(at(1), "stream_down")]
    assert desk.step(Block(events, at(1))).events == []
    assert desk.account.cash == 100_000_0000


def test_a_snapshot_remembers_what_was_told() -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    at_broker.step(fill(at(2), order.id, 1, 20, 100.0), ended(at(2), order.id, "CANCELLED"))
    state = decode_state(encode_state(at_broker.desk.snapshot()), DeskState)
    again = Desk(PLAIN, DAY, state, outside=True)
    assert not again.step(Block([fill(at(3), order.id, 1, 20, 100.0)], at(3))).events
    late = again.step(Block([fill(at(4), order.id, 2, 30, 100.0)], at(4))).events
    assert ends_of(late) == [("BUY", 30, "FILLED")]


def test_an_end_and_a_fill_that_comes_after_it_are_two_records() -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    said = at_broker.step(ended(at(2), order.id, "CANCELLED"))
    said += at_broker.step(fill(at(3), order.id, 1, 20, 99.0))
    said += at_broker.step(fill(at(4), order.id, 2, 10, 99.0))
    said += at_broker.step(fill(at(5), order.id, 3, 20, 99.0))
    assert [(e.status, e.qty) for e in bodies(said, TradeExecution)] == [
        ("CANCELLED", 0), ("PARTIALLY_FILLED", 20), ("CANCELLED", 0), ("PARTIALLY_FILLED", 10),
        ("CANCELLED", 0), ("FILLED", 20),
    ]  # fmt: skip
    assert len({e.id for e in bodies(said, TradeExecution)}) == 6


def test_what_is_long_over_is_forgotten_and_no_sooner() -> None:
    broker, orders = OutsideBroker(), OrderBook([ENTRY])
    end = ended(at(2), "ord-1", "CANCELLED")
    [said] = broker.take(at(2), end.body, orders)  # type: ignore[arg-type]
    assert said.ends == "CANCELLED"
    orders.end("ord-1")
    broker.forget(at(2) + REMEMBERED_US)
    assert broker.snapshot().ended
    broker.forget(at(2) + REMEMBERED_US + 1)
    assert not broker.snapshot().ended


def test_nothing_is_entered_in_a_ticker_that_is_halted() -> None:
    at_broker = AtBroker()
    at_broker.step(bar(1, "AAA", 100_0000), bar(1, "BBB", 100_0000))
    at_broker.step(halt(at(1.5), "AAA", halted=True))
    said = at_broker.step(signal(2, "AAA", "LONG"), signal(2, "BBB", "LONG"))
    assert [(d.ticker, d.code) for d in bodies(said, Decision)] == [
        ("AAA", "TICKER_HALTED"), ("BBB", "ACCEPTED"),
    ]  # fmt: skip
    at_broker.step(halt(at(3), "AAA", halted=False))
    said = at_broker.step(bar(4, "AAA", 100_0000), signal(4, "AAA", "LONG"))
    assert [d.code for d in bodies(said, Decision)] == ["ACCEPTED"]


def test_a_bar_that_began_after_a_halt_ends_it() -> None:
    at_broker = AtBroker()
    at_broker.step(bar(1, "AAA", 100_0000), halt(at(1.5), "AAA", halted=True))
    state = decode_state(encode_state(at_broker.desk.snapshot()), DeskState)
    at_broker.desk = Desk(PLAIN, DAY, state, outside=True)
    codes = [
        d.code
        for minute in (2, 3)
        for d in bodies(at_broker.step(bar(minute, "AAA", 100_0000), signal(minute, "AAA", "LONG")),
                        Decision)
    ]  # fmt: skip
    assert codes == ["TICKER_HALTED", "ACCEPTED"]


def test_a_halt_takes_no_exit_away() -> None:
    at_broker = AtBroker()
    order = at_broker.enter()
    at_broker.step(fill(at(2), order.id, 1, 50, 100.0), halt(at(2), "AAA", halted=True))
    said = at_broker.step(bar(3, "AAA", 90_0000))
    assert [(d.cause, d.accepted) for d in bodies(said, Decision)] == [("stop", True)]


def test_its_readiness_is_a_number_of_the_checks() -> None:
    broker, orders = OutsideBroker(), OrderBook()
    assert broker.readiness == NOT_RECONCILED
    for kind, readiness in (
        ("reconciled", READY), ("stream_down", STREAM_DOWN),
        ("stream_up", NOT_RECONCILED),
    ):  # fmt: skip
        broker.take(at(1), told(at(1), kind).body, orders)  # type: ignore[arg-type]
        assert broker.readiness == readiness
