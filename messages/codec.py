"""JSON on the wire, one definition, two codecs.

msgspec reads and writes records on the hot path and enforces types and ranges. For what enters
from outside (feeds, files, other people's producers) `model_of` derives a pydantic model with
the same fields and limits from the same class: its errors name the field and its JSON Schema
is the published one.
"""

from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, datetime
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from messages.base import Message
from messages.errors import UNDECODABLE, TidewireError

T = TypeVar("T", bound=Message)
_encoder = msgspec.json.Encoder()
# PostgreSQL's text cannot hold it, and no feed has a use for it.
NUL = b"\\u0000"
NUL_DETAIL = "text with a NUL character"
MONEY_MAX = Decimal(10) ** 15  # dollars
_LIMITS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length")


class Unreadable(TidewireError, ValueError):
    """A record that breaks its topic's contract; goes to the dead-letter topic.

    Attributes:
        reason: the code: MALFORMED, or the message's own `problem()`.
        detail: one line that names the field.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the code and the one-line detail."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def encode(message: Message) -> bytes:
    """Write a message as JSON; fields in order of definition, so equal messages are equal bytes."""
    return _encoder.encode(message)


@cache
def decoder(schema: type[T]) -> Callable[[bytes], T]:
    """Return the strict reader of one message type; it raises `Unreadable`, nothing else."""
    read = msgspec.json.Decoder(schema).decode

    def decode(data: bytes) -> T:
        if NUL in data:
            raise Unreadable("MALFORMED", NUL_DETAIL)
        try:
            message = read(data)
        except UNDECODABLE as error:
            raise Unreadable("MALFORMED", str(error)[:500]) from None
        _check(message)
        return message

    return decode


@cache
def model_of(schema: type[Struct]) -> type[BaseModel]:
    """Derive the pydantic model of a message type: same fields, same limits, same order."""
    hints = get_type_hints(schema, include_extras=True)
    fields: dict[str, Any] = {
        f.name: (_annotation(hints[f.name]), _default(f)) for f in msgspec.structs.fields(schema)
    }
    config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")
    return create_model(schema.__name__, __config__=config, __doc__=schema.__doc__, **fields)


def validate(schema: type[T], values: dict[str, Any]) -> T:
    """Check a record from outside, field by field, and return the message.

    Raises:
        Unreadable: a field is missing, of the wrong type or out of range, or a rule across
            fields is broken.
    """
    try:
        checked = model_of(schema).model_validate(values)
        message = msgspec.convert(dict(checked), schema, from_attributes=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or schema.__name__
        raise Unreadable("MALFORMED", f"{where}: {first['msg']}"[:500]) from None
    except msgspec.ValidationError as error:
        raise Unreadable("MALFORMED", str(error)[:500]) from None
    _check(message)
    if NUL in encode(message):
        raise Unreadable("MALFORMED", NUL_DETAIL)
    return message


def _check(message: Message) -> None:
    """Refuse what no later step could hold, and what breaks the message's own rule."""
    naive = False
    for name, holds in _ranges(type(message)):
        value = getattr(message, name)
        if value is not None and not holds(value):
            raise Unreadable("MALFORMED", f"{name}: {value!s:.100} is out of range")
        naive = naive or (holds is _is_in_calendar and value is not None and value.tzinfo is None)
    reason = "NAIVE_TIME" if naive else message.problem()
    if reason is not None:
        raise Unreadable(reason, f"{type(message).__name__} {message.id}")


@cache
def _ranges(schema: type[Struct]) -> tuple[tuple[str, Callable[[Any], bool]], ...]:
    """Return the fields whose types are wider than what is computed and stored, with their tests.

    A time must survive every time zone, an amount fit NUMERIC(20, 4), a whole number a BIGINT or,
    where its definition says so, an INTEGER.
    """
    found: list[tuple[str, Callable[[Any], bool]]] = []
    for name, hint in get_type_hints(schema, include_extras=True).items():
        metas = [m for m in get_args(hint)[1:] if isinstance(m, Meta)]
        found += [(name, _within(m.extra["max"])) for m in metas if m.extra]
        wide = [kind for kind in (hint, *get_args(hint)) if kind in _WIDE and not metas]
        found += [(name, _WIDE[kind]) for kind in wide]
    return tuple(found)


def _is_in_calendar(moment: datetime) -> bool:
    return MINYEAR < moment.year < MAXYEAR


def _is_money(amount: Decimal) -> bool:
    return amount.is_finite() and abs(amount) <= MONEY_MAX


def _within(most: int) -> Callable[[int], bool]:
    return lambda number: -most <= number <= most


def _is_bigint(number: int) -> bool:
    return -(2**63) <= number < 2**63


_WIDE: dict[Any, Callable[[Any], bool]] = {
    datetime: _is_in_calendar,
    Decimal: _is_money,
    int: _is_bigint,
}


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT:
        return ...
    return field.default


def _annotation(hint: Any) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        metas = [m for m in args[1:] if isinstance(m, Meta)]
        limits = {k: v for m in metas for k in _LIMITS if (v := getattr(m, k)) is not None}
        if "pattern" in limits:
            # Python's end of text; in JSON Schema, as in pydantic, $ is the end and nothing else.
            limits["pattern"] = limits["pattern"].replace(r"\Z", "$")
        if args[0] is float:
            limits["allow_inf_nan"] = False
        return Annotated[_annotation(args[0]), Field(**limits)]
    if origin in (Union, UnionType):
        return Union[tuple(a if a is NoneType else _annotation(a) for a in args)]  # noqa: UP007 - built at run time
    if origin is tuple:
        return tuple[tuple(a if a is Ellipsis else _annotation(a) for a in args)]  # type: ignore[misc]  # built at run time
    if isinstance(hint, type) and issubclass(hint, Struct):
        return model_of(hint)
    return hint
