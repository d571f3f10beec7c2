"""One fetch over HTTP: bounded in time, size and redirects; conditional; errors as reasons."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import httpx

from connectors.feed.failures import MAX_RETRY_AFTER_S, FeedFailed

MAX_REDIRECTS: Final = 5
ACCEPT: Final = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"
NOT_MODIFIED: Final = 304
GOOD: Final = 200
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

    def __init__(self, user_agent: str, timeout_s: float, max_bytes: int) -> None:
        """Set the bounds of each fetch: seconds for the whole, bytes of the decoded body."""
        self._timeout_s, self._max_bytes = timeout_s, max_bytes
        self._client = httpx.Client(
            headers={"User-Agent": user_agent, "Accept": ACCEPT},
            follow_redirects=True, max_redirects=MAX_REDIRECTS,
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
            raise FeedFailed("BAD_URL", f"{url} is neither http nor https")
        headers = {}
        if "etag" in memory:
            headers["If-None-Match"] = memory["etag"]
        if "modified" in memory:
            headers["If-Modified-Since"] = memory["modified"]
        deadline = time.monotonic() + self._timeout_s
        try:
            with self._client.stream("GET", url, headers=headers) as answer:
                return self._read(answer, memory, deadline)
        except httpx.TimeoutException:
            raise FeedFailed("TIMEOUT", f"no answer within {self._timeout_s:g} s") from None
        except httpx.TooManyRedirects:
            raise FeedFailed("REDIRECT_LOOP", f"over {MAX_REDIRECTS} redirects") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise FeedFailed("BAD_URL", str(error)) from None
        except httpx.DecodingError as error:
            raise FeedFailed("BAD_ENCODING", str(error)) from None
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise FeedFailed("UNREACHABLE", str(error) or type(error).__name__) from None

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _read(self, answer: httpx.Response, memory: Mapping[str, str], deadline: float) -> Fetched:
        if answer.status_code == NOT_MODIFIED:
            return Fetched(b"", False, "", str(answer.url), memory)
        if answer.status_code != GOOD:
            wish = _retry_after(answer.headers.get("retry-after", ""))
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
            b"".join(pieces), True, answer.headers.get("content-type", ""), str(answer.url),
            {name: value for name, value in found.items() if value},
        )  # fmt: skip


def _retry_after(text: str) -> float:
    """Read a Retry-After header, seconds or a date; 0 without one that can be read."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except ValueError:
            return 0.0
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S) if seconds == seconds else 0.0  # NaN
