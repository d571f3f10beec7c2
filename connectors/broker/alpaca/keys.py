"""Keys and addresses of a paper account; live ones are refused, whoever gives them."""

import re
from typing import Final
from urllib.parse import urlsplit

from alpaca.common.enums import BaseURL

from connectors.broker.errors import BrokerAccessDenied
from connectors.broker.params import BrokerParams, live_key, loopback, refused_address

PAPER_KEY: Final = "PK"
SHORTEST: Final = 4  # of a secret that is taken out of texts; a letter is no secret
MAX_TEXT: Final = 300


class Access:
    """Where to ask and with which keys; neither is in its repr, nor in a text that it has seen.

    Attributes:
        key, secret: of the account.
        trading, data: addresses of REST interfaces, without a path.
        orders, market: addresses of the two streams.
        feed: iex or sip.
    """

    def __init__(self, params: BrokerParams) -> None:
        """Check what settings say; nothing is opened.

        Raises:
            BrokerAccessDenied: there are no keys, or they or an address are not paper's.
        """
        self.key = params.key.get_secret_value().strip()
        self.secret = params.secret.get_secret_value().strip()
        self.trading = (params.trading_url or BaseURL.TRADING_PAPER.value).rstrip("/")
        self.data = (params.data_url or BaseURL.DATA.value).rstrip("/")
        stream = (params.stream_url or BaseURL.MARKET_DATA_STREAM.value).rstrip("/")
        self.feed = params.feed
        self.orders = f"{re.sub('^http', 'ws', self.trading)}/stream"
        self.market = f"{stream}/v2/{params.feed}"
        if (why := self._refused()) is not None:
            raise BrokerAccessDenied(why)

    def hide(self, text: object) -> str:
        """Return a text without the keys, on one line, and no longer than a line should be."""
        shown = " ".join(str(text).split())
        for hidden in (self.secret, self.key):
            if len(hidden) >= SHORTEST:
                shown = shown.replace(hidden, "***")
        return shown[:MAX_TEXT]

    def _refused(self) -> str | None:
        if not (self.key and self.secret):
            return "Alpaca needs keys: set TIDEWIRE_BROKER__KEY and TIDEWIRE_BROKER__SECRET."
        for name, why in (
            ("KEY", live_key(self.key)),
            ("TRADING_URL", refused_address(self.trading, "https", "http")),
            ("DATA_URL", refused_address(self.data, "https", "http")),
            ("STREAM_URL", refused_address(self.market, "wss", "ws")),
        ):
            if why is not None:
                return f"TIDEWIRE_BROKER__{name}: {why}."
        if not self.key.startswith(PAPER_KEY) and not all(
            map(local, (self.trading, self.data, self.market))
        ):
            return "TIDEWIRE_BROKER__KEY: this is no paper key of Alpaca: one begins with PK."
        return None


def local(url: str) -> bool:
    """Tell whether an address is on this machine."""
    try:
        return loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False
