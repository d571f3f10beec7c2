"""The simulated broker: when an order fills, how much of it, at what price, for what commission."""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from messages.market import Bar
from messages.units import to_micros, to_units
from operators.checks import READY
from operators.params import FillParams
from operators.trading.arithmetic import commission_of, slipped, within
from operators.trading.last_bar import LastBar
from operators.trading.orders import Order


class Execution(NamedTuple):
    """What a broker says of an order: so many shares at a price.

    Attributes:
        order_id: of the order.
        qty: signed shares.
        price: of each, units.
        commission: of all, units.
        mark: the market's price at the fill, units.
        ends: what cash did not cover ends so: CANCELLED, or REJECTED if that is all of it; what a
            broker ends, as it says; empty: what is left of the order goes on.
    """

    order_id: str
    qty: int
    price: int
    commission: int
    mark: int
    ends: Literal["", "CANCELLED", "REJECTED", "EXPIRED", "REPLACED"] = ""


class SimulatedBroker:
    """Fills orders against bars, at bar resolution; it keeps no orders of its own."""

    def __init__(self, params: FillParams) -> None:
        """Take the fill model and the costs."""
        self._params = params
        self._costs = params.costs

    def readiness_for(self, _ticker: str, _last: LastBar | None) -> int:
        """Return that entries may be sent, by number: there is nobody to be asked."""
        return READY

    def at_once(self, order: Order, last: LastBar | None) -> Execution | None:
        """Fill a new order on the bar that decided it; None to let it wait.

        Args:
            order: just placed.
            last: the ticker's last bar.
        """
        if last is None or last.stamp != order.decided or self._params.model != "close":
            return None
        qty = self.shares_of(order, last.volume)
        return self._filled(order, last.price, last.volume, qty)

    def within_bar(self, order: Order, price: int, volume: int) -> Execution | None:
        """Fill an order at a price within the bar under way: a stop or a target that was met."""
        return self._filled(order, price, volume, self.shares_of(order, volume))

    def delisted(self, order: Order, last: int, *, worthless: bool) -> Execution:
        """Close all of a position that has no market any more: at its last price, or at none.

        Args:
            order: of all its shares.
            last: price, units.
            worthless: it brings nothing.
        """
        return Execution(order.id, order.open, 0 if worthless else last, 0, last)

    def on_bar(
        self, orders: Iterable[Order], bar: Bar, free_cash: Callable[[], int] | None = None
    ) -> Iterable[Execution]:
        """Fill the waiting orders of a ticker that a new bar meets, in their order.

        An entry is cut to what free cash covers at the new price, or rejected.

        Args:
            orders: of the ticker, waiting.
            bar: the new one.
            free_cash: asked before each entry is filled, as the one before is booked by then;
                None: nothing is cut.
        """
        for order in orders:
            price = resting_price(
                order.decided, to_micros(bar.start), to_units(bar.open), to_units(bar.close),
                self._params,
            )  # fmt: skip
            if price is None:
                continue
            qty = self.shares_of(order, bar.volume)
            if free_cash is not None and order.enters and qty:
                kept = within(free_cash(), price, qty, bar.volume, self._costs)
                if kept != qty:
                    yield self._cut(order, kept, price, bar.volume)
                    continue
            filled = self._filled(order, price, bar.volume, qty)
            if filled is not None:
                yield filled

    def shares_of(self, order: Order, _volume: int) -> int:
        """Return how many of an order's open shares a bar fills, signed: all of them."""
        return order.open

    def _cut(self, order: Order, qty: int, raw: int, volume: int) -> Execution:
        """Fill what cash covers and end the rest."""
        filled = self._filled(order, raw, volume, qty)
        if filled is not None:
            return filled._replace(ends="CANCELLED")
        return Execution(order.id, 0, 0, 0, raw, "CANCELLED" if order.filled else "REJECTED")

    def _filled(self, order: Order, raw: int, volume: int, qty: int) -> Execution | None:
        if not qty:
            return None
        price = fill_price(raw, qty, volume, self._params)
        return Execution(order.id, qty, price, commission(price, qty, self._params), raw)


def fill_price(price: int, qty: int, volume: int, params: FillParams) -> int:
    """Move a price against the order by the slippage, rounded against it to a whole unit.

    Args:
        price: units of 1/10,000 dollar.
        qty: signed; positive buys.
        volume: shares of the bar that fills it.
        params: slippage.
    """
    return slipped(price, qty, params.slippage_bps, params.volume_slippage_bps, volume)


def commission(price: int, qty: int, params: FillParams) -> int:
    """Return the commission and fees of a fill in units."""
    return commission_of(price, qty, params.costs)


def resting_price(
    decided: int, bar_start: int, opening: int, close: int, params: FillParams
) -> int | None:
    """Return the raw price at which a waiting order meets a new bar, or None to wait on.

    `close`: the close of the first bar known after the decision. `next_open`: the open of the
    first bar that starts at or after the decision.

    Args:
        decided: stamp of the decision.
        bar_start: start of the bar, microseconds.
        opening: its open, units.
        close: its close, units.
        params: the fill model.
    """
    if params.model == "close":
        return close
    return opening if bar_start >= decided else None
