"""The failure of a feed."""

from typing import Final

from messages.errors import TidewireError

MAX_RETRY_AFTER_S: Final = 86_400.0


class FeedFailed(TidewireError, RuntimeError):
    """A feed gave nothing that can be used; the message begins with a reason code.

    Attributes:
        reason: such as HTTP_429, TIMEOUT, TOO_LARGE, NOT_A_FEED.
        detail: in words.
        retry_after_s: the server's own wish, a day at most; 0 without one that is a time.
    """

    def __init__(self, reason: str, detail: str = "", retry_after_s: float = 0.0) -> None:
        """Name the reason; detail says more, for people."""
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail
        # The comparison is false of what is no number.
        self.retry_after_s = min(retry_after_s, MAX_RETRY_AFTER_S) if retry_after_s > 0 else 0.0
