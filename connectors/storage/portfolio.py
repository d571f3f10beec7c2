"""The account as it is now: the newest snapshot, and every fill, correction and price since.

Snapshots are minutes apart. Cash between them is worked out from what was booked since, to the
last unit; positions are worth their last close.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import psycopg

from connectors.storage.tables import OPEN
from messages.units import from_money, to_datetime, to_money
from operators.params import Params
from operators.trading.arithmetic import exit_reserve

# What is booked at a snapshot's own stamp came after it, as timers go first; but for a position
# written off at a session's end, which is booked before the snapshot of that moment is taken.
# A reset forgets every fill before it, so that a correction after it is of a fill after it.
CASH: Final = """WITH base AS (
    (SELECT stamp, event_time, cash, 0 AS rank FROM portfolio_snapshots
       WHERE account = %(account)s ORDER BY event_time DESC, stamp DESC LIMIT 1)
    UNION ALL
    (SELECT stamp, event_time, cash, 1 FROM account_resets WHERE account = %(account)s
       ORDER BY stamp DESC, id DESC LIMIT 1)
    UNION ALL (SELECT -1, NULL, %(start_cash)s, 0)
    ORDER BY stamp DESC, rank DESC LIMIT 1),
  fills AS (SELECT t.* FROM trades t, base b
    WHERE t.account = %(account)s AND t.stamp >= b.stamp AND t.price IS NOT NULL
      AND NOT (t.stamp = b.stamp AND EXISTS (SELECT 1 FROM orders o
        JOIN decisions d ON d.id = o.decision_id
        WHERE o.id = t.order_id AND d.cause = 'delisted')))
  SELECT b.cash
    + coalesce((SELECT sum(CASE side WHEN 'BUY' THEN -qty ELSE qty END * price - commission)
        FROM fills), 0)
    + coalesce((SELECT sum(c.cash) FROM execution_corrections c
        WHERE c.account = %(account)s AND c.stamp >= b.stamp
          AND (b.rank = 0 OR EXISTS (SELECT 1 FROM fills f WHERE f.id = c.execution_id))), 0)
      AS cash,
    greatest(b.event_time, (SELECT max(event_time) FROM fills)) AS as_of FROM base b"""
# The last close of each: within some days before the newest, so that few partitions are read.
# All fills of a position name its round trip, so that the first of them opened it; one that was
# taken back entirely, and not given back since, did not. Of fills at one stamp an entry came last:
# a ticker is entered anew once its exit is booked.
HELD: Final = """SELECT p.*, m.close AS price, m.stamp AS price_stamp, (SELECT min(f.event_time)
      FROM trades f WHERE f.account = p.account AND f.ticker = p.ticker AND f.price IS NOT NULL
        AND NOT (SELECT count(*) FILTER (WHERE k.qty = 0) > count(*) FILTER (WHERE k.old_qty = 0)
          FROM execution_corrections k WHERE k.execution_id = f.id)
        AND f.trade_id = (SELECT t.trade_id FROM trades t WHERE t.ticker = p.ticker
          AND t.account = p.account AND t.price IS NOT NULL
          ORDER BY t.stamp DESC, t.pnl IS NULL DESC, t.id DESC LIMIT 1)) AS opened_at
  FROM positions p
  LEFT JOIN LATERAL (SELECT close, stamp FROM market_data
    WHERE ticker = p.ticker AND interval = %(interval)s AND revision = 0 AND start >= %(since)s
    ORDER BY start DESC LIMIT 1) m ON true
  WHERE p.account = %(account)s AND p.qty <> 0 ORDER BY p.ticker"""
STATE: Final = """SELECT * FROM trading_states WHERE account = %(account)s
  ORDER BY stamp DESC, (cause = 'flattened') DESC, id DESC LIMIT 1"""
BEFORE: Final = """SELECT equity FROM portfolio_snapshots WHERE account = %(account)s
  AND event_time < %(day)s ORDER BY event_time DESC, stamp DESC LIMIT 1"""
PUT_IN: Final = """SELECT coalesce(sum(cash - old_equity), 0) AS amount FROM account_resets
  WHERE account = %(account)s AND event_time >= %(day)s"""
# What open entries keep back: by each share that is not filled, what it was reckoned to cost.
WAITING: Final = f"""SELECT o.qty, o.qty - coalesce((SELECT sum(t.qty) FROM trades t
      WHERE t.order_id = o.id AND t.price IS NOT NULL), 0) AS open,
    (SELECT c ->> 'measured' FROM jsonb_array_elements(d.checks) c
      WHERE c ->> 'code' IN ('BUYING_POWER', 'MAX_POSITION_PCT') LIMIT 1) AS cost
  FROM orders o JOIN decisions d ON d.id = o.decision_id
  WHERE o.account = %(account)s AND NOT o.reduces AND o.{OPEN} AND NOT EXISTS (SELECT 1
    FROM trades t WHERE t.order_id = o.id
      AND t.status IN ('FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED', 'REPLACED'))"""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PRICED_WITHIN: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Holding:
    """An open position.

    Attributes:
        qty: signed shares.
        avg_entry, cost: dollars.
        price: its last close, dollars; None where no bar of the last two weeks is stored.
        price_at: when that bar was known, UTC.
        unrealized_pnl: at that price; as of the last fill where there is none.
        stop_loss, take_profit, trail: levels, dollars.
        opened_at: of the fill that opened it; None where no fill did, as after a reset.
    """

    ticker: str
    qty: int
    avg_entry: Decimal
    cost: Decimal
    price: Decimal | None
    price_at: datetime | None
    unrealized_pnl: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    trail: Decimal | None
    opened_at: datetime | None

    @property
    def value(self) -> Decimal:
        """Return what it is worth, dollars; its cost where no price is known."""
        return self.cost if self.price is None else self.qty * self.price


@dataclass(frozen=True, slots=True)
class AccountNow:
    """An account at one moment; money in dollars, exact.

    Attributes:
        as_of: of the newest snapshot, fill or price, UTC; None before the first.
        buying_power: cash, less what the exits of what is held and open entries keep back.
        positions_value: signed; exposure: its longs and shorts added up.
        day_pnl: equity less that of the last snapshot before the day, or the cash that the account
            began with, less what a reset put in.
        state: what it may trade; state_since, state_who, state_why: whose word that is.
    """

    account: str
    as_of: datetime | None
    cash: Decimal
    buying_power: Decimal
    positions_value: Decimal
    exposure: Decimal
    equity: Decimal
    unrealized_pnl: Decimal
    day_pnl: Decimal
    state: str
    state_since: datetime | None
    state_who: str
    state_why: str
    holdings: tuple[Holding, ...]


def account_now(
    connection: "psycopg.Connection[dict[str, Any]]", rules: Params, interval: str, day: datetime
) -> AccountNow:  # fmt: skip
    """Return an account as it is now.

    Args:
        connection: with `dict_row`, whose search path is the run's schema; its transactions are
            REPEATABLE READ, so that one moment is read.
        rules: of the run: the account's name, the cash that it began with, and the broker's costs.
        interval: of the run's bars.
        day: start of the trading day, UTC, that the day's profit counts from.
    """
    account = rules.account
    with connection.transaction():
        who = {"account": account.name, "start_cash": Decimal(account.start_cash)}
        base = connection.execute(CASH.encode(), who).fetchone()
        if base is None:  # the statement always has a row
            reason = f"the account {account.name} has no cash"
            raise LookupError(reason)
        held = holdings(connection, account.name, interval, base["as_of"] or EPOCH)
        state = trading_state(connection, account.name)
        before = connection.execute(BEFORE.encode(), {**who, "day": day}).fetchone()
        waiting = connection.execute(WAITING.encode(), who).fetchall()
        put_in = connection.execute(PUT_IN.encode(), {**who, "day": day}).fetchone() or {}
    moments = [m for m in (base["as_of"], *(h.price_at for h in held)) if m is not None]
    value = sum((h.value for h in held), Decimal(0))
    kept = exit_reserve(sum(abs(h.qty) for h in held), len(held), rules.fills.costs)
    kept += sum(map(_reserved, waiting))
    equity = base["cash"] + value
    began = (before["equity"] if before else who["start_cash"]) + put_in["amount"]
    return AccountNow(
        account=account.name, as_of=max(moments, default=None), cash=base["cash"],
        buying_power=base["cash"] - to_money(kept), positions_value=value, equity=equity,
        exposure=sum((abs(h.value) for h in held), Decimal(0)),
        unrealized_pnl=sum((h.unrealized_pnl for h in held), Decimal(0)), day_pnl=equity - began,
        state=state.get("new_state", "ACTIVE"), state_since=state.get("event_time"),
        state_who=state.get("who", ""), state_why=state.get("why", ""), holdings=tuple(held),
    )  # fmt: skip


def _reserved(row: dict[str, Any]) -> int:
    """Return what one open entry keeps back, units: by the share, rounded up, as the desk does."""
    cost = from_money(Decimal(row["cost"] or 0))
    return int(row["open"]) * -(-cost // max(1, int(row["qty"])))


def trading_state(connection: "psycopg.Connection[dict[str, Any]]", account: str) -> dict[str, Any]:
    """Return the row of an account's newest trading state; empty while it was never changed."""
    return connection.execute(STATE.encode(), {"account": account}).fetchone() or {}


def holdings(
    connection: "psycopg.Connection[dict[str, Any]]", account: str, interval: str, as_of: datetime
) -> list[Holding]:
    """Return the open positions at their last closes, by ticker."""
    values = {"account": account, "interval": interval, "since": as_of - PRICED_WITHIN}
    return [_holding(row) for row in connection.execute(HELD.encode(), values)]


def _holding(row: dict[str, Any]) -> Holding:
    price, qty, stamp = row["price"], int(row["qty"]), row["price_stamp"]
    price_at = None if stamp is None else to_datetime(stamp)
    unrealized = row["unrealized_pnl"] if price is None else qty * price - row["cost"]
    return Holding(
        row["ticker"], qty, row["avg_entry"], row["cost"], price, price_at, unrealized,
        row["stop_loss"], row["take_profit"], row["trail"], row["opened_at"],
    )  # fmt: skip
