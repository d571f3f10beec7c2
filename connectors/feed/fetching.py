"""One fetch over HTTP: bounded in time, size and redirects; conditional; errors as reasons."""

import logging
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import httpx

from connectors.feed.failures import FeedFailed
from connectors.feed.hiding import shown_address
from connectors.feed.redirects import check_redirect

MAX_REDIRECTS: Final = 5
ACCEPT: Final = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"
NOT_MODIFIED: Final = 304
GOOD: Final = 200
GZIP: Final = b"\x1f\x8b\x08"
# It writes every address with all that is in it, at the level of information.
logging.getLogger("httpx").setLevel(logging.WARNING)
NO_MEMORY: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer.

    Attributes:
        body: decoded from gzip and the like; empty if nothing changed.
        changed: False after a 304.
        content_type: as the server says, charset included.
        url: after redirects.
        memory: validators for the next fetch.
    """

    body: bytes
    changed: bool
    content_type: str
    url: str
    memory: Mapping[str, str]


class Fetcher:
    """Fetches; may be used from any thread."""

    def __init__(
        self, user_agent: str, timeout_s: float, max_bytes: int, *, private_redirects: bool = False
    ) -> None:
        """Set the bounds of each fetch.

        Args:
            user_agent: who asks.
            timeout_s: of the whole fetch, seconds.
            max_bytes: of the decoded body.
            private_redirects: a feed may lead to this machine and into its network.
        """
        self._timeout_s, self._max_bytes = timeout_s, max_bytes
        self._private_redirects = private_redirects
        self._client = httpx.Client(
            headers={"User-Agent": user_agent, "Accept": ACCEPT},
            timeout=httpx.Timeout(timeout_s),
        )  # fmt: skip

    def fetch(self, url: str, memory: Mapping[str, str] = NO_MEMORY) -> Fetched:
        """Fetch a feed.

        Args:
            url: http or https.
            memory: of the fetch before, for a conditional request.

        Raises:
            FeedFailed: with a reason code.
        """
        if urlsplit(url).scheme not in ("http", "https"):
            raise FeedFailed("BAD_URL", f"{shown_address(url)} is neither http nor https")
        headers = {}
        if "etag" in memory:
            headers["If-None-Match"] = memory["etag"]
        if "modified" in memory:
            headers["If-Modified-Since"] = memory["modified"]
        deadline = time.monotonic() + self._timeout_s
        try:
            return self._follow(self._client.build_request("GET", url, headers=headers), url,
                                memory, deadline)  # fmt: skip
        except httpx.TimeoutException:
            raise FeedFailed("TIMEOUT", f"no answer within {self._timeout_s:g} s") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise FeedFailed("BAD_URL", str(error)) from None
        except httpx.DecodingError as error:
            raise FeedFailed("BAD_ENCODING", str(error)) from None
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise FeedFailed("UNREACHABLE", str(error) or type(error).__name__) from None

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _follow(
        self, request: httpx.Request, url: str, memory: Mapping[str, str], deadline: float
    ) -> Fetched:
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._client.send(request, stream=True)
            try:
                if answer.next_request is None:
                    return self._read(answer, memory, deadline)
                request = answer.next_request
            finally:
                answer.close()
            if not self._private_redirects:
                check_redirect(url, request.url)
            if time.monotonic() > deadline:
                raise FeedFailed("TIMEOUT", f"not over after {self._timeout_s:g} s")
        raise FeedFailed("REDIRECT_LOOP", f"over {MAX_REDIRECTS} redirects")

    def _read(self, answer: httpx.Response, memory: Mapping[str, str], deadline: float) -> Fetched:
        if answer.status_code == NOT_MODIFIED:
            return Fetched(b"", False, "", str(answer.url), memory)
        if answer.status_code != GOOD:
            wish = retry_after(answer.headers.get("retry-after", ""))
            raise FeedFailed(f"HTTP_{answer.status_code}", answer.reason_phrase, wish)
        pieces, size = [], 0
        for piece in answer.iter_bytes():
            size += len(piece)
            if size > self._max_bytes:
                raise FeedFailed("TOO_LARGE", f"over {self._max_bytes} bytes")
            if time.monotonic() > deadline:
                raise FeedFailed("TIMEOUT", f"not over after {self._timeout_s:g} s")
            pieces.append(piece)
        found = {
            "etag": answer.headers.get("etag"),
            "modified": answer.headers.get("last-modified"),
        }
        return Fetched(
            self._unpacked(b"".join(pieces)), True,
            answer.headers.get("content-type", ""), str(answer.url),
            {name: value for name, value in found.items() if value},
        )  # fmt: skip

    def _unpacked(self, body: bytes) -> bytes:
        """Unpack a body that is gzip although no header says so; twice packed is unpacked twice."""
        while body.startswith(GZIP):
            unpack = zlib.decompressobj(wbits=31)
            try:
                body = unpack.decompress(body, self._max_bytes + 1)
            except zlib.error as error:
                raise FeedFailed("BAD_ENCODING", str(error)) from None
            if len(body) > self._max_bytes:
                raise FeedFailed("TOO_LARGE", f"over {self._max_bytes} bytes")
            if not unpack.eof:
                raise FeedFailed("BAD_ENCODING", "gzip that is cut off")
        return body


def retry_after(text: str) -> float:
    """Return the seconds that a Retry-After header asks for; 0 where it says nothing readable."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError, OSError):
            return 0.0
    return seconds
