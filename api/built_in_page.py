"""The built-in page: three files that show the account, until a dashboard does."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.unchanging import unchanging

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
    """Return the routes of the page's files."""
    return [_route(path, name, media) for path, (name, media) in FILES.items()]


def _route(path: str, name: str, media: str) -> Route:
    body = (HERE / name).read_bytes()

    async def answer(request: Request) -> Response:
        return unchanging(request, body, media, {"Content-Security-Policy": POLICY})

    return Route(path, answer)
