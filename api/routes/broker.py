"""Who fills orders: Tidewire itself on paper, or a broker, and how that is."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import PlainSerializer, WithJsonSchema

from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.values import Answer, Moment, Money
from connectors.storage.broker import BrokerNow, broker_now

# Shares at a broker may be fractions.
Shares = Annotated[
    Decimal,
    PlainSerializer(lambda shares: f"{shares.normalize():f}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "examples": ["12", "0.5"]}),
]


class Unmanaged(Answer):
    """What is held at the broker besides what Tidewire ordered; qty is negative when short."""

    ticker: str
    qty: Shares


class ReconciliationAnswer(Answer):
    """The last time that everything the broker holds was accounted for, by the broker's figures.

    Attributes:
        blocked: why nothing may be traded, by the broker's word; empty where it may.
    """

    at: Moment
    cash: Money
    equity: Money
    buying_power: Money
    unmanaged: list[Unmanaged]
    blocked: str


class DifferenceAnswer(Answer):
    """A ticker of which the broker holds other shares than it told of; signed."""

    ticker: str
    expected: Shares
    found: Shares


class DriftAnswer(Answer):
    """The last time that it was not.

    Attributes:
        current: nothing has been accounted for since.
        why: in words.
    """

    at: Moment
    current: bool
    why: str
    differences: list[DifferenceAnswer]


class AtBroker(Answer):
    """A broker, as far as it has said.

    Attributes:
        readiness: READY where entries may go out; NOT_RECONCILED until what it holds is accounted
            for; STREAM_DOWN while nothing is heard of orders.
        since, why: of that; null and empty before it has said anything.
        reconciliation, drift: null where there was none.
        open_orders: that have not ended; unknown_orders: of these, of which nobody knows whether
            the broker has them; silent_orders: of which it has said nothing yet.
    """

    name: str
    readiness: Literal["READY", "NOT_RECONCILED", "STREAM_DOWN"]
    since: Moment | None
    why: str
    reconciliation: ReconciliationAnswer | None
    drift: DriftAnswer | None
    open_orders: int
    unknown_orders: int
    silent_orders: int


class BrokerAnswer(Answer):
    """Who fills orders: `broker` has who that is; on paper it is null."""

    mode: Literal["paper", "broker"]
    broker: AtBroker | None


def broker(api: Api, call: Call[NoQuery, None]) -> BrokerAnswer:
    """Who fills orders; of a broker, whether entries may go out, and what it holds."""
    mode = api.run.spec.mode
    if mode == "paper":
        return BrokerAnswer(mode=mode, broker=None)
    with api.pool.connection() as connection:
        now = broker_now(connection, api.run.rules.account.name)
    return BrokerAnswer(mode=mode, broker=_at_broker(api.run.broker_params.kind, now))


def _at_broker(name: str, now: BrokerNow) -> AtBroker:
    last, drift = now.reconciliation, now.drift
    return AtBroker(
        name=name, readiness=now.readiness, since=now.since, why=now.why,
        reconciliation=None if last is None else ReconciliationAnswer(
            at=last.at, cash=last.cash, equity=last.equity, buying_power=last.buying_power,
            blocked=last.blocked,
            unmanaged=[Unmanaged(ticker=ticker, qty=qty) for ticker, qty in last.unmanaged],
        ),
        drift=None if drift is None else DriftAnswer(
            at=drift.at, current=drift.current, why=drift.why,
            differences=[
                DifferenceAnswer(ticker=ticker, expected=expected, found=found)
                for ticker, expected, found in drift.differences
            ],
        ),
        open_orders=now.open_orders, unknown_orders=now.unknown_orders,
        silent_orders=now.silent_orders,
    )  # fmt: skip


ENDPOINTS = (Endpoint("GET", "/api/broker", broker, "viewer", BrokerAnswer),)
