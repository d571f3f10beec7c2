"""What a simulated exchange allows, beside the fill model and the costs of `FillParams`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from connectors.broker.values import Asset, Capabilities
from messages.units import HOUR_US

AFTER_HOURS: Final = 4 * HOUR_US  # after the close; as long as the long exchanges keep their books


@dataclass(frozen=True, slots=True)
class ExchangeRules:
    """What a simulated exchange allows.

    Attributes:
        participation_bps: of a bar's volume, shared by all orders that it fills, first come first
            served; 0: no limit, as the paper desk.
        short: positions may be short.
        leverage: buying power is so many times the equity.
        account: the broker's name of the account.
    """

    participation_bps: int = 0
    short: bool = False
    leverage: int = 1
    account: str = "simulated"

    def room(self, volume: int) -> int | None:
        """Return how many shares of a bar orders may fill together; None for any number."""
        return volume * self.participation_bps // 10_000 if self.participation_bps else None

    @property
    def credit(self) -> bool:
        """Tell whether the account may owe money or shares: it is no cash account then."""
        return self.short or self.leverage > 1

    @property
    def capabilities(self) -> Capabilities:
        """Return what a broker over such an exchange can do."""
        return Capabilities(
            types=frozenset(("MARKET", "LIMIT", "STOP", "STOP_LIMIT")),
            times_in_force=frozenset(("DAY", "GTC", "IOC")),
            brackets=True, replaces=True, short=self.short, extended_hours=True,
        )  # fmt: skip


def listed(*tickers: str) -> list[Asset]:
    """Return assets that may be bought, sold and sold short.

    >>> [asset.ticker for asset in listed("AAPL", "MSFT")]
    ['AAPL', 'MSFT']
    """
    return [Asset(ticker=t, exchange="SIMULATED", tradable=True, shortable=True) for t in tickers]


def by_ticker(assets: Iterable[Asset]) -> dict[str, Asset]:
    """Return assets by ticker."""
    return {asset.ticker: asset for asset in assets}
