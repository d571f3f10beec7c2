"""The account's money and positions, exact: cash and positions at their price are the equity."""

from bisect import bisect_left
from datetime import datetime
from decimal import Decimal

from connectors.broker.simulated.state import Booked, Holding, LastTrade, rounded
from connectors.broker.values import BrokerFill, BrokerPosition
from operators.trading.arithmetic import booked


class Ledger:
    """Cash, positions, and every fill that made them.

    Attributes:
        cash: units.
        holdings: by ticker; none of 0 shares.
        last: the last trade of each ticker.
    """

    def __init__(
        self, cash: int, holdings: dict[str, Holding], last: dict[str, LastTrade],
        fills: list[Booked],
    ) -> None:  # fmt: skip
        """Go on from what was booked."""
        self.cash, self.holdings, self.last = cash, dict(holdings), dict(last)
        self.fills = list(fills)

    def held(self, ticker: str) -> int:
        """Return the signed shares of a position; 0 for none."""
        held = self.holdings.get(ticker)
        return held.qty if held else 0

    def price(self, ticker: str) -> int:
        """Return the last price, units; 0 where there was none."""
        last = self.last.get(ticker)
        return last.price if last else 0

    @property
    def equity(self) -> int:
        """Return cash and positions at their last price."""
        return self.cash + sum(h.qty * self.price(t) for t, h in self.holdings.items())

    @property
    def exposure(self) -> int:
        """Return what positions are worth, short ones counted as much as long ones."""
        return sum(abs(h.qty) * self.price(t) for t, h in self.holdings.items())

    def book(self, fill: BrokerFill, commission: int) -> None:
        """Book a fill; one that turns a position closes it, and opens another with the rest."""
        sign = 1 if fill.side == "BUY" else -1
        self.cash -= sign * fill.qty * fill.price + commission
        held = self.holdings.pop(fill.ticker, Holding())
        closes = min(fill.qty, max(0, -sign * held.qty))
        for qty in (closes, fill.qty - closes):
            if qty:
                to = booked(held.qty, held.cost, 0, sign * qty, fill.price, 0)
                held = Holding(qty=to.qty, cost=to.cost)
        if held.qty:
            self.holdings[fill.ticker] = held
        self.fills.append(Booked(fill=fill, commission=commission))

    def fills_since(self, since: datetime) -> list[Booked]:
        """Return what was filled at or after a time, in order."""
        return self.fills[bisect_left(self.fills, since, key=lambda b: b.fill.at) :]

    def positions(self) -> list[BrokerPosition]:
        """Return what is held, by ticker."""
        return [self._position(ticker, held) for ticker, held in sorted(self.holdings.items())]

    def _position(self, ticker: str, held: Holding) -> BrokerPosition:
        return BrokerPosition(
            ticker=ticker,
            qty=Decimal(held.qty),
            average=rounded(held.cost, held.qty),
            price=self.price(ticker) or None,
        )
