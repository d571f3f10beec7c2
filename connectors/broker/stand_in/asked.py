"""Query parameters as Alpaca's clients write them, read or refused."""

from datetime import UTC, date, datetime, time
from typing import Final, TypeVar

import msgspec
from starlette.requests import Request

from connectors.broker.stand_in.problems import invalid

T = TypeVar("T")
YES: Final = frozenset(("true", "1", "t"))
BEGIN: Final = datetime(1, 1, 2, tzinfo=UTC)
END: Final = datetime(9999, 12, 30, tzinfo=UTC)
MOST_DIGITS: Final = 18


def moment_in(request: Request, name: str, default: datetime) -> datetime:
    """Return a time: RFC 3339, or a day, which is its first moment in UTC.

    Raises:
        Refusal: it is neither.
    """
    text = request.query_params.get(name)
    if not text:
        return default
    try:
        if len(text) == len("2026-03-19"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        found = msgspec.convert(text, datetime)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, msgspec.ValidationError):  # its zone may leave the calendar
        reason = f"invalid {name}: {text}"
        raise invalid(reason) from None


def day_in(request: Request, name: str, default: date) -> date:
    """Return a day; raises as `moment_in`."""
    return moment_in(request, name, datetime.combine(default, time(), UTC)).date()


def number_in(request: Request, name: str, default: int, most: int) -> int:
    """Return a whole number from 1 to some most.

    Raises:
        Refusal: it is none.
    """
    text = request.query_params.get(name)
    if not text:
        return default
    if not _is_whole(text) or not 1 <= int(text) <= most:
        reason = f"invalid {name}: {text}"
        raise invalid(reason)
    return int(text)


def choice_in(request: Request, name: str, choices: tuple[str, ...]) -> str:
    """Return one of some words, the first by default.

    Raises:
        Refusal: it is another.
    """
    found = request.query_params.get(name) or choices[0]
    if found not in choices:
        reason = f"invalid {name}: {found}"
        raise invalid(reason)
    return found


def yes_in(request: Request, name: str) -> bool:
    """Tell whether a parameter says yes."""
    return request.query_params.get(name, "").lower() in YES


def symbols_in(request: Request) -> list[str]:
    """Return the symbols that are asked for; none for all."""
    return [s for s in request.query_params.get("symbols", "").split(",") if s]


def page_of(items: list[T], token: str | None, limit: int) -> tuple[list[T], str | None]:
    """Return a page of a list and the token of the next one; None behind the last.

    Raises:
        Refusal: the token is none of ours.
    """
    if token and not _is_whole(token):
        reason = f"invalid page_token: {token}"
        raise invalid(reason)
    first = int(token or 0)
    end = first + limit
    return items[first:end], str(end) if end < len(items) else None


def _is_whole(text: str) -> bool:
    """Tell whether a text is a whole number that `int` reads at once: of few digits, all ASCII."""
    return len(text) <= MOST_DIGITS and text.isascii() and text.isdigit()
