"""What every broker tells of an account: money, positions, orders and fills, to the cent."""

from decimal import Decimal

import pytest

from connectors.broker.errors import OrderRefused
from tests.broker.venue import CASH, DOLLAR, HUNDRED, MINUTE, OTHER, TICKER, Trader, flat

D = DOLLAR


class AccountContract:
    """Reads."""

    def test_a_new_account_has_its_cash_alone(self, trader: Trader) -> None:
        account = trader.broker.account()
        assert (account.cash, account.equity, account.currency) == (CASH, CASH, "USD")
        assert account.blocked == ""
        assert account.buying_power >= CASH
        assert trader.broker.positions() == []
        assert trader.broker.orders() == []

    def test_positions_and_money_are_exact(self, trader: Trader) -> None:
        trader.filled("BUY", 10, HUNDRED + 100)
        trader.filled("BUY", 5, 103 * D + 3_400)
        trader.filled("SELL", 4, 101 * D + 9_900)
        cash = CASH - 10 * (HUNDRED + 100) - 5 * (103 * D + 3_400) + 4 * (101 * D + 9_900)
        account = trader.broker.account()
        assert account.cash == cash
        assert account.equity == cash + 11 * (101 * D + 9_900)
        (position,) = trader.broker.positions()
        assert (position.ticker, position.qty) == (TICKER, Decimal(11))
        assert position.price == 101 * D + 9_900
        paid = Decimal("100.01") * 10 + Decimal("103.34") * 5
        assert abs(position.average * 15 - paid) < Decimal("0.01")

    def test_a_closed_position_is_gone(self, trader: Trader) -> None:
        trader.filled("BUY", 10)
        trader.filled("SELL", 10, 105 * D)
        assert trader.broker.positions() == []
        account = trader.broker.account()
        assert account.cash == account.equity == CASH + 50 * D

    def test_open_orders_reserve_buying_power(self, trader: Trader) -> None:
        before = trader.broker.account()
        order = trader.place("BUY", 500, "LIMIT", limit=HUNDRED)
        during = trader.broker.account()
        assert during.cash == before.cash
        assert during.buying_power <= before.buying_power - 500 * HUNDRED
        with pytest.raises(OrderRefused):
            trader.place("BUY", during.buying_power // HUNDRED + 1, "LIMIT", limit=HUNDRED)
        trader.broker.cancel(order.id)
        trader.told("CANCELLED", order)
        assert trader.broker.account().buying_power == before.buying_power

    def test_no_more_is_sold_than_is_held(self, trader: Trader) -> None:
        trader.filled("BUY", 10)
        resting = trader.place("SELL", 6, "LIMIT", limit=120 * D)
        for qty in (5, 11):
            with pytest.raises(OrderRefused):
                trader.place("SELL", qty)
        assert trader.open_ids() == {resting.id}

    def test_shorts_are_what_the_broker_says_they_are(self, trader: Trader) -> None:
        if not trader.broker.capabilities.short:
            with pytest.raises(OrderRefused):
                trader.place("SELL", 10)
            assert not trader.broker.account().shorting
            return
        trader.filled("SELL", 10)
        assert trader.held() == -10
        assert trader.broker.account().cash == CASH + 10 * HUNDRED
        trader.filled("BUY", 10, 90 * D)
        assert trader.broker.account().cash == CASH + 100 * D

    def test_orders_since_a_time_are_those_that_ended_too(self, trader: Trader) -> None:
        trader.filled("BUY", 10)
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED)
        between = trader.venue.now - MINUTE / 2
        gone = trader.place("BUY", 1, "LIMIT", limit=90 * D)
        trader.broker.cancel(gone.id)
        trader.told("CANCELLED", gone)
        rests = trader.place("BUY", 1, "LIMIT", limit=90 * D, ticker=OTHER)
        trader.told("ACCEPTED", rests)
        assert [order.id for order in flat(trader.broker.orders())] == [rests.id]
        later = [order.id for order in flat(trader.broker.orders(since=between))]
        assert sorted(later) == sorted([gone.id, rests.id])

    def test_fills_are_those_that_the_stream_told(self, trader: Trader) -> None:
        trader.filled("BUY", 10)
        order = trader.place("SELL", 10)
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED, volume=30)
        trader.told("PARTIALLY_FILLED", order)
        between = trader.venue.now + MINUTE / 2
        trader.venue.bar(101 * D, 101 * D, 101 * D, 101 * D)
        trader.told("FILLED", order)
        told = {u.fill.execution_id: u.fill for u in trader.updates if u.fill is not None}
        asked = {fill.execution_id: fill for fill in trader.broker.fills(trader.began)}
        assert asked.keys() == told.keys()
        for name, fill in asked.items():
            assert same(fill) == same(told[name])
        assert [fill.qty for fill in trader.broker.fills(trader.began)] == [10, 3, 7]
        assert [fill.qty for fill in trader.broker.fills(between)] == [7]

    def test_it_knows_the_time_and_the_sessions(self, trader: Trader) -> None:
        clock = trader.broker.clock()
        assert clock.is_open
        assert clock.closes == trader.venue.closes
        assert clock.opens > clock.closes
        day = trader.venue.closes.date()
        (session,) = trader.broker.calendar(day, day)
        assert (session.day, session.closes) == (day, trader.venue.closes)
        assert session.opens < trader.began < session.closes

    def test_it_knows_its_assets(self, trader: Trader) -> None:
        asset = trader.broker.asset(TICKER)
        assert asset.ticker == TICKER
        assert asset.tradable


def same(fill: object) -> tuple[object, ...]:
    """Return what must be alike however a fill was told; clocks may be rounded."""
    names = ("execution_id", "order_id", "ticker", "side", "qty", "price")
    return tuple(getattr(fill, name) for name in names)
