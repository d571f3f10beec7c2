"""Whether a broker trades a ticker at all: asked before an entry is sent, and remembered."""

import time
from collections.abc import Callable
from typing import Final

from connectors.broker.base import Broker
from connectors.broker.errors import BrokerAway, BrokerError, NotAtBroker, OrderRefused
from connectors.broker.values import Asset, NewOrder

REMEMBERED_S: Final = 900.0


class TradableAssets:
    """What a broker said of tickers; may be asked on any thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Know of no ticker."""
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Asset | None]] = {}

    def require(self, broker: Broker, order: NewOrder) -> None:
        """See that an entry is of something that the broker trades.

        Raises:
            OrderRefused: it has no such ticker, does not trade it, or lends none to be sold.
            BrokerAway: it does not say.
        """
        asset = self._asset(broker, order.ticker)
        if asset is None:
            reason = f"the broker has no {order.ticker}"
        elif not asset.tradable:
            reason = f"the broker does not trade {order.ticker}"
        elif order.side == "SELL" and not asset.shortable:
            reason = f"the broker lends no {order.ticker} to be sold short"
        else:
            return
        raise OrderRefused(reason)

    def _asset(self, broker: Broker, ticker: str) -> Asset | None:
        now = self._monotonic()
        at, asset = self._known.get(ticker, (-REMEMBERED_S, None))
        if now - at < REMEMBERED_S:
            return asset
        try:
            asset = broker.asset(ticker)
        except NotAtBroker:
            asset = None
        except BrokerError as error:
            reason = f"it does not say whether it trades {ticker}: {error}"
            raise BrokerAway(reason) from error
        self._known[ticker] = (now, asset)
        return asset
