"""Orders and changes as Alpaca's clients write them, read into the seam's values or refused."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import uuid4

import msgspec
from starlette.requests import Request

from connectors.broker.stand_in.numbers import exact
from connectors.broker.stand_in.problems import invalid, unprocessable
from connectors.broker.values import Bracket, NewOrder, OrderType, Replacement, TimeInForce
from messages.base import Side
from messages.errors import UNDECODABLE

T = TypeVar("T")
SIDES: Final[dict[str, Side]] = {"buy": "BUY", "sell": "SELL"}
TYPES: Final[dict[str, OrderType]] = {
    "market": "MARKET", "limit": "LIMIT", "stop": "STOP", "stop_limit": "STOP_LIMIT",
}  # fmt: skip
TIMES: Final[dict[str, TimeInForce]] = {"day": "DAY", "gtc": "GTC", "ioc": "IOC"}
MOST_ID: Final = 48
UNIT: Final = Decimal("0.0001")
CENT: Final = Decimal("0.01")
MOST: Final = Decimal(10_000_000)
# Unlike json's, it refuses half of a surrogate pair, which nothing could write again.
BODY: Final = msgspec.json.Decoder(float_hook=Decimal)


async def body_of(request: Request) -> dict[str, Any]:
    """Return a request's JSON object.

    Raises:
        Refusal: it is none.
    """
    try:
        found = BODY.decode(await request.body() or b"{}")
    except (*UNDECODABLE, ArithmeticError) as error:  # a Decimal has exponents that it cannot hold
        reason = f"request body format is invalid: {error}"
        raise invalid(reason) from None
    if not isinstance(found, dict):
        reason = "request body format is invalid"
        raise invalid(reason)
    return found


def order_in(body: Mapping[str, Any]) -> NewOrder:
    """Read an order.

    Raises:
        Refusal: a field is missing, or is against a rule of Alpaca's.
    """
    kind = _word(body, "type", TYPES, "market")
    needs_limit, needs_stop = kind in ("LIMIT", "STOP_LIMIT"), kind in ("STOP", "STOP_LIMIT")
    limit, stop = _price(body, "limit_price"), _price(body, "stop_price")
    for name, value, needed in (("limit", limit, needs_limit), ("stop", stop, needs_stop)):
        if (value is not None) != needed:
            words = "requires a" if needed else "must have no"
            reason = f"{kind.lower()} order {words} {name} price"
            raise invalid(reason)
    time_in_force = _word(body, "time_in_force", TIMES, "")
    extended = body.get("extended_hours") is True
    if extended and (kind != "LIMIT" or time_in_force != "DAY"):
        reason = "extended hours order must be DAY limit orders"
        raise unprocessable(reason)
    if body.get("notional") is not None:
        reason = "notional orders are not supported by this stand-in"
        raise invalid(reason)
    return NewOrder(
        client_order_id=client_id(body),
        ticker=_symbol(body),
        side=_word(body, "side", SIDES, ""),
        qty=_required_qty(body),
        type=kind,
        time_in_force=time_in_force,
        limit=limit,
        stop=stop,
        extended_hours=extended,
        bracket=bracket_in(body),
    )


def replacement_in(body: Mapping[str, Any]) -> Replacement:
    """Read a change of an order; raises as `order_in`."""
    changes = {"limit": _price(body, "limit_price"), "stop": _price(body, "stop_price")}
    changes["qty"] = None if body.get("qty") is None else _required_qty(body)
    if not any(value is not None for value in changes.values()):
        reason = "at least one of qty, limit_price, stop_price is required"
        raise invalid(reason)
    return Replacement(client_order_id=client_id(body), **changes)


def client_id(body: Mapping[str, Any]) -> str:
    """Return the client's id of an order, or a new one; raises where it is none, or too long."""
    found = body.get("client_order_id")
    if found is None or found == "":
        return str(uuid4())
    if not isinstance(found, str):
        reason = "client_order_id is not a string"
        raise invalid(reason)
    if len(found) > MOST_ID:
        reason = f"client_order_id must be no more than {MOST_ID} characters"
        raise invalid(reason)
    return found


def bracket_in(body: Mapping[str, Any]) -> Bracket | None:
    """Read the legs of a bracket or of a one-triggers-other order with a stop; None for none."""
    kind = body.get("order_class") or "simple"
    if kind == "simple":
        return None
    if not isinstance(kind, str):
        reason = "invalid order_class"
        raise invalid(reason)
    stop, target = body.get("stop_loss"), body.get("take_profit")
    if kind not in ("bracket", "oto") or not isinstance(stop, dict):
        reason = f"order_class {kind} needs a stop_loss, and is bracket or oto in this stand-in"
        raise invalid(reason)
    if (kind == "bracket") != isinstance(target, dict):
        reason = f"{kind} orders {'require' if kind == 'bracket' else 'must have no'} take_profit"
        raise unprocessable(reason)
    price = _price(stop, "stop_price")
    if price is None:
        reason = "stop_loss requires stop_price"
        raise invalid(reason)
    return Bracket(stop=price, target=_price(target or {}, "limit_price"))


def _symbol(body: Mapping[str, Any]) -> str:
    found = body.get("symbol")
    if not isinstance(found, str) or not found:
        reason = "symbol is required"
        raise invalid(reason)
    return found


def _required_qty(body: Mapping[str, Any]) -> int:
    number = _number(body, "qty")
    if number is None:
        reason = "qty or notional is required"
        raise invalid(reason)
    if number <= 0:
        reason = "qty must be > 0"
        raise invalid(reason)
    if number != int(number) or number > MOST:
        reason = "qty must be a whole number of shares in this stand-in"
        raise invalid(reason)
    return int(number)


def _price(body: Mapping[str, Any], name: str) -> int | None:
    number = _number(body, name)
    if number is None:
        return None
    if not 0 < number <= MOST:
        reason = f"{name} must be > 0"
        raise invalid(reason)
    if number % (CENT if number >= 1 else UNIT):
        reason = (
            f"invalid {name} {number}. sub-penny increment does not fulfill minimum pricing "
            "criteria"
        )
        raise unprocessable(reason)
    return int(number / UNIT)


def _number(body: Mapping[str, Any], name: str) -> Decimal | None:
    value = body.get(name)
    if value is None:
        return None
    number = exact(value)
    if number is None:
        reason = f"{name} is not a number"
        raise invalid(reason)
    return number


def _word(body: Mapping[str, Any], name: str, words: Mapping[str, T], default: str) -> T:
    found = body.get(name) or default
    if not isinstance(found, str):
        reason = f"invalid {name}"
        raise invalid(reason)
    if found not in words:
        reason = f"invalid {name} {found!r}" if found else f"{name} is required"
        raise invalid(reason)
    return words[found]
