"""The application, as one value made of a run and the ways to it."""

from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.context import Api
from api.dashboard import Dashboard
from api.dispatch import Dispatch
from api.endpoints import Endpoint
from api.guard import Guard
from api.live_socket import live_route
from api.openapi import document
from api.problems import MethodNotAllowed, NotFound
from api.routes import (
    backtests,
    broker,
    controls,
    market,
    passkeys,
    people,
    portfolio,
    sign_in,
    strategies,
    system,
    trades,
    verifications,
)
from api.unchanging import unchanging

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *system.ENDPOINTS, *sign_in.ENDPOINTS, *passkeys.ENDPOINTS, *people.ENDPOINTS,
    *portfolio.ENDPOINTS, *trades.ENDPOINTS, *strategies.ENDPOINTS, *market.ENDPOINTS,
    *controls.ENDPOINTS, *broker.ENDPOINTS, *backtests.ENDPOINTS, *verifications.ENDPOINTS,
)  # fmt: skip
SMALLEST_ZIPPED: Final = 1_024


def application(api: Api) -> Starlette:
    """Return the application; nothing is opened here."""
    described = msgspec.json.encode(document(ENDPOINTS))

    async def openapi(request: Request) -> Response:
        return unchanging(request, described, "application/json", {})

    dashboard = Dashboard(api.dashboard, api.access.origin)

    async def not_routed(request: Request, error: Exception) -> Response:
        """Answer what the router says: there is no such path, or not with this method.

        A browser that asks for a page is shown the dashboard's, which says so, too, and whole:
        of what is not there nobody can have a copy that still holds.
        """
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            page = dashboard.not_found()
            if page is not None:
                return page
        wrong_method = isinstance(error, HTTPException) and error.status_code == 405
        kind = MethodNotAllowed if wrong_method else NotFound
        code = "METHOD_NOT_ALLOWED" if wrong_method else "NO_SUCH_PATH"
        headers = getattr(error, "headers", None) or {}
        problem = kind(code, "See /api/openapi.json for what there is.", headers=headers)
        return problem.response(request.state.request_id)

    routes = [
        Route(e.path, _Endpoints.of(e.path, api).answer, methods=_methods(e.path))
        for e in ENDPOINTS
    ]
    unique = list({route.path: route for route in routes}.values())
    app = Starlette(
        routes=[
            *unique,
            Route("/api/openapi.json", openapi),
            live_route(api),
            *dashboard.routes(),
        ],
        middleware=[
            Middleware(Guard, origin=api.access.origin),
            Middleware(GZipMiddleware, minimum_size=SMALLEST_ZIPPED),
        ],
        exception_handlers={HTTPException: not_routed},
    )
    app.router.redirect_slashes = False  # a path is one of the document's, or there is none
    return app


def _methods(path: str) -> list[str]:
    return [e.method for e in ENDPOINTS if e.path == path]


class _Endpoints:
    """The endpoints of one path, by method."""

    def __init__(self, by_method: dict[str, Dispatch]) -> None:
        self._by_method = by_method

    @classmethod
    def of(cls, path: str, api: Api) -> "_Endpoints":
        return cls({e.method: Dispatch(e, api) for e in ENDPOINTS if e.path == path})

    async def answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await self._by_method[method](request)
