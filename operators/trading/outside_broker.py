"""The outside broker: orders wait for what a broker tells of them; nothing is filled in here."""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from messages.broker import BrokerEvent, BrokerEventKind
from messages.market import Bar, TradingHalt
from messages.units import DAY_US, MINUTE_US, from_money, to_units
from operators.checks import NOT_RECONCILED, READY, STREAM_DOWN, TICKER_HALTED
from operators.states import State
from operators.trading.bookkeeping import Ending
from operators.trading.fills import Execution
from operators.trading.last_bar import LastBar
from operators.trading.legs import EntryLegs, Legs
from operators.trading.orders import Order, OrderBook

ENDINGS: Final[dict[str, Ending]] = {
    "CANCELLED": "CANCELLED", "REJECTED": "REJECTED", "EXPIRED": "EXPIRED",
    # By somebody at the broker: what stands in its place is not ours, and its fills are a drift.
    "REPLACED": "REPLACED",
}  # fmt: skip
# What is said of the broker -> what may be entered from then on, by number.
READINESS: Final[dict[BrokerEventKind, int]] = {
    "reconciled": READY, "stream_up": NOT_RECONCILED, "adopted": NOT_RECONCILED,
    "drift": NOT_RECONCILED, "stream_down": STREAM_DOWN,
}  # fmt: skip
REMEMBERED_US: Final = 7 * DAY_US  # brokers tell of a fill late, but not as late as that


class EndedOrder(NamedTuple):
    """An order that has ended, and when."""

    order: Order
    stamp: int


class OutsideBrokerState(State):
    """What a broker has told.

    Attributes:
        readiness: READY, NOT_RECONCILED or STREAM_DOWN, by number.
        told: order id -> ids of the executions that were booked of it.
        ended: those that a fill may still come for.
        halts: halted ticker -> stamp of its halt.
        legs: what the broker holds beside entries.
    """

    readiness: int
    told: dict[str, list[str]]
    ended: list[EndedOrder]
    halts: dict[str, int]
    legs: list[EntryLegs]


class OutsideBroker:
    """Turns what a broker tells into executions of open orders, each once.

    Attributes:
        readiness: READY where entries may be sent; NOT_RECONCILED until the account is accounted
            for; STREAM_DOWN while nothing is heard of orders.
        legs: what it holds beside entries.
    """

    def __init__(self, state: OutsideBrokerState | None = None) -> None:
        """Start as one that has told nothing, or from a snapshot."""
        self.readiness = state.readiness if state else NOT_RECONCILED
        self._told = {o: list(ids) for o, ids in state.told.items()} if state else {}
        self._ended = {each.order.id: each for each in state.ended} if state else {}
        self._halts = dict(state.halts) if state else {}
        self.legs = Legs(state.legs if state else ())

    def at_once(self, _order: Order, _last: LastBar | None) -> None:
        """Let a new order wait."""

    def within_bar(self, _order: Order, _price: int, _volume: int) -> None:
        """Let an order at a level wait, too: the broker says at what price it was met."""

    def on_bar(self, _orders: Iterable[Order], _bar: Bar, _free: object = None) -> tuple[()]:
        """Fill nothing: bars say nothing of orders at a broker."""
        return ()

    def _halt(self, stamp: int, told: TradingHalt) -> None:
        if told.halted:
            self._halts[told.ticker] = stamp
        else:
            self._halts.pop(told.ticker, None)

    def readiness_for(self, ticker: str, last: LastBar | None) -> int:
        """Return whether an entry in a ticker may be sent, by number.

        A halt is over with the first bar that began after it, too: what was said while nobody
        listened is not said again.
        """
        halted = self._halts.get(ticker)
        if self.readiness != READY or halted is None:
            return self.readiness
        began_after = last is not None and last.stamp - MINUTE_US >= halted
        return READY if began_after else TICKER_HALTED

    def take(
        self, stamp: int, event: BrokerEvent | TradingHalt, orders: OrderBook
    ) -> list[Execution]:  # fmt: skip
        """Take what was told; returns what is to be booked.

        A fill of an order that has ended puts the order back into the book: what the broker did
        counts, not what was thought to be over. A fill that the account knows, and one of an order
        that is not the account's, book nothing.

        Args:
            stamp: of the event.
            event: what was told.
            orders: the account's.
        """
        if isinstance(event, TradingHalt):
            self._halt(stamp, event)
            return []
        if event.kind == "fill":
            return self._filled(stamp, event, orders)
        if event.kind == "order" and event.leg:
            self.legs.said(event)
        if event.kind == "order" and event.status in ENDINGS and event.order_id in orders:
            self._ended[event.order_id] = EndedOrder(_ended(orders[event.order_id]), stamp)
            return [Execution(event.order_id, 0, 0, 0, 0, ENDINGS[event.status])]
        self.readiness = READINESS.get(event.kind, self.readiness)
        return []

    def forget(self, stamp: int) -> None:
        """Forget orders of which nothing can come any more; called at a session's end."""
        gone = [o for o, ended in self._ended.items() if ended.stamp < stamp - REMEMBERED_US]
        for order in gone:
            del self._ended[order]
            self._told.pop(order, None)
            self.legs.forget(order)

    def snapshot(self) -> OutsideBrokerState:
        """Return what is remembered."""
        return OutsideBrokerState(
            readiness=self.readiness, told={o: list(ids) for o, ids in self._told.items()},
            ended=list(self._ended.values()), halts=dict(self._halts), legs=self.legs.snapshot(),
        )  # fmt: skip

    def _filled(self, stamp: int, event: BrokerEvent, orders: OrderBook) -> list[Execution]:
        id_, told = event.order_id, self._told.get(event.order_id, [])
        if event.execution_id in told or event.price is None:
            return []
        late = None
        if id_ not in orders:
            late = self._ended.get(id_)
            if late is None:
                if self.legs.of(event) is not None:
                    self.readiness = NOT_RECONCILED  # a leg closed what is not held
                return []
        order = late.order if late is not None else orders[id_]
        qty = event.qty if event.side == "BUY" else -event.qty
        if (qty > 0) != (order.open > 0) or abs(qty) > abs(order.open):
            self.readiness = NOT_RECONCILED  # not what was ordered: nothing that can be booked
            return []
        if late is not None:
            orders.place(order)
        price = to_units(event.price)
        self._told[id_] = [*told, event.execution_id]
        if event.leg:
            self.legs.closed(event.leg_of, qty)
        else:
            self.legs.filled(id_, qty)
        rest = abs(order.open) - abs(qty)
        after = order._replace(filled=order.filled + qty, fills=order.fills + 1)
        over = late is not None or (not order.fills and self.legs.are_over(event))
        ends: Literal["", "CANCELLED"] = "CANCELLED" if over and rest else ""
        if over or not rest:
            self._ended[id_] = EndedOrder(_ended(after) if ends else after, stamp)
        return [Execution(id_, qty, price, from_money(event.commission), price, ends)]


def _ended(order: Order) -> Order:
    """Return an order whose end takes a number of its own: a fill that comes later has the next."""
    return order._replace(fills=order.fills + 1)
