"""Pages of lists: newest first, each with the cursor of the next."""

import base64
import binascii
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta
from pydantic import Field
from starlette.responses import Response

from api.problems import Invalid
from api.values import Asked
from connectors.spreadsheet import csv_text
from connectors.storage.pages import FIRST_STAMP, NEWEST, After
from messages.units import to_micros

CSV: Final = "text/csv"
NAME_BYTES: Final = 6
# Not part of which list it is: how much of it is asked for, and how it is written.
NO_FILTERS: Final = frozenset({"cursor", "limit", "format"})
NO_CURSOR: Final = "Take the cursor as the page before gave it."
NOT_OF_THIS: Final = "Take the cursor of a page of this list, with the filters of that page."
Stamp = Annotated[int, Meta(ge=-(2**62), le=2**62)]
# Which list; stamp and id of a page's last row; the stamp before which all its pages look.
At = tuple[str, Stamp, Annotated[str, Meta(pattern="^[^\\x00]*$")], Stamp]
Limit = Annotated[int, Field(ge=1, le=500)]


class PageAsked(Asked):
    """Which page, and how many rows of it.

    Attributes:
        cursor: of the page before, of the same list with the same filters; without it the newest.
    """

    limit: Limit = 50
    cursor: Annotated[str, Field(max_length=400)] = ""


class Place(NamedTuple):
    """Where a page goes on, and the stamp before which all pages of its list look."""

    after: After
    before: int = FIRST_STAMP


def place_of(asked: PageAsked, of: str) -> Place:
    """Return where a page goes on.

    Args:
        asked: with the cursor.
        of: name of the list, which with its filters is the only one that takes the cursor.

    Raises:
        Invalid: the cursor is none that a page of this list gave.
    """
    if not asked.cursor:
        return Place(NEWEST)
    try:
        padded = asked.cursor + "=" * (-len(asked.cursor) % 4)
        found = msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=At
        )
    except (binascii.Error, ValueError) as error:  # msgspec's errors are ValueErrors
        raise _invalid(NO_CURSOR, "not a cursor") from error
    name, stamp, id_, before = found
    if name != _name(asked, of):
        raise _invalid(NOT_OF_THIS, "of another list, or of other filters")
    return Place(After(stamp, id_), before)


def after_of(asked: PageAsked, of: str) -> After:
    """Return the row that a page goes on behind; see `place_of`."""
    return place_of(asked, of).after


def page_before(after: After, until: datetime | None) -> After:
    """Return where a page goes on that leaves out a moment and all after it."""
    return after if until is None else min(after, After(to_micros(until), ""))


def cursor_of(rows: list[dict[str, Any]], asked: PageAsked, of: str) -> str | None:
    """Return the cursor of the page after some rows of a list; None after the last."""
    if len(rows) < asked.limit:
        return None
    return cursor_at(Place(After(rows[-1]["stamp"], rows[-1]["id"])), asked, of)


def cursor_at(place: Place, asked: PageAsked, of: str) -> str:
    """Return the cursor of the page of a list that goes on at a place."""
    at = msgspec.json.encode([_name(asked, of), *place.after, place.before])
    return base64.urlsafe_b64encode(at).decode().rstrip("=")


def _name(asked: PageAsked, of: str) -> str:
    """Return a short name of a list with its filters."""
    told = [of, asked.model_dump(mode="json", exclude=set(NO_FILTERS))]
    return blake2b(msgspec.json.encode(told), digest_size=NAME_BYTES).hexdigest()


def _invalid(detail: str, why: str) -> Invalid:
    return Invalid("CURSOR_INVALID", detail, fields={"cursor": why})


def csv_response(
    name: str, head: list[str], rows: list[dict[str, Any]], following: str = ""
) -> Response:
    """Return rows as a CSV file of a name; `following`: address of the next page, if there is one.

    The address stands in the header `Link` (RFC 8288), as a file has no place for a cursor.
    """
    text = csv_text(head, ([row.get(column) for column in head] for row in rows))
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    if following:
        headers["Link"] = f'<{following}>; rel="next"'
    return Response(text, headers=headers, media_type=CSV)
