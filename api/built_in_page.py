"""The built-in page: three files that show the account where no dashboard is built."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.unchanging import content_of, unchanging

HERE: Final = Path(__file__).parent / "page"
FILES: Final = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_routes() -> list[Route]:
    """Return the routes of the page's files but the page itself."""
    return [_route(path) for path in FILES if path != "/"]


def front_page(request: Request) -> Response:
    """Return the page."""
    return _file(request, "/")


def _file(request: Request, path: str) -> Response:
    name, media = FILES[path]
    return unchanging(request, content_of(HERE / name), media, {"Content-Security-Policy": POLICY})


def _route(path: str) -> Route:
    async def answer(request: Request) -> Response:
        return _file(request, path)

    return Route(path, answer)
