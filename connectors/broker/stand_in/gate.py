"""What every request passes: keys, the rate limit, and the faults of answers."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.broker.stand_in.connections import Connections
from connectors.broker.stand_in.faults import Faults
from connectors.broker.stand_in.keys import Keys
from connectors.broker.stand_in.limiter import Limiter

BY_HAND: Final = "/stand-in/"  # without keys, limits and faults
HOSTS: Final = frozenset(("127.0.0.1", "localhost", "[::1]"))
DATA: Final = ("/v2/stocks/", "/v1beta1/")
CHANGES: Final = frozenset(("POST", "PATCH", "DELETE"))
STORM: Final = 3  # requests in a row
PAGE: Final = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


class Gate:
    """The outermost part of the application."""

    def __init__(
        self, app: ASGIApp, keys: Keys, trading: Limiter, data: Limiter, faults: Faults,
        connections: Connections, clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        """Stand before an application; the trading and the data API have a limit each."""
        self._app, self._keys, self._connections = app, keys, connections
        self._trading, self._data = trading, data
        self.faults = faults
        self._storm, self._clock = 0, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(BY_HAND):
            ours = _from_this_machine(Headers(scope=scope))
            await (self._app if ours else _foreign())(scope, receive, send)
            return
        of_data = scope["path"].startswith(DATA)
        limiter = self._data if of_data else self._trading
        refused = self._refused(Headers(scope=scope), limiter, of_data=of_data)

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = [(k.lower().encode(), v.encode()) for k, v in limiter.headers().items()]
                message = {**message, "headers": [*message.get("headers", []), *more]}
            await send(message)

        if refused is not None:
            await refused(scope, receive, counted)
        elif self._stormy(f"{scope['method']} {scope['path']}"):
            await self._storms_answer()(scope, receive, send)
        else:
            await self._faulty(scope, receive, counted)

    def _refused(self, headers: Headers, limiter: Limiter, *, of_data: bool) -> Response | None:
        fits = self._keys.fit(headers.get("apca-api-key-id"), headers.get("apca-api-secret-key"))
        if not fits and of_data:
            return JSONResponse({"message": "forbidden."}, 403)
        if not fits:
            return JSONResponse({"code": 40110000, "message": "request is not authorized"}, 401)
        return None if limiter.take() else _too_many()

    async def _faulty(self, scope: Scope, receive: Receive, send: Send) -> None:
        what = f"{scope['method']} {scope['path']}"
        changes = scope["method"] in CHANGES
        if (number := self.faults.strikes("html", what)) is not None:
            if self.faults.draw("html", number, "when") < 1 / 2:
                await self._app(scope, receive, _nowhere)
            await HTMLResponse(PAGE, 502)(scope, receive, send)
        elif changes and self.faults.strikes("accepted_504", what) is not None:
            await self._app(scope, receive, _nowhere)
            late = {"code": 50410000, "message": "request timed out"}
            await JSONResponse(late, 504)(scope, receive, send)
        elif self.faults.strikes("dropped", what) is not None:
            await self._app(scope, receive, _nowhere)
            await self._connections.abort(scope, receive)
        else:
            await self._app(scope, receive, send)

    def _stormy(self, what: str) -> bool:
        """Tell whether a request is one of a storm; the first that is struck begins it."""
        if self._storm:
            self._storm -= 1
            return True
        if self.faults.strikes("storms", what) is None:
            return False
        self._storm = STORM - 1
        return True

    def _storms_answer(self) -> Response:
        """Refuse, and ask for a second's patience: a storm is over before the minute is."""
        reset = str(int(self._clock().timestamp()) + 1)
        answer = _too_many()
        answer.headers.update({"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": reset})
        return answer


async def _nowhere(_message: Message) -> None:
    """Drop a part of an answer."""


def _from_this_machine(headers: Headers) -> bool:
    """Tell whether no web page asked: those say their origin, or name a host of their own."""
    host = headers.get("host", "").lower()
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return "origin" not in headers and name in HOSTS


def _foreign() -> Response:
    reason = "what is done by hand is for programs of this machine, not for web pages"
    return JSONResponse({"code": 40310000, "message": reason}, 403)


def _too_many() -> Response:
    return JSONResponse({"code": 42910000, "message": "rate limit exceeded"}, 429)
