"""Values: requests and runs as frozen structs whose id is the hash of what they say.

Two values that say the same have the same id, on any machine and in any directory. What only helps
people to recognise a value, such as the name of a file, is kept in it and left out of the id.
"""

import math
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Final, Self, get_type_hints

import msgspec
from msgspec import Meta, Struct

from messages.base import make_id
from messages.errors import UNDECODABLE, TidewireError

MAX_REQUEST: Final = 1_048_576  # bytes of a value in JSON
Text = Annotated[str, Meta(max_length=2_048)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
# A parameter of an operator or of a feed; lists hold texts.
Plain = bool | int | float | str | None | tuple[str, ...]
Groups = dict[str, dict[str, Plain]]


class RequestInvalid(TidewireError, ValueError):
    """A request or a run does not hold what it must. Operator action: correct what it names."""


class Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of requests and runs. Checked when it is made, in code and from JSON alike.

    Attributes:
        KIND: prefix of its ids.
        BESIDE: fields that are kept for people and are no part of its identity.
    """

    KIND: ClassVar[str] = "val"
    BESIDE: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        """Check every field against its type; lists and dictionaries are copied.

        Raises:
            RequestInvalid: a field is of another type or out of its range, or `problem` finds
                fields that contradict each other.
        """
        for name, kind in _fields(type(self)).items():
            value = getattr(self, name)
            try:
                checked = msgspec.convert(value, kind)
            except msgspec.ValidationError as error:
                reason = f"{name}: {str(error).replace(' - at `$', ' - at `' + name)}."
                raise RequestInvalid(reason) from None
            if not _is_finite(checked):
                reason = f"{name}: NaN and infinity are no numbers here."
                raise RequestInvalid(reason)
            msgspec.structs.force_setattr(self, name, checked)
        if (problem := self.problem()) is not None:
            raise RequestInvalid(problem)

    def problem(self) -> str | None:
        """Return what fields contradict each other in, with what to do; None when none does."""
        return None

    @property
    def canonical(self) -> bytes:
        """Return what the value says, as JSON with sorted keys and times in UTC."""
        return msgspec.json.encode(_identity(self), order="sorted")

    @property
    def sha256(self) -> str:
        """Return SHA-256 of the canonical bytes, in hex."""
        return sha256(self.canonical).hexdigest()

    @property
    def id(self) -> str:
        """Return the id: a hash of the canonical bytes behind the kind's prefix."""
        return make_id(self.KIND, self.canonical.decode())

    def to_json(self) -> bytes:
        """Return the whole value, with what is kept beside, as JSON with sorted keys."""
        return msgspec.json.encode(self, order="sorted")

    @classmethod
    def from_json(cls, data: bytes | str) -> Self:
        """Read a value.

        Raises:
            RequestInvalid: it is too long, is not JSON, has a field that is unknown or missing,
                or a field does not hold what it must.
        """
        if len(data) > MAX_REQUEST:
            reason = f"it is longer than {MAX_REQUEST:,} bytes: leave something out."
            raise RequestInvalid(reason)
        try:
            return msgspec.json.decode(data, type=cls)
        except UNDECODABLE as error:
            raise RequestInvalid(str(error) or "it is nested too deeply.") from None


@cache
def _fields(kind: type[Value]) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in msgspec.structs.fields(kind)}


def _identity(value: Any) -> Any:
    """Return plain JSON values without what is kept beside."""
    if isinstance(value, Value):
        return {
            name: _identity(getattr(value, name))
            for name in value.__struct_fields__
            if name not in value.BESIDE
        }
    if isinstance(value, dict):
        return {key: _identity(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_identity(each) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value + 0.0 if isinstance(value, float) else value  # -0.0 is 0.0


def _is_finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_is_finite(each) for each in value.values())
    return True
