"""The base of every message, and the ids that make cause and effect traceable."""

from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

Direction = Literal["LONG", "SHORT", "NEUTRAL"]
Side = Literal["BUY", "SELL"]

# \Z and not $, which lets a newline follow; the published schemas say $ (see codec.py).
Ticker = Annotated[str, Meta(pattern=r"^[A-Z0-9][A-Z0-9.\-]{0,11}\Z")]
Price = Annotated[float, Meta(gt=0, le=10_000_000)]
PriceOrNothing = Annotated[float, Meta(ge=0, le=10_000_000)]
Unit = Annotated[float, Meta(ge=0, le=1)]
Score = Annotated[float, Meta(ge=-1, le=1)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
# Numbers that are stored in four bytes; their published limits are those of the first release.
SMALL_MAX: Final = 2**31 - 1
Small = Annotated[int, Meta(extra={"max": SMALL_MAX})]
SmallCount = Annotated[int, Meta(ge=0, le=2**53, extra={"max": SMALL_MAX})]
MAX_PAYLOAD = 65_536  # bytes of an unusable record that its dead letter keeps
Id = Annotated[str, Meta(min_length=1, max_length=128)]


class Message(Struct, frozen=True, kw_only=True, gc=False):
    """A fact: what happened, when the source says it happened, and what it came from.

    Attributes:
        id: pure function of what caused the fact; the same cause always makes the same id.
        causes: ids of the facts this one came from, in the order they were used.
        event_time: when it happened by its source's own account, UTC.
    """

    id: Id
    event_time: datetime
    causes: tuple[str, ...] = ()

    def problem(self) -> str | None:
        """Return the reason code of a rule broken across fields, or None when all hold.

        Called at every entry after types, ranges and time zones were checked. Must be pure: the
        same message has the same problem in every process.
        """
        return None


def make_id(kind: str, *parts: object) -> str:
    """Make the id of a fact from what caused it; 36 characters, fits a client_order_id.

    >>> make_id("sig", "AAPL", 1) == make_id("sig", "AAPL", 1)
    True
    """
    digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    return f"{kind}-{digest}"
