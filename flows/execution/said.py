"""Makes the broker events of one account."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from connectors.broker.values import FINAL, BrokerAccount, BrokerFill
from messages.base import make_id
from messages.broker import BrokerEvent, BrokerEventKind, Difference
from messages.trading import Leg, OrderRequest, OrderStatus, leg_order_id
from messages.units import to_datetime, to_dollars, to_money
from operators.blocks import Event


class BrokerEvents:
    """A factory; equal facts have equal ids, so that what is told twice is known twice."""

    def __init__(self, account: str, broker: str) -> None:
        """Write for one account at one broker."""
        self._account, self._broker = account, broker

    def order(
        self, now: int, request: OrderRequest, status: OrderStatus, broker_id: str,
        reason: str = "", told_at: datetime | None = None,
    ) -> Event:  # fmt: skip
        """Say what became of an order; it has one end, whatever a process that died told of it."""
        seed = "ended" if status in FINAL else status
        return self._event(
            now, "order", (request.client_order_id, seed),
            causes=(request.id,), order_id=request.client_order_id, broker_order_id=broker_id,
            ticker=request.ticker, side=request.side, status=status, reason=reason[:2_000],
            told_at=told_at,
        )  # fmt: skip

    def fill(
        self, now: int, request: OrderRequest, fill: BrokerFill, status: OrderStatus
    ) -> Event:  # fmt: skip
        """Say an execution."""
        return self._event(
            now, "fill", (request.client_order_id, fill.execution_id),
            causes=(request.id,), order_id=request.client_order_id,
            broker_order_id=fill.order_id, execution_id=fill.execution_id, ticker=fill.ticker,
            side=fill.side, qty=fill.qty, price=to_dollars(fill.price), status=status,
            told_at=fill.at,
        )  # fmt: skip

    def leg_order(
        self, now: int, request: OrderRequest, leg: Leg, status: OrderStatus, broker_id: str,
        reason: str = "",
    ) -> Event:  # fmt: skip
        """Say that a leg of an entry works, or its end."""
        seed = "ended" if status in FINAL else status
        return self._leg(
            now, "order", request, leg, seed, broker_order_id=broker_id, ticker=request.ticker,
            side="SELL" if request.side == "BUY" else "BUY", status=status, reason=reason[:2_000],
        )  # fmt: skip

    def leg_fill(
        self, now: int, request: OrderRequest, leg: Leg, fill: BrokerFill, status: OrderStatus
    ) -> Event:
        """Say an execution of a leg of an entry."""
        return self._leg(
            now, "fill", request, leg, fill.execution_id, broker_order_id=fill.order_id,
            execution_id=fill.execution_id, ticker=fill.ticker, side=fill.side, qty=fill.qty,
            price=to_dollars(fill.price), status=status, told_at=fill.at,
        )  # fmt: skip

    def stream(self, now: int, *, up: bool, reason: str) -> Event:
        """Say whether updates are heard."""
        return self._event(now, "stream_up" if up else "stream_down", (now,), reason=reason[:2_000])

    def adopted(
        self, now: int, command: str, account: BrokerAccount, unmanaged: dict[str, Decimal]
    ) -> Event:
        """Say that the account begins anew with the broker's cash; by a command, or at first."""
        causes = (command,) if command else ()
        return self._money(now, "adopted", (command or "first",), account, unmanaged, causes)

    def reconciled(self, now: int, account: BrokerAccount, unmanaged: dict[str, Decimal]) -> Event:
        """Say that everything is accounted for, and what is held besides."""
        return self._money(now, "reconciled", (now,), account, unmanaged)

    def drift(
        self, now: int, differences: Sequence[Difference], reason: str, command: str = ""
    ) -> Event:
        """Say what is held otherwise than expected, or by which command it is to be adopted."""
        return self._event(
            now, "drift", (now,), causes=(command,) if command else (),
            differences=tuple(differences), reason=reason,
        )  # fmt: skip

    def _money(
        self, now: int, kind: BrokerEventKind, seed: tuple[object, ...], account: BrokerAccount,
        unmanaged: dict[str, Decimal], causes: tuple[str, ...] = (),
    ) -> Event:  # fmt: skip
        return self._event(
            now, kind, seed, causes=causes, cash=to_money(account.cash),
            equity=to_money(account.equity), buying_power=to_money(account.buying_power),
            unmanaged=tuple(f"{ticker} {shares}" for ticker, shares in sorted(unmanaged.items())),
            reason=account.blocked,
        )  # fmt: skip

    def _leg(
        self, now: int, kind: BrokerEventKind, request: OrderRequest, leg: Leg, seed: str,
        **fields: object,
    ) -> Event:  # fmt: skip
        entry = request.client_order_id
        order = leg_order_id(self._account, entry, leg)
        return self._event(
            now, kind, (order, seed), causes=(request.id,), order_id=order, leg_of=entry, leg=leg,
            **fields,
        )  # fmt: skip

    def _event(
        self, now: int, kind: BrokerEventKind, seed: tuple[object, ...], **fields: object
    ) -> Event:
        body = BrokerEvent(
            id=make_id("bro", self._account, self._broker, kind, *seed),
            event_time=to_datetime(now), account=self._account, broker=self._broker, kind=kind,
            **fields,  # type: ignore[arg-type]  # of the message
        )  # fmt: skip
        return Event(now, self._account, body)
