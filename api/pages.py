"""Pages of lists: newest first, each with the cursor of the next."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from pydantic import Field
from starlette.responses import Response

from api.problems import Invalid
from api.values import Asked
from connectors.spreadsheet import csv_text
from connectors.storage.pages import NEWEST, After
from messages.units import to_micros

CSV: Final = "text/csv"
# Stamp and id of a page's last row.
At = tuple[
    Annotated[int, Meta(ge=-(2**62), le=2**62)], Annotated[str, Meta(pattern="^[^\\x00]*$")]
]  # fmt: skip
Limit = Annotated[int, Field(ge=1, le=500)]


class PageAsked(Asked):
    """Which page, and how many rows of it.

    Attributes:
        cursor: of the page before; without it the newest.
    """

    limit: Limit = 50
    cursor: Annotated[str, Field(max_length=400)] = ""


def after_of(asked: PageAsked) -> After:
    """Return where a page goes on.

    Raises:
        Invalid: the cursor is none that a page gave.
    """
    if not asked.cursor:
        return NEWEST
    try:
        padded = asked.cursor + "=" * (-len(asked.cursor) % 4)
        found = msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=At
        )
    except (binascii.Error, ValueError) as error:  # msgspec's errors are ValueErrors
        detail = "Take the cursor as the page before gave it."
        fields = {"cursor": "not a cursor"}
        raise Invalid("CURSOR_INVALID", detail, fields=fields) from error
    stamp, id_ = found
    return After(stamp, id_)


def page_before(after: After, until: datetime | None) -> After:
    """Return where a page goes on that leaves out a moment and all after it."""
    return after if until is None else min(after, After(to_micros(until), ""))


def cursor_of(rows: list[dict[str, Any]], limit: int) -> str | None:
    """Return the cursor of the page after some rows; None after the last."""
    if len(rows) < limit:
        return None
    at = msgspec.json.encode([rows[-1]["stamp"], rows[-1]["id"]])
    return base64.urlsafe_b64encode(at).decode().rstrip("=")


def csv_response(name: str, head: list[str], rows: list[dict[str, Any]]) -> Response:
    """Return rows as a CSV file of a name."""
    text = csv_text(head, ([row.get(column) for column in head] for row in rows))
    disposition = f'attachment; filename="{name}.csv"'
    return Response(text, headers={"Content-Disposition": disposition}, media_type=CSV)
