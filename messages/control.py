"""Control facts: a command, the start of a run, and a record nobody could use."""

from typing import Annotated, Literal

from msgspec import Meta

from messages.base import Count, Message

CommandKind = Literal["pause", "resume", "reduce", "halt", "flatten", "close_position"]


class Command(Message, frozen=True, kw_only=True, gc=False):
    """Somebody's order to the system: who, when (event_time) and why."""

    kind: CommandKind
    ticker: Annotated[str, Meta(max_length=12)] = ""
    who: Annotated[str, Meta(min_length=1, max_length=200)]
    why: Annotated[str, Meta(max_length=2_000)] = ""

    def problem(self) -> str | None:
        """Return NAIVE_TIME, NO_TICKER or None."""
        if self.event_time.tzinfo is None:
            return "NAIVE_TIME"
        if self.kind == "close_position" and not self.ticker:
            return "NO_TICKER"
        return None


class RunStarted(Message, frozen=True, kw_only=True, gc=False):
    """The rules a stretch of the log was made under; parameters change only by a new one."""

    run_id: str
    code_version: str
    settings_hash: str
    partitions: Count
    inputs: tuple[str, ...] = ()


class DeadLetter(Message, frozen=True, kw_only=True, gc=False):
    """A record that could not be used, kept with the reason.

    Attributes:
        reason: a code such as MALFORMED, HIGH_BELOW_LOW, DUPLICATE, LATE, FUTURE, TOO_LARGE.
        topic: where it was read, or the feed it came from.
        partition: of `topic`; -1 for a feed.
        offset: of `topic`, or the row of a file.
        payload: the bytes, base64; cut after 64 KiB (`size` is the full length).
    """

    reason: str
    detail: str
    topic: str
    partition: int
    offset: int
    payload: bytes
    size: Count
