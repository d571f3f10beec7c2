"""Answers that stay the same while the program does: sent once, then only confirmed (RFC 9110)."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from api.problems import NotFound


def unchanging(
    request: Request, body: bytes, media: str, headers: Mapping[str, str]
) -> Response:  # fmt: skip
    """Return a body with its entity tag; 304 to whoever has it already.

    It is asked for anew each time, unless `headers` say for how long it may be kept.
    """
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    sent = {"Cache-Control": "no-cache", **headers, "ETag": tag}
    known = request.headers.get("if-none-match", "")
    # The zipped form of the same body is as good; `W/` says no more than that.
    if tag in {part.strip().removeprefix("W/") for part in known.split(",")}:
        return Response(status_code=304, headers=sent)
    return Response(body, headers=sent, media_type=media)


def content_of(path: Path) -> bytes:
    """Return what is in a file that is served.

    It is read whole before anything is answered: a file may vanish, or fail, at any moment.

    Raises:
        NotFound: there is none, or it cannot be read.
    """
    missing = NotFound("NO_SUCH_FILE", "There is no such file: load the page again.")
    try:
        if path.is_file():
            return path.read_bytes()
    except OSError as error:  # a name too long, no permission, gone meanwhile
        raise missing from error
    raise missing
