"""The failure of a feed."""

from messages.errors import TidewireError


class FeedFailed(TidewireError, RuntimeError):
    """A feed gave nothing that can be used; the message begins with a reason code.

    Attributes:
        reason: such as HTTP_429, TIMEOUT, TOO_LARGE, NOT_A_FEED.
        retry_after_s: the server's own wish; 0 without one.
    """

    def __init__(self, reason: str, detail: str = "", retry_after_s: float = 0.0) -> None:
        """Name the reason; detail says more, for people."""
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.retry_after_s = retry_after_s
