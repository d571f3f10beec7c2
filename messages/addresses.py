"""Addresses of articles: the one form in which two addresses of a story are the same."""

import re
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

TAIL: Final = re.compile(r"[\s/]+\Z")
WEB: Final = ("http", "https")
PORT: Final = re.compile(r":(?:80|443)?\Z")
# Names in a query that say how a reader came to the article, in lower case.
_NOISE: Final = (
    "fbclid gclid gbraid wbraid dclid msclkid twclid ttclid yclid igshid siteid yptr ref_src mod "
    ".tsrc __source __twitter_impression guccounter ncid cmpid cmp ito ftag xtor smid soc_src "
    "soc_trk feedtype feedname sref amp outputtype"
)
NOISE: Final = frozenset(_NOISE.split())
NOISY: Final = ("utm_", "at_", "guce_", "mc_", "hsa_", "_hs", "mtm_", "pk_", "cx_", "ns_")
AMP: Final = "amp"
AMP_END: Final = re.compile(r"\.amp(?=(?:\.html?)?\Z)")
AMP_CACHE: Final = re.compile(r"/(?:[a-z]|amp)/(?:s/)?(?P<rest>[^/]+\.[^/]+/.*)\Z")
CACHES: Final = re.compile(r"(?:.*\.cdn\.ampproject\.org|(?:www\.)?google\.com)\Z")
# A fragment that is a route of its page (#/story/7, #!7), or names one entry by a number.
ROUTE: Final = re.compile(r"[!/].+|(?!(?i:comment|respond|more-|section|page))[^=]*\d[^=]*\Z")


def canonical_url(url: str) -> str:
    """Drop what does not name the article; never raises.

    Dropped: http beside https, case and default port of the host, how a reader came (`NOISE`),
    the order of the query, AMP's ways to say AMP, and a fragment that only says where to look. A
    fragment that is the article's address stays.

    >>> canonical_url("http://Example.com:80/a/amp?utm_source=x&id=7#top")
    'https://example.com/a?id=7'
    >>> canonical_url("https://example.com/live?b=1&a=2#post-31")
    'https://example.com/live?a=2&b=1#post-31'
    """
    try:
        parts = urlsplit(url.strip())
        if parts.scheme not in WEB:
            return _plain(parts)
        cached = AMP_CACHE.match(parts.path)
        if cached is not None and CACHES.match(parts.netloc.lower()):
            parts = urlsplit(f"https://{cached['rest']}?{parts.query}")
        return _of_the_web(parts)
    except ValueError:
        return url.strip()


def _plain(parts: SplitResult) -> str:
    path = TAIL.sub("", parts.path) or "/"
    return urlunsplit((parts.scheme, parts.netloc.lower(), path, parts.query, ""))


def _of_the_web(parts: SplitResult) -> str:
    host = PORT.sub("", parts.netloc.lower())
    while host.startswith("amp.") and host.count(".") > 1:
        host = host.removeprefix("amp.")
    kept = [(n, v) for n, v in parse_qsl(parts.query, keep_blank_values=True) if not _is_noise(n)]
    query = urlencode(sorted(kept, key=lambda pair: pair[0]))
    fragment = parts.fragment if ROUTE.match(parts.fragment) else ""
    return urlunsplit(("https", host, _without_amp(parts.path) or "/", query, fragment))


def _is_noise(name: str) -> bool:
    name = name.lower()
    return name in NOISE or name.startswith(NOISY)


def _without_amp(path: str) -> str:
    """Return a path without its first or last step `amp`, or `.amp` at its end."""
    while True:
        path = before = TAIL.sub("", path)
        steps = path.split("/")
        if len(steps) > 2 and steps[1] == AMP:
            del steps[1]
        if len(steps) > 2 and steps[-1] == AMP:
            del steps[-1]
        path = AMP_END.sub("", "/".join(steps))
        if path == before:
            return path
