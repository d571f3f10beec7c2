"""Rows of a bar table, and an exchange that they are fed to; minutes after 10:00 in New York."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.simulated.rules import ExchangeRules, listed
from connectors.broker.values import NewOrder, OrderUpdate
from connectors.market.calendar import new_york_sessions
from messages.market import Bar, bar_id
from operators.params import FillParams

BEGINS: Final = datetime(2025, 3, 12, 14, 0, tzinfo=UTC)
CLOSES: Final = datetime(2025, 3, 12, 20, 0, tzinfo=UTC)
CASH: Final = 1_000_000_000  # units
D: Final = 10_000  # units of a dollar
FREE: Final = FillParams(slippage_bps=0, commission_per_share=0)

Row = tuple[float, float, float, float, int]


def minute(number: float) -> datetime:
    """Return a time."""
    return BEGINS + timedelta(minutes=number)


def bar(number: int, row: Row, ticker: str = "AAA", **changes: Any) -> Bar:
    """Return the bar of the minute that begins at one: open, high, low, close, volume."""
    opening, high, low, close, volume = row
    values = {
        "id": bar_id(ticker, minute(number), "1m"), "event_time": minute(number + 1),
        "ticker": ticker, "start": minute(number), "interval": "1m", "open": opening,
        "high": high, "low": low, "close": close, "volume": volume, "source": "test",
    }  # fmt: skip
    return Bar(**{**values, **changes})


def flat(price: float, volume: int = 1_000) -> Row:
    """Return a row of one price."""
    return (price, price, price, price, volume)


def exchange(
    params: FillParams = FREE, cash: int = CASH, seen: bool = True, **rules: Any
) -> SimulatedExchange:
    """Return an exchange where AAA and BBB have traded at 100 up to 10:00."""
    made = SimulatedExchange(
        params, cash, new_york_sessions(), listed("AAA", "BBB"), ExchangeRules(**rules)
    )
    if seen:
        for ticker in ("AAA", "BBB"):
            made.bar(bar(-1, flat(100), ticker))
    return made


def order(side: str = "BUY", qty: int = 10, kind: str = "MARKET", **values: Any) -> NewOrder:
    """Return an order for AAA; `limit` and `stop` in dollars."""
    for name in ("limit", "stop"):
        if name in values:
            values[name] = round(values[name] * D)
    asked: dict[str, Any] = {
        "client_order_id": "a", "ticker": "AAA", "side": side, "qty": qty, "type": kind, **values,
    }  # fmt: skip
    return NewOrder(**asked)


def fills(updates: list[OrderUpdate]) -> list[tuple[int, float]]:
    """Return the fills that were told: shares, and dollars."""
    return [(u.fill.qty, u.fill.price / D) for u in updates if u.fill is not None]
