"""What every broker behind the seam does: a suite that a test module takes by inheritance.

    class TestMine(BrokerContract):
        @pytest.fixture
        def venue(self): ...

It asks `base.Broker` alone, and moves the market through `Venue`. Answers of the stream may come
late; ids have any form.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.broker.errors import NotAtBroker, OrderDuplicate, OrderRefused
from connectors.broker.values import (
    Bracket,
    BrokerOrder,
    NewOrder,
    OrderType,
    Replacement,
    StreamState,
    TimeInForce,
)
from messages.base import Side
from tests.broker.contract_account import AccountContract
from tests.broker.contract_brackets import submitted
from tests.broker.venue import (
    DOLLAR,
    HUNDRED,
    MINUTE,
    OTHER,
    TICKER,
    UNLISTED,
    Trader,
    Venue,
    unlike,
)

TYPES: tuple[OrderType, ...] = ("MARKET", "LIMIT", "STOP", "STOP_LIMIT")
FORCES: tuple[TimeInForce, ...] = ("DAY", "GTC", "IOC")
D = DOLLAR


class BrokerContract(AccountContract):
    """Orders, from their placing to their end, and the account.

    A broker that holds legs takes `BracketContract` as well.
    """

    @pytest.fixture
    def trader(self, venue: Venue) -> Iterator[Trader]:
        trader = Trader(venue)
        yield trader
        trader.stream.close()

    def test_a_stream_tells_first_that_it_is_up(self, trader: Trader) -> None:
        first = trader.heard[0]
        assert isinstance(first, StreamState)
        assert first.up
        assert first.at.utcoffset() == timedelta(0)

    def test_a_stream_that_is_closed_returns(self, trader: Trader) -> None:
        with trader.broker.updates() as stream:
            stream.close()
            assert not [told for told in stream.take(0) if not isinstance(told, StreamState)]

    def test_a_market_order_is_acknowledged_and_filled(self, trader: Trader) -> None:
        order = trader.place("BUY", 10, name="mine")
        assert (order.client_order_id, order.qty, order.filled) == ("mine", 10, 0)
        assert trader.told("ACCEPTED", order).order.status == "ACCEPTED"
        trader.venue.bar(101 * D, 101 * D, 101 * D, 101 * D)
        told = trader.told("FILLED", order)
        assert told.order.status == "FILLED"
        assert told.fill is not None
        assert (told.fill.qty, told.fill.price, told.fill.side) == (10, 101 * D, "BUY")
        after = trader.broker.order(order.id)
        assert (after.status, after.filled, after.average) == ("FILLED", 10, Decimal(101))
        assert trader.held() == 10

    def test_a_limit_rests_until_the_market_comes_to_it(self, trader: Trader) -> None:
        order = trader.place("BUY", 10, "LIMIT", limit=95 * D)
        trader.venue.bar(HUNDRED, 101 * D, 96 * D, HUNDRED)
        assert trader.silent(order)
        assert order.id in trader.open_ids()
        trader.venue.bar(HUNDRED, 101 * D, 94 * D, HUNDRED)
        fill = trader.told("FILLED", order).fill
        assert fill is not None
        assert fill.price == 95 * D
        assert order.id not in trader.open_ids()

    @pytest.mark.parametrize(
        ("side", "kind", "limit", "stop", "bar", "price"),
        [
            ("BUY", "LIMIT", 95, None, (90, 97, 89, 96), 90),
            ("SELL", "LIMIT", 105, None, (110, 111, 103, 104), 110),
            ("SELL", "STOP", None, 95, (100, 101, 94, 96), 95),
            ("SELL", "STOP", None, 95, (90, 92, 88, 91), 90),
            ("BUY", "STOP", None, 105, (100, 106, 99, 101), 105),
            ("BUY", "STOP_LIMIT", 106, 105, (100, 107, 99, 104), 105),
        ],
    )
    def test_limits_and_stops_are_met(
        self, trader: Trader, side: Side, kind: OrderType, limit: int | None, stop: int | None,
        bar: tuple[int, int, int, int], price: int,
    ) -> None:  # fmt: skip
        trader.filled("BUY", 10)
        order = trader.place(side, 10, kind, limit=units(limit), stop=units(stop))
        trader.told("ACCEPTED", order)
        opening, high, low, close = (dollars * D for dollars in bar)
        trader.venue.bar(opening, high, low, close)
        fill = trader.told("FILLED", order).fill
        assert fill is not None
        assert fill.price == price * D

    def test_a_stop_limit_that_is_passed_waits_at_its_limit(self, trader: Trader) -> None:
        order = trader.place("BUY", 10, "STOP_LIMIT", stop=105 * D, limit=106 * D)
        trader.venue.bar(110 * D, 111 * D, 109 * D, 110 * D)
        assert trader.silent(order)
        trader.venue.bar(110 * D, 111 * D, 106 * D, 110 * D)
        fill = trader.told("FILLED", order).fill
        assert fill is not None
        assert fill.price == 106 * D

    def test_an_order_is_filled_in_parts(self, trader: Trader) -> None:
        order = trader.place("BUY", 10)
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED, volume=40)
        part = trader.told("PARTIALLY_FILLED", order)
        assert (part.order.status, part.order.filled) == ("PARTIALLY_FILLED", 4)
        trader.venue.bar(102 * D, 102 * D, 102 * D, 102 * D)
        whole = trader.told("FILLED", order)
        assert part.fill is not None
        assert whole.fill is not None
        assert (part.fill.qty, whole.fill.qty) == (4, 6)
        assert part.fill.execution_id != whole.fill.execution_id
        after = trader.broker.order(order.id)
        assert after.average is not None
        assert round(after.average, 2) * 10 == 4 * 100 + 6 * 102

    def test_an_ioc_order_takes_what_there_is(self, trader: Trader) -> None:
        if "IOC" not in trader.broker.capabilities.times_in_force:
            with pytest.raises(OrderRefused):
                trader.place("BUY", 10, force="IOC")
            return
        order = trader.place("BUY", 10, force="IOC")
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED, volume=40)
        assert trader.told("CANCELLED", order).order.filled == 4
        assert trader.held() == 4

    def test_a_cancelled_order_fills_no_more(self, trader: Trader) -> None:
        order = trader.place("BUY", 10, "LIMIT", limit=95 * D)
        trader.broker.cancel(order.id)
        assert trader.told("CANCELLED", order).order.status == "CANCELLED"
        trader.venue.bar(90 * D, 91 * D, 89 * D, 90 * D)
        assert trader.broker.order(order.id).filled == 0
        assert trader.held() == 0
        assert trader.open_ids() == set()

    def test_what_is_left_of_a_filled_order_is_cancelled(self, trader: Trader) -> None:
        order = trader.place("BUY", 10)
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED, volume=40)
        trader.told("PARTIALLY_FILLED", order)
        trader.broker.cancel(order.id)
        assert trader.told("CANCELLED", order).order.filled == 4
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED)
        assert trader.held() == 4

    def test_an_order_that_has_ended_is_not_cancelled(self, trader: Trader) -> None:
        order = trader.filled("BUY", 10)
        with pytest.raises(OrderRefused):
            trader.broker.cancel(order.id)
        assert trader.broker.order(order.id).status == "FILLED"

    def test_an_order_is_replaced_by_another_one(self, trader: Trader) -> None:
        old = trader.place("BUY", 10, "LIMIT", limit=90 * D)
        if not trader.broker.capabilities.replaces:
            with pytest.raises(OrderRefused):
                trader.broker.replace(old.id, Replacement(client_order_id="new", qty=5))
            assert trader.open_ids() == {old.id}
            return
        new = trader.broker.replace(
            old.id, Replacement(client_order_id="new", qty=5, limit=95 * D)
        )  # fmt: skip
        assert new.id != old.id
        assert (new.client_order_id, new.qty, new.limit, new.replaces) == (
            "new", 5, 95 * D, old.id,
        )  # fmt: skip
        trader.told("REPLACED", old)
        was = trader.until(lambda: (o := trader.broker.order(old.id)).status == "REPLACED" and o)
        assert isinstance(was, BrokerOrder)
        assert was.replaced_by == new.id
        trader.venue.bar(HUNDRED, HUNDRED, 89 * D, 90 * D)
        trader.told("FILLED", new)
        assert trader.held() == 5
        assert trader.broker.order(old.id).filled == 0

    def test_an_order_that_has_ended_is_not_replaced(self, trader: Trader) -> None:
        order = trader.filled("BUY", 10)
        with pytest.raises(OrderRefused):
            trader.broker.replace(order.id, Replacement(client_order_id="new", qty=5))
        with pytest.raises(NotAtBroker):
            trader.broker.order_of("new")

    def test_an_order_of_the_same_id_is_found_instead(self, trader: Trader) -> None:
        first = trader.place("BUY", 10, "LIMIT", limit=90 * D, name="once")
        with pytest.raises(OrderDuplicate):
            trader.place("BUY", 10, "LIMIT", limit=90 * D, name="once")
        assert trader.broker.order_of("once").id == first.id
        assert trader.open_ids() == {first.id}

    def test_what_is_not_there_is_not_found(self, trader: Trader) -> None:
        order = trader.place("BUY", 1, "LIMIT", limit=90 * D)
        with pytest.raises(NotAtBroker):
            trader.broker.order(unlike(order.id))
        with pytest.raises(NotAtBroker):
            trader.broker.cancel(unlike(order.id))
        with pytest.raises(NotAtBroker):
            trader.broker.order_of("never placed")
        with pytest.raises(NotAtBroker):
            trader.broker.asset(UNLISTED)

    def test_a_halted_ticker_fills_nothing(self, trader: Trader) -> None:
        before = trader.place("BUY", 10, "LIMIT", limit=95 * D)
        trader.told("ACCEPTED", before)
        trader.venue.halt(TICKER)
        during = trader.place("BUY", 5)
        trader.venue.bar(94 * D, 95 * D, 93 * D, 94 * D)
        assert trader.silent(before)
        assert trader.silent(during)
        trader.venue.resume(TICKER)
        trader.venue.bar(94 * D, 95 * D, 93 * D, 94 * D)
        trader.told("FILLED", before)
        trader.told("FILLED", during)
        assert trader.held() == 15

    def test_another_ticker_trades_while_one_is_halted(self, trader: Trader) -> None:
        trader.venue.halt(TICKER)
        order = trader.place("BUY", 5, ticker=OTHER)
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED, ticker=OTHER)
        trader.told("FILLED", order)

    def test_a_day_order_ends_with_the_session(self, trader: Trader) -> None:
        day = trader.place("BUY", 10, "LIMIT", limit=90 * D)
        kept = trader.place("BUY", 10, "LIMIT", "GTC", limit=90 * D)
        trader.told("ACCEPTED", kept)
        trader.venue.at(trader.venue.closes + 5 * MINUTE)
        assert trader.told("EXPIRED", day).order.status == "EXPIRED"
        assert trader.open_ids() == {kept.id}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"ticker": UNLISTED},
            {"qty": 0},
            {"qty": -1},
            {"type": "LIMIT"},
            {"type": "LIMIT", "limit": 0},
            {"type": "LIMIT", "limit": -D},
            {"type": "LIMIT", "limit": 90 * D + 1},
            {"type": "STOP"},
            {"qty": 1_001},
            {"qty": 1_112, "type": "LIMIT", "limit": 90 * D},
            {"extended_hours": True},
        ],
    )  # fmt: skip
    def test_an_order_that_is_refused_leaves_no_trace(
        self, trader: Trader, wrong: dict[str, object]
    ) -> None:
        values: dict[str, object] = {"ticker": TICKER, "side": "BUY", "qty": 1, **wrong}
        with pytest.raises(OrderRefused) as refused:
            trader.broker.submit(NewOrder(client_order_id="bad", **values))  # type: ignore[arg-type]
        assert refused.value.reason
        with pytest.raises(NotAtBroker):
            trader.broker.order_of("bad")
        assert trader.broker.orders(since=trader.began) == []
        good = trader.place("BUY", 1, name="bad")
        trader.told("ACCEPTED", good)

    def test_what_it_cannot_do_it_refuses(self, trader: Trader) -> None:
        can = trader.broker.capabilities
        for kind in TYPES:
            limit = 90 * D if "LIMIT" in kind else None
            stop = 110 * D if "STOP" in kind else None
            asked(trader, kind in can.types, kind, "DAY", limit, stop)
        for force in FORCES:
            asked(trader, force in can.times_in_force, "LIMIT", force, 90 * D, None)
        if not can.brackets:
            with pytest.raises(OrderRefused):
                submitted(trader, Bracket(stop=95 * D, target=110 * D), None)


def asked(
    trader: Trader, able: bool, kind: OrderType, force: TimeInForce, limit: int | None,
    stop: int | None,
) -> None:  # fmt: skip
    """Place an order and see that it is taken where the broker can do it, refused elsewhere."""
    if able:
        order = trader.place("BUY", 1, kind, force, limit=limit, stop=stop)
        trader.told("ACCEPTED", order)
        return
    with pytest.raises(OrderRefused):
        trader.place("BUY", 1, kind, force, limit=limit, stop=stop)


def units(dollars: int | None) -> int | None:
    return None if dollars is None else dollars * D
