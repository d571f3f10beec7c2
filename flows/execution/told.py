"""What was told of an account already, by the log: it may know more than the last snapshot does.

A flow whose recovery directory was lost, or that starts from a day's checkpoint, reads its requests
anew, and old commands with them. What it told of them is a fact: nothing that ended is sent again,
and no adoption that was carried out is carried out a second time.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Self

from connectors.broker.values import FINAL
from connectors.kafka.follower import Follower
from connectors.kafka.layout import ADMIN_TIMEOUT_S, BrokerUnavailable, Layout
from flows.execution.state import NEVER, BracketLife, LegLife, OrderLife
from messages.broker import BrokerEvent
from messages.topics import BROKER_EVENTS
from messages.trading import Leg, OrderRequest, OrderStatus
from messages.units import to_micros

READ_S: Final = 0.5
SNAPSHOT_LAGS: Final = 10_000  # events that a snapshot may be behind: of a second, mostly
ALL: Final = 2**62


@dataclass(slots=True)
class ToldOrder:
    """An order, as far as it was told; see `OrderLife`."""

    broker_id: str = ""
    status: OrderStatus = "PENDING"
    filled: int = 0
    executions: list[str] = field(default_factory=list)
    ended_at: int = 0
    leg_of: str = ""
    leg: Leg = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told.

    Attributes:
        orders: our id -> what of it.
        commands: by which the account was adopted.
        adopted_at: when it last was, microseconds; 0: never.
        unmanaged: what is held besides, ticker -> shares; None where nothing was said of it.
    """

    orders: Mapping[str, ToldOrder] = field(default_factory=dict)
    commands: frozenset[str] = frozenset()
    adopted_at: int = 0
    unmanaged: Mapping[str, Decimal] | None = None

    @classmethod
    def of(cls, events: Iterable[BrokerEvent]) -> Self:
        """Gather what was told, in order."""
        orders: dict[str, ToldOrder] = {}
        commands, adopted_at, unmanaged = set[str](), 0, None
        for event in events:
            if event.order_id:
                _take(orders.setdefault(event.order_id, ToldOrder()), event)
            elif event.kind in ("adopted", "reconciled"):
                pairs = (each.rpartition(" ") for each in event.unmanaged)
                unmanaged = {ticker: Decimal(shares) for ticker, _, shares in pairs}
                if event.kind == "adopted":
                    adopted_at = to_micros(event.event_time)
                    commands.update(event.causes)
        return cls(orders, frozenset(commands), adopted_at, unmanaged)

    def life(self, request: OrderRequest, began: int) -> OrderLife:
        """Return where an order stands that is asked for.

        Args:
            request: of it.
            began: requests from before may have been sent by a process that has died.
        """
        known, before = self.orders.get(request.id), to_micros(request.event_time) < began
        known = known or ToldOrder()
        return OrderLife(
            request=request, broker_id=known.broker_id, status=known.status, final=None,
            filled=known.filled, executions=list(known.executions), maybe_sent=before,
            unsure_at=began if before else 0, asked_at=0, tries=0, due=NEVER, unwanted=False,
            ended_at=known.ended_at, sent=request.qty, bracket=self._bracket(request),
        )  # fmt: skip

    def _bracket(self, request: OrderRequest) -> BracketLife | None:
        """Return an order's legs as far as they were told; None for an order without."""
        if request.stop_price is None:
            return None
        entry = self.orders.get(request.id, ToldOrder())
        legs = [
            LegLife(
                id=told.broker_id, role=told.leg, qty=entry.filled if told.filled else 0,
                total=told.filled, filled=told.filled, executions=list(told.executions),
                final=told.status if told.ended_at else None, reason="", works=True,
                ended_at=told.ended_at,
            )
            for told in self.orders.values()
            if told.leg_of == request.id and told.leg and told.broker_id
        ]  # fmt: skip
        return BracketLife(legs=legs, known=False, release=False, due=NEVER, tries=0)


NOTHING: Final = Told()


def read_told(layout: Layout, account: str, *, fresh: bool) -> Told:
    """Read what was told of an account.

    Args:
        layout: of the run.
        account: its name.
        fresh: there is no snapshot: everything is read, else what one may be behind.

    Raises:
        BrokerUnavailable: the log cannot be read: without it no order may be sent.
    """
    follower = Follower(layout, [BROKER_EVENTS], before=ALL if fresh else SNAPSHOT_LAGS)
    events: list[BrokerEvent] = []
    deadline = time.monotonic() + ADMIN_TIMEOUT_S
    try:
        while any(follower.position[at] < end for at, end in follower.ends.items()):
            found = [r.body for r in follower.read(READ_S)]
            events += [e for e in found if isinstance(e, BrokerEvent) and e.account == account]
            if found:
                deadline = time.monotonic() + ADMIN_TIMEOUT_S
            elif time.monotonic() > deadline:
                reason = f"The log at {layout.bootstrap} does not give out what was told."
                raise BrokerUnavailable(reason)
    finally:
        follower.close()
    return Told.of(events)


def _take(order: ToldOrder, event: BrokerEvent) -> None:
    order.leg_of, order.leg = event.leg_of, event.leg
    order.broker_id = event.broker_order_id or order.broker_id
    if event.kind == "fill":
        if event.execution_id not in order.executions:
            order.executions.append(event.execution_id)
            order.filled += event.qty
    elif event.status is not None:
        order.status = event.status
        if event.status in FINAL:
            order.ended_at = order.ended_at or to_micros(event.event_time)
