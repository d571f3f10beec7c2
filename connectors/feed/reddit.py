"""Reddit by praw: posts of a subreddit, hot and new, from a score on; a risen score revises."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import praw
import prawcore
from prawcore.exceptions import BadJSON, OAuthException, RequestException, ResponseException

from connectors.feed.base import Memory, Poll, Values
from connectors.feed.failures import FeedFailed
from connectors.feed.params import NewsParams
from connectors.feed.text import text_of_html
from messages.news import MAX_CONTENT, MAX_TITLE

SITE: Final = "https://www.reddit.com"
LIMIT: Final = 100  # posts of a listing: one request
REMEMBERED: Final = 2_000  # posts per subreddit
RISEN: Final = 2  # a post is news again when its score is so many times what it was
MAX_BACK_OFF_S: Final = 3_600.0


def reddit_of(params: NewsParams) -> Any:
    """Return a read-only client of the application in the settings; connects to nothing yet."""
    endpoint: dict[str, Any] = {"oauth_url": params.reddit_url, "reddit_url": params.reddit_url}
    return praw.Reddit(
        client_id=params.reddit_id,
        client_secret=params.reddit_secret.get_secret_value(),
        user_agent=params.user_agent,
        check_for_updates=False,
        check_for_async=False,
        timeout=int(max(1, params.timeout_seconds)),
        ratelimit_seconds=5,
        **(endpoint if params.reddit_url else {}),
    )


class RedditFeed:
    """One subreddit; polled from one thread. Reddit's rate limits are praw's business."""

    def __init__(self, reddit: Any, subreddit: str, score: int, interval_s: float) -> None:
        """Name the subreddit and the score from which a post counts."""
        self.name, self.interval_s = f"reddit_{subreddit}", interval_s
        self.max_back_off_s = MAX_BACK_OFF_S
        self._reddit, self._subreddit, self._score = reddit, subreddit, score

    def poll(self, memory: Memory) -> Poll:
        """Read hot and new; the memory holds each post's score when it was last given: id -> score.

        Raises:
            FeedFailed: with a reason code.
        """
        try:
            posts = {post["id"]: post for post in self._posts()}
        except (RequestException, OAuthException, ResponseException) as error:
            raise _failure(error) from None
        except (prawcore.PrawcoreException, praw.exceptions.PRAWException) as error:
            raise FeedFailed("REDDIT", str(error)[:300]) from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            detail = f"{type(error).__name__}: {str(error)[:200]}"
            raise FeedFailed("UNPARSABLE", detail) from error
        scores = {post: int(score) for post, score in memory.items()}
        rows = []
        for post in sorted(posts.values(), key=lambda p: (p["at"], p["id"])):
            before = scores.pop(post["id"], None)
            given = post["score"] >= max(self._score, RISEN * (before or 0))
            if given:
                rows.append(_row(post, self.name, before is not None))
            if given or before is not None:
                scores[post["id"]] = post["score"] if given else before or 0
        kept = list(scores.items())[-REMEMBERED:]
        return Poll(rows, {post: str(score) for post, score in kept})

    def close(self) -> None:
        """Close connections."""
        self._reddit._core.close()  # noqa: SLF001  # praw offers no way of its own

    def _posts(self) -> Iterator[dict[str, Any]]:
        subreddit = self._reddit.subreddit(self._subreddit)
        for listing in (subreddit.hot, subreddit.new):
            for thing in listing(limit=LIMIT):
                # Only what came with the listing: an attribute that lacks would be fetched.
                found = post_of(vars(thing))
                if found is not None:
                    yield found


def post_of(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is used of a post; None for what is no post, or is pinned."""
    title, score, at = fields.get("title"), fields.get("score"), fields.get("created_utc")
    if not isinstance(title, str) or not isinstance(score, int) or fields.get("stickied"):
        return None
    if not isinstance(at, int | float) or isinstance(at, bool):
        return None
    return {
        "id": str(fields.get("id", "")), "title": title, "score": score, "at": float(at),
        "text": str(fields.get("selftext") or ""), "permalink": str(fields.get("permalink", "")),
    }  # fmt: skip


def _row(post: Mapping[str, Any], source: str, again: bool) -> Values:
    """Make a row. The score in the url's fragment makes a risen post a revision of itself."""
    url = f"{SITE}{post['permalink']}" if post["permalink"] else f"{SITE}/comments/{post['id']}/"
    return {
        "source": source,
        "url": f"{url}#score={post['score']}" if again else url,
        "title": text_of_html(post["title"], MAX_TITLE),
        "content": text_of_html(post["text"], MAX_CONTENT),
        "published_at": datetime.fromtimestamp(post["at"], UTC),
        "fetched_at": datetime.now(UTC),
    }


def _failure(error: Exception) -> FeedFailed:
    answer = getattr(error, "response", None)
    if isinstance(error, OAuthException):
        return FeedFailed("REDDIT_LOGIN", f"{error}: correct TIDEWIRE_NEWS__REDDIT_ID and _SECRET")
    if isinstance(error, BadJSON):
        return FeedFailed("UNPARSABLE", "the answer is not JSON")
    if answer is None:
        return FeedFailed("UNREACHABLE", str(error)[:300])
    try:
        wish = float(answer.headers.get("retry-after", 0))
    except ValueError:
        wish = 0.0
    return FeedFailed(f"HTTP_{answer.status_code}", str(error)[:300], wish)
