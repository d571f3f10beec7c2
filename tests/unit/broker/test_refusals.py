"""What is refused, in which words; nothing of it stays."""

from typing import Any

import pytest

from connectors.broker.errors import NotAtBroker, OrderDuplicate, OrderRefused
from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.simulated.rules import ExchangeRules
from connectors.broker.values import Asset, Bracket, NewOrder, Replacement
from connectors.market.calendar import new_york_sessions
from operators.params import FillParams
from tests.unit.broker.rows import CASH, FREE, D, bar, exchange, fills, flat, minute, order

LIMIT: Any = {"kind": "LIMIT"}


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        (order(client_order_id=""), "40010001", "client_order_id"),
        (order(client_order_id="x" * 49), "40010001", "client_order_id"),
        (order(ticker="ZZZ"), "42210000", 'asset "ZZZ" not found'),
        (order(qty=0), "40010001", "qty must be > 0"),
        (order(qty=-1), "40010001", "qty must be > 0"),
        (order(limit=1), "40010001", "market orders must not have limit_price"),
        (order(**LIMIT), "40010001", "limit orders require limit_price"),
        (order(**LIMIT, limit=1, stop=1), "40010001", "limit orders must not have stop_price"),
        (order(kind="STOP_LIMIT", limit=1), "40010001", "stop_limit orders require stop_price"),
        (order(**LIMIT, limit=0), "40010001", "limit_price must be > 0"),
        (order(**LIMIT, limit=1.001), "42210000", "invalid limit_price 1.001"),
        (order(kind="STOP", stop=101.0001), "42210000", "invalid stop_price 101.0001"),
        (order(extended_hours=True), "42210000", "extended hours"),
        (order(kind="STOP", stop=99, time_in_force="IOC"), "42210000", "time_in_force"),
        (order(qty=1_001), "40310000", "insufficient buying power"),
        (order(**LIMIT, limit=100, qty=1_001), "40310000", "insufficient buying power"),
        (order(kind="STOP", stop=125, qty=801), "40310000", "insufficient buying power"),
        (order("SELL"), "40310000", "account is not allowed to short"),
        (order(bracket=Bracket(stop=100 * D)), "42210000", "stop_loss.stop_price"),
        (order(bracket=Bracket(stop=90 * D, target=100 * D)), "42210000", "take_profit"),
        (order(bracket=Bracket(stop=0)), "40010001", "stop_loss.stop_price must be > 0"),
        (order(kind="STOP", stop=101, bracket=Bracket(stop=90 * D)), "42210000", "bracket"),
    ],
)
def test_orders_are_refused_and_leave_no_trace(asked: NewOrder, code: str, words: str) -> None:
    made = exchange(cash=100_000 * D)
    before = made.snapshot()
    with pytest.raises(OrderRefused, match=words) as refused:
        made.submit(asked, minute(0))
    assert refused.value.broker_code == code
    assert made.snapshot() == before


@pytest.mark.parametrize("price", [0.5001, 0.9999, 1, 1.01])
def test_prices_below_a_dollar_have_four_decimals(price: float) -> None:
    made = exchange()
    assert made.submit(order(**LIMIT, limit=price), minute(0))[0].kind == "ACCEPTED"


def test_a_client_id_is_used_once_whatever_became_of_it() -> None:
    made = exchange()
    placed = made.submit(order(), minute(0))[0].order
    for _ in range(2):
        with pytest.raises(OrderDuplicate):
            made.submit(order(qty=5), minute(0))
        made.bar(bar(0, flat(100)))
    assert made.order_of("a").id == placed.id


def test_what_an_account_may_not_trade() -> None:
    assets = [Asset(ticker="OLD", tradable=False), Asset(ticker="HARD", tradable=True)]
    rules = ExchangeRules(short=True)
    made = SimulatedExchange(FREE, CASH, new_york_sessions(), assets, rules)
    with pytest.raises(OrderRefused, match="not tradable"):
        made.submit(order(ticker="OLD"), minute(0))
    with pytest.raises(OrderRefused, match="cannot be sold short"):
        made.submit(order("SELL", ticker="HARD"), minute(0))


def test_open_orders_reserve_what_they_may_cost() -> None:
    made = exchange(FillParams(slippage_bps=10, commission_per_share=100), cash=100_000 * D)
    made.submit(order(**LIMIT, limit=90, qty=10), minute(0))
    reserved = 10 * (90 * D + 100)
    assert made.account().buying_power == 100_000 * D - reserved
    made.submit(order(qty=10, client_order_id="b"), minute(0))
    reserved += 10 * (100 * D + 1_000 + 100)
    assert made.account().buying_power == 100_000 * D - reserved
    made.cancel(made.order_of("a").id, minute(0))
    made.bar(bar(0, flat(100)))
    account = made.account()
    assert account.buying_power == account.cash == 100_000 * D - 10 * (100 * D + 1_000 + 100)


def test_leverage_and_short_positions_share_the_equity() -> None:
    made = exchange(cash=100_000 * D, short=True, leverage=2)
    assert made.account().buying_power == 200_000 * D
    made.submit(order("SELL", qty=500), minute(0))
    made.bar(bar(0, flat(100)))
    assert made.account().cash == 150_000 * D
    assert made.account().buying_power == 150_000 * D
    made.bar(bar(1, flat(120)))
    assert made.account().equity == 90_000 * D
    assert made.account().buying_power == 120_000 * D


