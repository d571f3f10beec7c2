"""Alpaca's refusals: an HTTP status, and a body of a code and a message."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from messages.errors import TidewireError


class Refusal(TidewireError):
    """A request to the stand-in that is answered with an error, in Alpaca's words.

    Operator action: see the message, as with Alpaca.

    Attributes:
        status: of HTTP.
        body: `code`, `message` and what else Alpaca tells with them.
    """

    def __init__(self, status: int, code: int, message: str, **more: str) -> None:
        """Take the answer; a code of 0 is left out, as the data API does."""
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = ({"code": code} if code else {}) | {"message": message} | more


def invalid(message: str) -> Refusal:
    """Return the refusal of a request that cannot be understood or is against a rule."""
    return Refusal(422, 40010001, message)


def unprocessable(message: str) -> Refusal:
    """Return the refusal of a request that an order's state, or its price, does not allow."""
    return Refusal(422, 42210000, message)


def not_found(what: str) -> Refusal:
    """Return the refusal of a request for what is not there."""
    return Refusal(404, 40410000, f"{what} not found")


def forbidden(message: str, **more: str) -> Refusal:
    """Return the refusal of an order that the account cannot bear."""
    return Refusal(403, 40310000, message, **more)


def answer_of(_request: Request, refusal: Exception) -> Response:
    """Answer with a refusal; Starlette's handler for it."""
    assert isinstance(refusal, Refusal)  # noqa: S101 - it is registered for nothing else
    return JSONResponse(refusal.body, refusal.status)
