"""What to do about a feed that fails, and what is known of those that come with the program."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# When and how each default feed is known to have answered, by answers that were kept.
KNOWN: Final[Mapping[str, str]] = MappingProxyType({
    "yahoo_finance": "Yahoo's RSS gave entries in August 2026; of this address no answer was kept",
    "marketwatch": "no answer was kept: it may refuse agents that it does not know",
    "sec_edgar": "answered on 2025-12-12 with Atom in ISO-8859-1, to an agent with a mail address",
    "cnbc": "answered on 2026-03-08 with RSS 2.0",
})  # fmt: skip
AGENT: Final = (
    "some publishers refuse agents that they do not know, and the SEC any without a mail address: "
    "set TIDEWIRE_NEWS__USER_AGENT, such as 'tidewire (you@example.org)'"
)
MOVED: Final = "it was moved or has ended: look for the feed's address on the publisher's site"
REMEDIES: Final[Mapping[str, str]] = MappingProxyType({
    "HTTP_401": "it asks for a name and a password: write them into the address, https://NAME:PASSWORD@HOST/",
    "HTTP_403": AGENT, "HTTP_406": AGENT, "HTTP_451": "it is not given in this country",
    "HTTP_404": MOVED, "HTTP_410": MOVED,
    "HTTP_429": "it is asked too often: look less often, with `|600` behind its address",
    "TIMEOUT": "raise TIDEWIRE_NEWS__TIMEOUT_SECONDS, or see whether a browser here opens it",
    "TOO_LARGE": "raise TIDEWIRE_NEWS__MAX_BYTES, or ask for fewer entries where its address can",
    "TOO_SLOW": "its entries are made to keep a reader busy: leave it out",
    "HTML_PAGE": f"a page for people, of consent or of a login; or {MOVED}",
    "SITEMAP": "an index of pages: look for the address of RSS or Atom on the publisher's site",
    "NOT_A_FEED": MOVED,
    "EMPTY": f"nothing was sent; {AGENT}",
    "NO_ENTRIES": "there is no news yet, or it has ended: see its page in a browser",
    "UNREACHABLE": "see its host's spelling, and whether this machine reaches it or needs a proxy",
    "BAD_URL": "correct it in TIDEWIRE_NEWS__FEEDS: NAME=https://HOST/PATH",
    "REDIRECT_LOOP": AGENT,
    "BAD_ENCODING": "what was sent cannot be unpacked: try again later",
    "REDDIT_LOGIN": "make an application on reddit.com/prefs/apps, of the kind `script`",
    "STREAM_DOWN": "see TIDEWIRE_NEWS__ALPACA_KEY and _SECRET; an account has one connection",
})  # fmt: skip
OF_THEIRS: Final = "it is the publisher's: it is asked again by itself, later each time"


def remedy(reason: str) -> str:
    """Return what most likely helps against a failure; empty where nothing is known.

    Args:
        reason: code of the failure.
    """
    return REMEDIES.get(reason) or (OF_THEIRS if reason.startswith("HTTP_5") else "")