def test_a_first_trade_that_cash_does_not_cover_is_rejected_then() -> None:
    """Without a last price nothing is reserved, and nothing can be said when it is placed."""
    made = exchange(cash=1_000 * D, seen=False)
    placed = made.submit(order(), minute(0))[0]
    assert placed.kind == "ACCEPTED"
    (told,) = made.bar(bar(0, flat(101)))
    assert (told.kind, told.order.reason) == ("REJECTED", "insufficient buying power")
    assert made.positions() == []
    assert made.order(placed.order.id).status == "REJECTED"


def test_a_gap_that_cash_does_not_cover_is_rejected_at_the_fill() -> None:
    made = exchange(cash=10_000 * D)
    made.submit(order(qty=100), minute(0))
    (told,) = made.bar(bar(0, flat(180)))
    assert (told.kind, told.order.reason) == ("REJECTED", "insufficient buying power")
    assert (made.account().cash, made.positions()) == (10_000 * D, [])


def test_a_gap_takes_nothing_of_what_other_orders_reserve() -> None:
    made = exchange(cash=20_000 * D)
    made.submit(order(qty=100, client_order_id="gap"), minute(0))
    made.submit(order(qty=100, kind="LIMIT", limit=95, client_order_id="low"), minute(0))
    (told,) = made.bar(bar(0, flat(110)))
    assert (told.kind, told.order.client_order_id) == ("REJECTED", "gap")
    assert fills(made.bar(bar(1, flat(95)))) == [(100, 95)]


def test_an_order_in_parts_ends_where_the_cash_does() -> None:
    made = exchange(cash=10_000 * D, participation_bps=1_000)
    made.submit(order(qty=100), minute(0))
    made.bar(bar(0, flat(100, 500)))
    (told,) = made.bar(bar(1, flat(101, 500)))
    assert (told.kind, told.order.filled) == ("CANCELLED", 50)
    assert made.account().cash == 5_000 * D


def test_a_gap_is_lent_by_an_account_with_credit() -> None:
    made = exchange(cash=10_000 * D, leverage=2)
    made.submit(order(qty=100), minute(0))
    made.bar(bar(0, flat(180)))
    assert made.account().cash == -8_000 * D


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_order_id": "a"}, "unique"),
        ({"client_order_id": ""}, "client_order_id"),
        ({"qty": 0}, "qty"),
        ({"qty": 1_112}, "buying power"),
        ({"limit": -1}, "limit_price"),
        ({"stop": D}, "stop_price"),
    ],
)
def test_a_replacement_that_is_refused_changes_nothing(changes: dict[str, Any], words: str) -> None:
    made = exchange(cash=100_000 * D)
    old = made.submit(order(**LIMIT, limit=90, qty=1_000), minute(0))[0].order
    before = made.snapshot()
    with pytest.raises(OrderRefused, match=words):
        made.replace(old.id, Replacement(**{"client_order_id": "b", **changes}), minute(0))
    assert made.snapshot() == before
    made.replace(old.id, Replacement(client_order_id="b", qty=1_111), minute(0))


def test_a_replacement_is_as_large_as_what_was_open() -> None:
    made = exchange(participation_bps=1_000)
    old = made.submit(order(**LIMIT, limit=101), minute(0))[0].order
    made.bar(bar(0, flat(100, volume=40)))
    told = made.replace(old.id, Replacement(client_order_id="b", limit=102 * D), minute(1))
    assert [(u.kind, u.order.qty, u.order.filled) for u in told] == [
        ("REPLACED", 10, 4), ("ACCEPTED", 6, 0),
    ]  # fmt: skip


def test_some_changes_of_brackets_are_refused() -> None:
    made = exchange(participation_bps=1_000)
    legs = Bracket(stop=95 * D, target=110 * D)
    entry = made.submit(order(**LIMIT, limit=100, bracket=legs), minute(0))[0].order
    with pytest.raises(OrderRefused, match="leg's qty"):
        made.replace(entry.legs[0].id, Replacement(client_order_id="b", qty=5), minute(0))
    made.bar(bar(0, flat(100, volume=40)))
    with pytest.raises(OrderRefused, match="entry cannot be replaced"):
        made.replace(entry.id, Replacement(client_order_id="b", limit=99 * D), minute(1))
    made.bar(bar(1, flat(100)))
    made.cancel(entry.legs[0].id, minute(2))
    with pytest.raises(OrderRefused, match="must be entry orders"):
        made.submit(order("SELL", client_order_id="c", bracket=Bracket(stop=105 * D)), minute(2))


def test_unknown_orders_and_tickers() -> None:
    made = exchange()
    for ask in (made.order, made.order_of, made.asset):
        with pytest.raises(NotAtBroker):
            ask("nothing")
    with pytest.raises(NotAtBroker):
        made.cancel("nothing", minute(0))
    with pytest.raises(NotAtBroker):
        made.replace("nothing", Replacement(client_order_id="b"), minute(0))
