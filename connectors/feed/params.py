"""Settings of the news feeds."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, BeforeValidator, SecretStr

from connectors.broker.params import checked_http, checked_ws
from connectors.version import VERSION

# What is known of each: `connectors.feed.remedies.KNOWN`. Reuters' own RSS ended in 2020.
DEFAULT_FEEDS: Final = (
    "yahoo_finance=https://finance.yahoo.com/news/rssindex",
    "marketwatch=https://feeds.content.dowjones.io/public/rss/mw_topstories",
    "sec_edgar=https://www.sec.gov/cgi-bin/browse-edgar?action=getcurrent&count=100&output=atom",
    "cnbc=https://www.cnbc.com/id/100003114/device/rss/rss.html",
)


ADDRESS: Final = re.compile(r"(^|=)https?://[^/\s]+")


def _listed(value: object) -> object:
    """Read a comma-separated list, the form a list has in an environment variable."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _feeds(value: object) -> object:
    """Read a list of feeds: a comma within the query of one divides nothing."""
    if not isinstance(value, str):
        return value
    found: list[str] = []
    for part in value.split(","):
        if found and "?" in found[-1] and "://" not in part and part == part.strip() != "":
            found[-1] += f",{part}"
        else:
            found.append(part.lstrip() if part.strip() else "")
    return tuple(part.strip() for part in found if part.strip())


def _hidden(feed: str) -> str:
    """Return a feed as an error may show it: nothing before its host, nothing of its query."""
    return re.sub(r"\?.*", "?...", re.sub(r"//[^/\s]*@", "//...@", feed), flags=re.DOTALL)


def _addressed(feeds: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a feed without an address; a comma inside one would cut it in two."""
    for place, feed in enumerate(feeds, 1):
        if not ADDRESS.search(feed):
            reason = (
                f"{_hidden(feed)!r} (number {place}) has no address: write NAME=https://HOST/PATH, "
                "and %2C for a comma within one"
            )
            raise ValueError(reason)
    return feeds


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Feeds = Annotated[tuple[str, ...], AfterValidator(_addressed), BeforeValidator(_feeds)]
Http = Annotated[str, AfterValidator(checked_http)]
Ws = Annotated[str, AfterValidator(checked_ws)]


@dataclass(frozen=True, slots=True)
class NewsParams:
    """Where news comes from in a live run.

    Attributes:
        feeds: RSS and Atom feeds, `name=url` or `url` each, `|300` behind for an interval of its
            own, in seconds; empty: none.
        interval_seconds: between two fetches of a feed; plus up to a tenth, at random.
        timeout_seconds: of a whole fetch.
        max_bytes: of an answer; a larger one is refused.
        private_redirects: a feed's server may lead to this machine and into its network; off, it
            may only lead to public addresses and within itself.
        user_agent: sent to feeds and to Reddit. The SEC asks for a contact address in it.
        directories: files of listed companies, added to the bundled list: Alpaca's assets, the
            SEC's company_tickers.json, NASDAQ Trader's symbol files.
        reddit_id: of a Reddit application; empty: Reddit is not read.
        reddit_secret: of that application.
        reddit_url: of Reddit's API; empty: Reddit's own.
        subreddits: read when there is an application.
        reddit_score: a post counts from this score on.
        reddit_interval_seconds: between two looks at a subreddit.
        alpaca_key: of an Alpaca account; empty: Alpaca's news is not read.
        alpaca_secret: of that account.
        alpaca_stream: address of the news stream; empty: Alpaca's own.
        alpaca_rest: address of the REST interface; empty: Alpaca's own.
    """

    feeds: Feeds = DEFAULT_FEEDS
    interval_seconds: Annotated[float, Gt(0), Le(86_400)] = 60
    timeout_seconds: Annotated[float, Gt(0), Le(300)] = 15
    max_bytes: Annotated[int, Ge(1_000), Le(100_000_000)] = 5_000_000
    private_redirects: bool = False
    user_agent: str = f"tidewire/{VERSION}"
    directories: Names = ()
    reddit_id: str = ""
    reddit_secret: SecretStr = SecretStr("")
    reddit_url: str = ""
    subreddits: Names = ("wallstreetbets", "stocks", "investing")
    reddit_score: Annotated[int, Ge(0)] = 50
    reddit_interval_seconds: Annotated[float, Gt(0), Le(86_400)] = 60
    alpaca_key: str = ""
    alpaca_secret: SecretStr = SecretStr("")
    alpaca_stream: Ws = ""
    alpaca_rest: Http = ""
