"""The broker that the settings name."""

from connectors.broker.base import Broker
from connectors.broker.errors import BrokerAccessDenied
from connectors.broker.params import BrokerParams


def open_broker(params: BrokerParams) -> Broker:
    """Return the broker; nothing is asked of it yet.

    Raises:
        BrokerAccessDenied: none is named, or its keys or addresses cannot be used.
    """
    if params.kind == "none":
        reason = "No broker is named: set TIDEWIRE_BROKER__KIND to alpaca."
        raise BrokerAccessDenied(reason)
    # Imported here: what only reads settings needs none of a broker's packages.
    from connectors.broker.alpaca.client import AlpacaBroker

    return AlpacaBroker(params)
