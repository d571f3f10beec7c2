"""Values on the wire: money as exact decimals in strings, times in RFC 3339 UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

FIRST_YEAR: Final = 1901  # beyond what is stored, and far from where a calendar ends
LAST_YEAR: Final = 2199
# Fields of what is asked that name the end of a range -> the one that names its beginning.
BEGINS: Final[Mapping[str, str]] = MappingProxyType(
    {"until": "since", "last": "first", "max_score": "min_score"}
)


def money_text(amount: Decimal) -> str:
    """Return dollars with their four decimals."""
    return f"{amount:.4f}"  # whole units of 1/10,000 dollar: nothing is rounded


def moment_text(moment: datetime) -> str:
    """Return a time as RFC 3339 writes it, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def not_allowed(why: str) -> PydanticCustomError:
    """Return the error of a field, in our words alone."""
    return PydanticCustomError("not_allowed", "{why}", {"why": why})


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        reason = "needs a zone, such as 2025-03-12T14:30:00Z"
        raise not_allowed(reason)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        reason = f"name a time from {FIRST_YEAR} to {LAST_YEAR}"
        raise not_allowed(reason)
    return moment


Money = Annotated[
    Decimal,
    PlainSerializer(money_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+\.\d{4}$", "examples": ["1007757.9226"]}),
]
Moment = Annotated[
    datetime,
    AfterValidator(_aware),
    PlainSerializer(moment_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
TICKER: Final = r"^[A-Z0-9][A-Z0-9./-]{0,11}$"
Ticker = Annotated[str, Field(pattern=TICKER, examples=["AAPL"])]
Id = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]


class Answer(BaseModel):
    """What a route answers."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """What a route is asked: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        """Refuse text that no log or table can hold: NUL characters, halves of surrogate pairs."""
        if isinstance(value, str) and not is_plain(value):
            reason = "text with a NUL character or half a surrogate pair"
            raise not_allowed(reason)
        return value

    @field_validator("*")
    @classmethod
    def _is_in_order(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse a range whose end lies before its beginning: it holds nothing, ever."""
        name = BEGINS.get(info.field_name or "", "")
        begin = info.data.get(name)
        if value is not None and begin is not None and value < begin:
            reason = f"lies before {name}: exchange the two"
            raise not_allowed(reason)
        return value


def is_plain(text: str) -> bool:
    """Tell whether text can be stored and written as UTF-8."""
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
