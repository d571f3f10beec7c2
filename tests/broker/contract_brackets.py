"""What every broker that holds legs does with them."""

import pytest

from connectors.broker.errors import OrderRefused
from connectors.broker.values import Bracket, BrokerOrder, NewOrder
from tests.broker.venue import DOLLAR, HUNDRED, TICKER, Trader

D = DOLLAR


class BracketContract:
    """An entry, its stop and its target."""

    def test_legs_wait_for_their_entry(self, trader: Trader) -> None:
        entry, _, _ = bracket(trader, limit=95 * D, stop=90 * D)
        trader.venue.bar(HUNDRED, 115 * D, 96 * D, HUNDRED)
        assert trader.silent(entry)
        assert trader.held() == 0

    def test_a_target_takes_the_profit_and_ends_the_stop(self, trader: Trader) -> None:
        entry, stop, target = bracket(trader)
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED)
        trader.told("FILLED", entry)
        assert trader.held() == 10
        trader.venue.bar(HUNDRED, 111 * D, 99 * D, 110 * D)
        fill = trader.told("FILLED", target).fill
        assert fill is not None
        assert (fill.side, fill.qty, fill.price) == ("SELL", 10, 110 * D)
        trader.told("CANCELLED", stop)
        assert trader.held() == 0
        assert trader.open_ids() == set()

    def test_a_stop_ends_the_target(self, trader: Trader) -> None:
        entry, stop, target = bracket(trader)
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED)
        trader.told("FILLED", entry)
        trader.venue.bar(HUNDRED, 101 * D, 94 * D, 96 * D)
        fill = trader.told("FILLED", stop).fill
        assert fill is not None
        assert (fill.qty, fill.price) == (10, 95 * D)
        trader.told("CANCELLED", target)
        assert trader.held() == 0

    def test_legs_end_with_an_entry_that_is_cancelled(self, trader: Trader) -> None:
        entry, stop, target = bracket(trader)
        trader.broker.cancel(entry.id)
        trader.told("CANCELLED", entry)
        for leg in (stop, target):
            trader.until(lambda leg=leg: trader.broker.order(leg.id).ended)  # type: ignore[misc]
        assert trader.open_ids() == set()

    def test_legs_are_as_large_as_what_was_filled(self, trader: Trader) -> None:
        entry, stop, target = bracket(trader)
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED, volume=40)
        trader.told("PARTIALLY_FILLED", entry)
        trader.broker.cancel(entry.id)
        trader.told("CANCELLED", entry)
        trader.until(lambda: trader.broker.order(stop.id).qty == 4)
        trader.venue.bar(HUNDRED, 101 * D, 94 * D, 96 * D)
        trader.told("FILLED", stop)
        trader.told("CANCELLED", target)
        assert trader.held() == 0

    def test_a_leg_that_is_filled_in_part_makes_the_other_smaller(self, trader: Trader) -> None:
        entry, stop, target = bracket(trader)
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED)
        trader.told("FILLED", entry)
        trader.venue.bar(HUNDRED, 111 * D, 99 * D, HUNDRED, volume=40)
        trader.told("PARTIALLY_FILLED", target)
        trader.venue.bar(HUNDRED, 101 * D, 94 * D, 96 * D)
        fill = trader.told("FILLED", stop).fill
        assert fill is not None
        assert fill.qty == 6
        trader.told("CANCELLED", target)
        assert trader.held() == 0

    def test_what_legs_are_to_sell_is_not_sold_beside_them(self, trader: Trader) -> None:
        entry, _, _ = bracket(trader)
        trader.venue.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED)
        trader.told("FILLED", entry)
        with pytest.raises(OrderRefused):
            trader.place("SELL", 1)

    def test_legs_on_the_wrong_side_are_refused(self, trader: Trader) -> None:
        for stop, target in ((105, 110), (95, 99)):
            with pytest.raises(OrderRefused):
                submitted(trader, Bracket(stop=stop * D, target=target * D), limit=HUNDRED)
        assert trader.open_ids() == set()


def bracket(
    trader: Trader, limit: int | None = None, stop: int = 95 * D, target: int = 110 * D
) -> tuple[BrokerOrder, BrokerOrder, BrokerOrder]:
    """Place ten shares with a stop and a target; returns the entry and both legs."""
    assert trader.broker.capabilities.brackets, "a broker without legs does not take this suite"
    entry = submitted(trader, Bracket(stop=stop, target=target), limit)
    trader.told("ACCEPTED", entry)
    stops = next(leg for leg in entry.legs if leg.type == "STOP")
    return entry, stops, next(leg for leg in entry.legs if leg.type == "LIMIT")


def submitted(trader: Trader, legs: Bracket, limit: int | None) -> BrokerOrder:
    """Place ten shares with legs."""
    return trader.broker.submit(
        NewOrder(
            client_order_id=trader.name(), ticker=TICKER, side="BUY", qty=10, limit=limit,
            type="MARKET" if limit is None else "LIMIT", bracket=legs,
        )
    )  # fmt: skip
