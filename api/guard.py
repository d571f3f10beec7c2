"""What every request passes: its id, the host it is for, headers of safety, and errors."""

import logging
import re
import uuid
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.origin import Origin
from api.problems import Internal, Misdirected, Problem
from api.trace import server_span, traceparent_of

log = logging.getLogger(__name__)
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS: Final = "max-age=31536000"


class Guard:
    """Wraps the application; answers what went wrong in it as problem details."""

    def __init__(self, app: ASGIApp, origin: Origin) -> None:
        """Take the application and the hosts it answers for."""
        self._app = app
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, began = Headers(scope=scope), False
        given = headers.get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        trace = traceparent_of(server_span(headers))
        scope.setdefault("state", {}).update(request_id=request_id, trace=trace)

        async def answer(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                told = MutableHeaders(scope=message)
                told["traceresponse"] = trace
                self._complete(told, request_id)
            await send(message)

        try:
            self._must_be_for_us(headers)
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            return  # it has gone while it was still sending: there is nobody to answer
        except Problem as problem:
            await problem.response(request_id)(scope, receive, answer)
        except Exception:
            what: dict[str, Any] = {
                "request_id": request_id, "path": scope["path"], "trace": trace.split("-")[1],
            }  # fmt: skip
            log.exception("request failed", extra=what)
            if began:
                raise  # half an answer is out: the connection is cut, so that nobody trusts it
            code, detail = "FAULT", "A fault of this program; its log has it by the request's id."
            await Internal(code, detail).response(request_id)(scope, receive, answer)

    def _must_be_for_us(self, headers: Headers) -> None:
        """Refuse other hosts: a foreign page may give our address a name of its own."""
        if headers.get("host", "").lower() not in self._origin.hosts:
            raise Misdirected("WRONG_HOST", f"This server is {self._origin.public}.")

    def _complete(self, headers: MutableHeaders, request_id: str) -> None:
        headers["X-Request-Id"] = request_id
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if self._origin.secure:
            headers["Strict-Transport-Security"] = HSTS
