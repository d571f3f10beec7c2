"""Reddit by praw: posts of a subreddit, hot and new, from a score on; a risen score revises."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import praw
import prawcore
from prawcore.exceptions import BadJSON, OAuthException, RequestException, ResponseException

from connectors.feed.base import Memory, Poll, Values
from connectors.feed.failures import FeedFailed
from connectors.feed.fetching import retry_after
from connectors.feed.params import NewsParams
from connectors.feed.text import one_line
from messages.news import MAX_CONTENT, MAX_TITLE

SITE: Final = "https://www.reddit.com"
LIMIT: Final = 100  # posts of a listing: one request
REMEMBERED: Final = 2_000  # posts per subreddit
RISEN: Final = 2  # a post is news again when its score is so many times what it was
MAX_BACK_OFF_S: Final = 3_600.0
MAX_URL: Final = 1_900  # of a permalink
LATEST: Final = datetime.max.replace(tzinfo=UTC)


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
        for post in sorted(posts.values(), key=lambda p: (p["at"] or LATEST, p["id"])):
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
        for listing in ("hot", "new"):
            # Not praw's objects: of a listing with one that it cannot read it makes none at all.
            answer = self._reddit.request(
                method="GET", path=f"r/{self._subreddit}/{listing}", params={"limit": LIMIT}
            )
            for child in answer["data"]["children"]:
                fields = child.get("data") if isinstance(child, dict) else None
                found = post_of(fields) if isinstance(fields, dict) else None
                if found is not None:
                    yield found


def post_of(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is used of a post; None for what is no post, or is pinned.

    Its texts are Markdown, not HTML. One without a readable time has none; one without a title
    begins with its text.
    """
    title, text, score = fields.get("title"), fields.get("selftext"), fields.get("score")
    if not isinstance(score, int) or fields.get("stickied") or "created_utc" not in fields:
        return None
    content = one_line(text, MAX_CONTENT) if isinstance(text, str) else ""
    said = (one_line(title, MAX_TITLE) if isinstance(title, str) else "") or content[:200].rstrip()
    if not said:
        return None
    link = fields.get("permalink")
    return {
        "id": str(fields.get("id", "")), "title": said, "score": score,
        "at": _moment(fields.get("created_utc")), "text": content,
        "permalink": one_line(link, MAX_URL) if isinstance(link, str) else "",
    }  # fmt: skip


def _moment(seconds: Any) -> datetime | None:
    """Return a time by its seconds since 1970; None for what is no time."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _row(post: Mapping[str, Any], source: str, again: bool) -> Values:
    """Make a row. Its score, a row's version, makes a risen post a revision of itself."""
    now = datetime.now(UTC)
    url = f"{SITE}{post['permalink']}" if post["permalink"] else f"{SITE}/comments/{post['id']}/"
    return {
        "source": source,
        "url": f"{url}#score={post['score']}" if again else url,
        "version": str(post["score"]) if again else "",
        "title": post["title"],
        "content": post["text"],
        "published_at": post["at"] or now,
        "fetched_at": now,
        "undated": post["at"] is None,
    }


def _failure(error: Exception) -> FeedFailed:
    answer = getattr(error, "response", None)
    if isinstance(error, OAuthException):
        return FeedFailed("REDDIT_LOGIN", f"{error}: correct TIDEWIRE_NEWS__REDDIT_ID and _SECRET")
    if isinstance(error, BadJSON):
        return FeedFailed("UNPARSABLE", "the answer is not JSON")
    if answer is None:
        return FeedFailed("UNREACHABLE", str(error)[:300])
    wish = retry_after(answer.headers.get("retry-after", ""))
    return FeedFailed(f"HTTP_{answer.status_code}", str(error)[:300], wish)
