"""The shares that a broker should hold by what it told, beside what was there before."""

from collections.abc import Mapping
from decimal import Decimal

from connectors.broker.values import BrokerFill
from messages.base import Side
from messages.broker import Difference

Shares = Mapping[str, Decimal]  # ticker -> signed; a fraction is possible
NONE = Decimal(0)


class ExpectedShares:
    """What follows from our own fills, and what is held besides: unmanaged, and never traded.

    Attributes:
        held: ticker -> signed shares by our own fills.
        unmanaged: ticker -> shares that were there before them; None before the first look.
    """

    def __init__(self, held: Mapping[str, int], unmanaged: Shares | None) -> None:
        """Begin, or go on from a snapshot."""
        self.held = dict(held)
        self.unmanaged = None if unmanaged is None else dict(unmanaged)

    def book(self, fill: BrokerFill) -> None:
        """Count a fill of ours."""
        self.count(fill.ticker, fill.side, fill.qty)

    def count(self, ticker: str, side: Side, qty: int) -> None:
        """Count shares that an order of ours was filled for."""
        signed = qty if side == "BUY" else -qty
        self.held[ticker] = self.held.get(ticker, 0) + signed

    def beside(self, there: Shares) -> dict[str, Decimal]:
        """Return what is there beyond our own fills, by ticker."""
        tickers = sorted({*there, *self.held})
        rest = {t: there.get(t, NONE) - self.held.get(t, 0) for t in tickers}
        return {t: q for t, q in rest.items() if q}

    def begin(self, there: Shares, *, anew: bool) -> None:
        """Take what is there as unmanaged: beside our own fills, or, `anew`, all of it."""
        if anew:
            self.held = {}
        self.unmanaged = self.beside(there)

    def differences(self, there: Shares) -> tuple[Difference, ...]:
        """Return where the broker holds other shares than are expected, by ticker."""
        unmanaged = self.unmanaged or {}
        expected = {
            t: unmanaged.get(t, NONE) + self.held.get(t, 0)
            for t in sorted({*unmanaged, *self.held, *there})
        }
        return tuple(
            Difference(t, wanted, there.get(t, NONE))
            for t, wanted in expected.items()
            if wanted != there.get(t, NONE)
        )
