"""An entry is sent only for what the broker trades; it is asked once in a while."""

from typing import Any

import pytest

from connectors.broker.errors import BrokerAnswerUnusable, BrokerAway, NotAtBroker, OrderRefused
from connectors.broker.values import Asset, NewOrder
from flows.execution.tradable import REMEMBERED_S, TradableAssets

BUY = NewOrder(client_order_id="a", ticker="AAA", side="BUY", qty=1)
SHORT = NewOrder(client_order_id="b", ticker="AAA", side="SELL", qty=1)


class Listing:
    """A broker of which only one thing is asked."""

    def __init__(self, *answers: Asset | Exception) -> None:
        self.answers, self.asked = list(answers), 0

    def asset(self, ticker: str) -> Asset:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def asset(**fields: Any) -> Asset:
    return Asset(ticker="AAA", **{"tradable": True, **fields})


@pytest.mark.parametrize(
    ("answer", "order", "said"),
    [
        (asset(), BUY, None),
        (asset(tradable=False), BUY, "does not trade AAA"),
        (asset(), SHORT, "lends no AAA"),
        (asset(shortable=True), SHORT, None),
        (NotAtBroker("none"), BUY, "has no AAA"),
    ],
)
def test_what_it_does_not_trade_is_refused(
    answer: Asset | Exception, order: NewOrder, said: str | None
) -> None:
    there: Any = Listing(answer)
    assets = TradableAssets()
    for _ in range(2):
        if said is None:
            assets.require(there, order)
        else:
            with pytest.raises(OrderRefused, match=said):
                assets.require(there, order)
    assert there.asked == 1


@pytest.mark.parametrize("error", [BrokerAway("x"), BrokerAnswerUnusable("x")])
def test_a_broker_that_does_not_say_is_asked_again(error: Exception) -> None:
    there: Any = Listing(error, asset())
    assets = TradableAssets()
    with pytest.raises(BrokerAway, match="does not say whether it trades AAA"):
        assets.require(there, BUY)
    assets.require(there, BUY)


def test_what_it_said_is_asked_anew_after_a_while() -> None:
    there: Any = Listing(asset(tradable=False), asset())
    now = [0.0]
    assets = TradableAssets(lambda: now[0])
    with pytest.raises(OrderRefused):
        assets.require(there, BUY)
    now[0] = REMEMBERED_S
    assets.require(there, BUY)
