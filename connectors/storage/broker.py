"""The broker as it is now, by what it said: whether entries may go out, and what it holds."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, cast

import psycopg

from connectors.storage.tables import OPEN
from messages.broker import BrokerEventKind
from operators.checks import BROKER_STATES
from operators.trading.outside_broker import READINESS

Readiness = Literal["READY", "NOT_RECONCILED", "STREAM_DOWN"]
KINDS: Final = tuple(READINESS)  # of which the newest tells
NEWEST: Final = """SELECT b.* FROM unnest(%(kinds)s::text[]) AS k CROSS JOIN LATERAL (
    SELECT * FROM broker_events WHERE account = %(account)s AND kind = k
    ORDER BY stamp DESC, number DESC LIMIT 1) b ORDER BY b.stamp, b.number"""
ORDERS: Final = f"""SELECT count(*) AS open,
    count(*) FILTER (WHERE b.status = 'UNKNOWN') AS unknown,
    count(*) FILTER (WHERE b.status IS NULL) AS silent
  FROM orders o LEFT JOIN LATERAL (SELECT status FROM broker_events e
    WHERE e.order_id = o.id AND e.order_id <> '' AND e.status IS NOT NULL
    ORDER BY e.stamp DESC, e.number DESC LIMIT 1) b ON true
  WHERE o.account = %(account)s AND o.{OPEN}"""
Rows = psycopg.Connection[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The last time that everything the broker holds was accounted for; money in dollars.

    Attributes:
        unmanaged: (ticker, signed shares) that are held besides.
        blocked: why nothing may be traded, by the broker's word; empty where it may.
    """

    at: datetime
    cash: Decimal
    equity: Decimal
    buying_power: Decimal
    unmanaged: tuple[tuple[str, Decimal], ...]
    blocked: str


@dataclass(frozen=True, slots=True)
class Drift:
    """The last time that it was not.

    Attributes:
        current: nothing has been accounted for since.
        differences: (ticker, shares expected, shares found); none where an execution was corrected.
        why: in words.
    """

    at: datetime
    current: bool
    differences: tuple[tuple[str, Decimal, Decimal], ...]
    why: str


@dataclass(frozen=True, slots=True)
class BrokerNow:
    """A broker as it is now.

    Attributes:
        readiness: READY where entries may go out; since, why: whose word; None, empty before any.
        open_orders: that have not ended; unknown_orders: of these, of which nobody knows whether
            the broker has them; silent_orders: of which it has said nothing yet.
    """

    readiness: Readiness
    since: datetime | None
    why: str
    reconciliation: Reconciliation | None
    drift: Drift | None
    open_orders: int
    unknown_orders: int
    silent_orders: int


def broker_now(connection: "Rows", account: str) -> BrokerNow:
    """Return the broker of an account as it is now.

    Args:
        connection: with `dict_row`, whose search path is the run's schema; its transactions are
            REPEATABLE READ, so that one moment is read.
        account: its name.
    """
    with connection.transaction():
        asked = {"account": account, "kinds": list(KINDS)}
        newest = connection.execute(NEWEST.encode(), asked).fetchall()
        orders = connection.execute(ORDERS.encode(), asked).fetchone() or {}
    last = newest[-1] if newest else None
    by_kind = {row["kind"]: n for n, row in enumerate(newest)}
    money = [row for row in newest if row["kind"] in ("reconciled", "adopted") and _has_money(row)]
    drift, good = by_kind.get("drift"), by_kind.get("reconciled", -1)
    return BrokerNow(
        readiness=_readiness(last["kind"]) if last else "NOT_RECONCILED",
        since=last["event_time"] if last else None, why=last["reason"] if last else "",
        reconciliation=_reconciliation(money[-1]) if money else None,
        drift=None if drift is None else _drift(newest[drift], current=drift > good),
        open_orders=orders["open"], unknown_orders=orders["unknown"],
        silent_orders=orders["silent"],
    )  # fmt: skip


def _readiness(kind: BrokerEventKind) -> Readiness:
    """Return in words what may be entered once that was said, as the desk has it."""
    return cast("Readiness", BROKER_STATES[READINESS[kind]])


def difference_words(ticker: str, expected: Decimal, found: Decimal) -> str:
    """Return a difference in words.

    >>> difference_words("AAPL", Decimal(3), Decimal("15.0"))
    '12 AAPL more than it told of'
    """
    more = found - expected
    return f"{abs(more).normalize():f} {ticker} {'more' if more > 0 else 'fewer'} than it told of"


def drift_words(drift: Drift) -> str:
    """Return what a drift is, in words."""
    found = ", ".join(difference_words(*each) for each in drift.differences)
    return f"it holds {found}" if found else drift.why


def _has_money(row: dict[str, Any]) -> bool:
    return row["cash"] is not None and row["equity"] is not None


def _reconciliation(row: dict[str, Any]) -> Reconciliation:
    pairs = [each.rpartition(" ") for each in row["unmanaged"]]
    return Reconciliation(
        row["event_time"], row["cash"], row["equity"], row["buying_power"] or Decimal(0),
        tuple((ticker, Decimal(shares)) for ticker, _, shares in pairs), row["reason"],
    )  # fmt: skip


def _drift(row: dict[str, Any], *, current: bool) -> Drift:
    found = tuple(
        (d["ticker"], Decimal(d["expected"]), Decimal(d["found"])) for d in row["differences"]
    )
    return Drift(row["event_time"], current, found, row["reason"])
