"""The dashboard's built files, and the built-in page while there are none."""

import mimetypes
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.origin import Origin
from api.built_in_page import front_page, page_routes
from api.problems import NotFound
from api.unchanging import content_of, unchanging

FOREVER: Final = "public, max-age=31536000, immutable"  # a file's name has its hash
ASSETS: Final = "assets"
# Every page of the dashboard; each begins with the same document, which then shows the page.
PAGES: Final = (
    "/", "/trades", "/strategies", "/news", "/backtests", "/backtests/{run}", "/system",
    "/tickers/{ticker}", "/account",
)  # fmt: skip
PLAIN_FILES: Final = ("theme.js", "icon.svg")


def policy_of(origin: Origin) -> str:
    """Return the content policy of the dashboard: nothing inline, nothing from anywhere else."""
    socket = origin.public.replace("http", "ws", 1)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        f"img-src 'self' data:; connect-src 'self' {socket}; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


class Dashboard:
    """Serves a directory of built files; looks anew at each page, as it may be built meanwhile."""

    def __init__(self, directory: Path, origin: Origin) -> None:
        """Take where the files are, or will be."""
        self._directory = directory
        self._headers = {"Content-Security-Policy": policy_of(origin)}

    def routes(self) -> list[Route]:
        """Return the routes of pages and files."""
        return [
            *(Route(path, self.page) for path in PAGES),
            *(Route(f"/{name}", self.plain_file) for name in PLAIN_FILES),
            Route(f"/{ASSETS}/{{name}}", self.asset),
            *page_routes(),
        ]

    async def page(self, request: Request) -> Response:
        """Answer any page's address; with the built-in page while nothing is built."""
        return self.document(request) or front_page(request)

    def document(self, request: Request) -> Response | None:
        """Return the dashboard's document; None while it is not built."""
        body = self._page()
        return None if body is None else unchanging(request, body, "text/html", self._headers)

    def not_found(self) -> Response | None:
        """Return the document for an address that is none; None while it is not built.

        It has no tag and is not kept: whoever asks again is told again that nothing is there.
        """
        body, headers = self._page(), {**self._headers, "Cache-Control": "no-store"}
        return None if body is None else Response(body, 404, headers, "text/html")

    def _page(self) -> bytes | None:
        try:
            return content_of(self._directory / "index.html")
        except NotFound:
            return None

    async def plain_file(self, request: Request) -> Response:
        """Answer a file whose name stays the same."""
        path = self._directory / request.url.path.removeprefix("/")
        return unchanging(request, content_of(path), _media(path), self._headers)

    async def asset(self, request: Request) -> Response:
        """Answer a file whose name changes with what is in it."""
        path = self._directory / ASSETS / Path(request.path_params["name"]).name
        body = await run_in_threadpool(content_of, path)
        return unchanging(request, body, _media(path), {"Cache-Control": FOREVER})


def _media(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
