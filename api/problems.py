"""Errors as RFC 9457 problem details: a code for programs, a sentence for people.

Problem
  +-- BadRequest          400  what was sent cannot be read
  +-- NotSignedIn         401  no token, or one that is none any more
  +-- Forbidden           403  a role that may not
  +-- NotFound            404
  +-- Conflict            409  not in this state of things
  +-- TooLarge            413
  +-- Misdirected         421  a host that this server does not answer for
  +-- Invalid             422  what was read is not allowed
  +-- TooMany             429  come back later
  +-- Away                503  database or broker do not answer
  +-- TooSlow             503  the database took too long over it
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final

from pydantic import BaseModel
from starlette.responses import JSONResponse

MEDIA_TYPE: Final = "application/problem+json"
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class ProblemDetails(BaseModel):
    """An error, as RFC 9457 writes it.

    Attributes:
        type: urn:tidewire: and the code in lower case.
        title: of the status.
        detail: what is amiss, and what to do.
        code: for programs.
        request_id: by which the logs know the request.
        fields: name of each field that is not allowed -> why.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    fields: dict[str, str] | None = None


class Problem(Exception):
    """An answer other than what was asked for.

    Attributes:
        status: of HTTP; title: its words.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal Server Error"

    def __init__(
        self, code: str, detail: str, *, fields: dict[str, str] | None = None,
        headers: Mapping[str, str] = NOTHING,
    ) -> None:  # fmt: skip
        """Say what is amiss and what to do; never with anything internal."""
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.fields, self.headers = code, detail, fields, headers

    def response(self, request_id: str) -> JSONResponse:
        """Return the answer."""
        body: dict[str, Any] = {
            "type": f"urn:tidewire:{self.code.lower().replace('_', '-')}", "title": self.title,
            "status": self.status, "detail": self.detail, "code": self.code,
            "request_id": request_id,
        }  # fmt: skip
        if self.fields:
            body["fields"] = self.fields
        headers = {"Cache-Control": "no-store", **self.headers}
        return JSONResponse(body, self.status, headers, MEDIA_TYPE)


class BadRequest(Problem):
    """What was sent cannot be read."""

    status, title = 400, "Bad Request"


class NotSignedIn(Problem):
    """There is no access token, or it is none any more."""

    status, title = 401, "Unauthorized"

    def __init__(self, code: str, detail: str) -> None:
        """Say so, with the scheme that is expected."""
        super().__init__(code, detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    """Who is signed in may not do this."""

    status, title = 403, "Forbidden"


class NotFound(Problem):
    """There is nothing of that name."""

    status, title = 404, "Not Found"


class MethodNotAllowed(Problem):
    """The path is there, and does not know the method."""

    status, title = 405, "Method Not Allowed"


class Conflict(Problem):
    """It cannot be done as things are."""

    status, title = 409, "Conflict"


class TooLarge(Problem):
    """The body is larger than any that is expected."""

    status, title = 413, "Content Too Large"


class WrongType(Problem):
    """The body is not JSON."""

    status, title = 415, "Unsupported Media Type"


class Misdirected(Problem):
    """The request is for another host."""

    status, title = 421, "Misdirected Request"


class Invalid(Problem):
    """What was read is not allowed; `fields` names what."""

    status, title = 422, "Unprocessable Content"


class TooMany(Problem):
    """Too many of these."""

    status, title = 429, "Too Many Requests"

    def __init__(self, seconds: int, code: str = "RATE_LIMITED", detail: str = "") -> None:
        """Say when to come back; without a detail what there is too much of is requests."""
        detail = detail or f"Too many requests of this kind: try again in {seconds} s."
        super().__init__(code, detail, headers={"Retry-After": str(seconds)})


class Internal(Problem):
    """A fault of this program; the log has it under the request's id."""


class Away(Problem):
    """The database or the broker does not answer; the same request may succeed soon."""

    status, title = 503, "Service Unavailable"

    def __init__(self, what: str) -> None:
        """Name what is away."""
        detail = f"The {what} does not answer; it is tried again with each request."
        super().__init__(f"{what.upper()}_AWAY", detail, headers={"Retry-After": "2"})


class TooSlow(Problem):
    """The database took longer over it than it may."""

    status, title = 503, "Service Unavailable"

    def __init__(self) -> None:
        """Say what to ask for instead."""
        detail = "This took the database over ten seconds: ask for less, such as a shorter time."
        super().__init__("TOO_SLOW", detail, headers={"Retry-After": "10"})


ALL: Final = (
    BadRequest, NotSignedIn, Forbidden, NotFound, MethodNotAllowed, Conflict, TooLarge, WrongType,
    Misdirected, Invalid, TooMany, Away, TooSlow,
)  # fmt: skip
