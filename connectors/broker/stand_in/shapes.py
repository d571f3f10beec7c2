"""Values of the broker seam as Alpaca's JSON: accounts, positions, orders, fills and the clock."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.broker.stand_in.numbers import (
    asset_id,
    moment,
    moment_or_none,
    plain,
    price,
    uuid_of,
)
from connectors.broker.stand_in.ticket import EVENT_WORDS, STATUS_WORDS, Ticket
from connectors.broker.values import (
    Asset,
    BrokerAccount,
    BrokerFill,
    BrokerPosition,
    MarketClock,
    OrderUpdate,
    TradingDay,
)
from connectors.market.calendar import NEW_YORK
from messages.units import to_money

Shape = dict[str, Any]
NO_MONEY = "0"
EXCHANGE = "NASDAQ"  # clients know no others than the real ones


def order_shape(ticket: Ticket, legs: list[Shape] | None = None) -> Shape:
    """Return an order; `legs` are None where they are not asked for."""
    order, moments = ticket.order, ticket.moments
    kind = order.type.lower()
    return {
        "id": order.id,
        "client_order_id": order.client_order_id,
        "created_at": moment(ticket.created_at),
        "updated_at": moment(order.updated_at or ticket.created_at),
        "submitted_at": moment(order.submitted_at or ticket.created_at),
        "filled_at": moment_or_none(moments.get("FILLED")),
        "expired_at": moment_or_none(moments.get("EXPIRED")),
        "canceled_at": moment_or_none(moments.get("CANCELLED")),
        "failed_at": moment_or_none(moments.get("REJECTED")),
        "replaced_at": moment_or_none(moments.get("REPLACED")),
        "replaced_by": order.replaced_by or None,
        "replaces": order.replaces or None,
        "asset_id": asset_id(order.ticker),
        "symbol": order.ticker,
        "asset_class": "us_equity",
        "notional": None,
        "qty": str(order.qty),
        "filled_qty": str(order.filled),
        "filled_avg_price": None if order.average is None else plain(order.average),
        "order_class": ticket.order_class,
        "order_type": kind,
        "type": kind,
        "side": order.side.lower(),
        "time_in_force": order.time_in_force.lower(),
        "limit_price": None if order.limit is None else price(order.limit),
        "stop_price": None if order.stop is None else price(order.stop),
        "status": ticket.word,
        "extended_hours": ticket.extended_hours,
        "legs": legs,
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
        "position_intent": ticket.intent,
        "subtag": None,
        "source": None,
    }


def update_shape(update: OrderUpdate, order: Shape, execution: str, held: int) -> Shape:
    """Return a frame of the stream of trade updates.

    Args:
        update: what happened.
        order: its shape, as it is after it.
        execution: an id of this event, where it is no fill.
        held: signed shares of the position after it.
    """
    at = moment(update.at)
    event = EVENT_WORDS.get(update.kind, update.word)
    data = {"at": at, "event": event, "timestamp": at, "order": order}
    if (fill := update.fill) is None:
        return {"stream": "trade_updates", "data": data | {"execution_id": execution}}
    data |= {
        "execution_id": fill.execution_id,
        "price": price(fill.price),
        "qty": str(fill.qty),
        "position_qty": str(held),
    }
    return {"stream": "trade_updates", "data": data}


def activity_shape(fill: BrokerFill, ticket: Ticket, before: int) -> Shape:
    """Return a fill as an activity of the account; `before` is what was filled before it."""
    filled = before + fill.qty
    whole = filled >= ticket.order.qty
    return {
        "id": activity_id(fill),
        "activity_type": "FILL",
        "transaction_time": moment(fill.at),
        "type": "fill" if whole else "partial_fill",
        "price": price(fill.price),
        "qty": str(fill.qty),
        "side": fill.side.lower(),
        "symbol": fill.ticker,
        "leaves_qty": str(ticket.order.qty - filled),
        "order_id": fill.order_id,
        "cum_qty": str(filled),
        "order_status": STATUS_WORDS["FILLED" if whole else "PARTIALLY_FILLED"],
    }


def activity_id(fill: BrokerFill) -> str:
    """Return an activity's id: its time and the execution's id, so that it sorts by time."""
    return f"{fill.at:%Y%m%d%H%M%S}{fill.at.microsecond // 1000:03d}::{fill.execution_id}"


def account_shape(account: BrokerAccount, values: tuple[int, int], opened: datetime) -> Shape:
    """Return the account; `values` are those of long and of short positions, units."""
    equity, buying = price(account.equity), price(account.buying_power)
    number = uuid_of(account.id)
    return {
        "id": number,
        "account_number": f"PA{number[:8].upper()}",
        "status": "ACTIVE",
        "currency": account.currency,
        "cash": price(account.cash),
        "portfolio_value": equity,
        "equity": equity,
        "last_equity": equity,
        "buying_power": buying,
        "regt_buying_power": buying,
        "non_marginable_buying_power": price(account.cash),
        "options_buying_power": price(account.cash),
        "options_approved_level": "0",
        "options_trading_level": "0",
        "accrued_fees": NO_MONEY,
        "initial_margin": NO_MONEY,
        "maintenance_margin": NO_MONEY,
        "last_maintenance_margin": NO_MONEY,
        "sma": NO_MONEY,
        "long_market_value": price(values[0]),
        "short_market_value": price(values[1]),
        "multiplier": "1",
        "shorting_enabled": account.shorting,
        "trading_blocked": bool(account.blocked),
        "account_blocked": bool(account.blocked),
        "transfers_blocked": False,
        "trade_suspended_by_user": False,
        "created_at": moment(opened),
    }


def position_shape(position: BrokerPosition, available: Decimal) -> Shape:
    """Return a position; `available` are the shares that no open order is to sell."""
    last = position.average if position.price is None else to_money(position.price)
    cost, value = position.qty * position.average, position.qty * last
    gain = plain(value - cost)
    share = plain(round((value - cost) / abs(cost), 8)) if cost else NO_MONEY
    return {
        "asset_id": asset_id(position.ticker),
        "symbol": position.ticker,
        "exchange": EXCHANGE,
        "asset_class": "us_equity",
        "asset_marginable": True,
        "qty": plain(position.qty),
        "qty_available": plain(available),
        "avg_entry_price": plain(position.average),
        "side": "long" if position.qty > 0 else "short",
        "market_value": plain(value),
        "cost_basis": plain(cost),
        "unrealized_pl": gain,
        "unrealized_plpc": share,
        "unrealized_intraday_pl": gain,
        "unrealized_intraday_plpc": share,
        "current_price": plain(last),
        "lastday_price": plain(last),
        "change_today": NO_MONEY,
    }


def clock_shape(clock: MarketClock) -> Shape:
    """Return the clock; its times are New York's."""
    at, opens, closes = (t.astimezone(NEW_YORK) for t in (clock.at, clock.opens, clock.closes))
    return {
        "timestamp": at.isoformat(),
        "is_open": clock.is_open,
        "next_open": opens.isoformat(),
        "next_close": closes.isoformat(),
    }


def day_shape(day: TradingDay) -> Shape:
    """Return a day of the calendar: New York's times without their zone, as Alpaca has them."""
    opens, closes = day.opens.astimezone(NEW_YORK), day.closes.astimezone(NEW_YORK)
    return {
        "date": day.day.isoformat(),
        "open": f"{opens:%H:%M}",
        "close": f"{closes:%H:%M}",
        "session_open": "0400",
        "session_close": "2000",
        "settlement_date": day.day.isoformat(),
    }


def asset_shape(asset: Asset) -> Shape:
    """Return what may be done with a ticker."""
    return {
        "id": asset_id(asset.ticker),
        "class": "us_equity",
        "exchange": EXCHANGE,
        "symbol": asset.ticker,
        "name": asset.name or asset.ticker,
        "status": "active" if asset.tradable else "inactive",
        "tradable": asset.tradable,
        "marginable": True,
        "shortable": asset.shortable,
        "easy_to_borrow": asset.shortable,
        "fractionable": asset.fractionable,
        "attributes": [],
    }
