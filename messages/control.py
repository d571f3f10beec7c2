"""Control facts: a command, the start of a run, and a record nobody could use."""

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta

from messages.base import Count, Message, Price, Small, SmallCount

CommandKind = Literal[
    "pause", "resume", "reduce", "halt", "flatten", "close_position", "enable_strategy",
    "disable_strategy", "correct_execution", "reset_account",
]  # fmt: skip
FOR_A_STRATEGY: Final = ("enable_strategy", "disable_strategy")


class Command(Message, frozen=True, kw_only=True, gc=False):
    """Somebody's order to the system: who, when (event_time) and why.

    Attributes:
        ticker: of `close_position`.
        strategy: that is enabled or disabled.
        execution: id of the one that is corrected; qty: its shares, 0 if it was busted; price: of
            each of them.
        cash: whole dollars that an account is reset to; None: those that it began with.
    """

    kind: CommandKind
    ticker: Annotated[str, Meta(max_length=12)] = ""
    who: Annotated[str, Meta(min_length=1, max_length=200)]
    why: Annotated[str, Meta(max_length=2_000)] = ""
    strategy: Annotated[str, Meta(max_length=40)] = ""
    execution: Annotated[str, Meta(max_length=128)] = ""
    qty: Count | None = None
    price: Price | None = None
    cash: Annotated[int, Meta(gt=0, le=1_000_000_000)] | None = None

    def problem(self) -> str | None:
        """Return NO_TICKER, NO_STRATEGY, NO_EXECUTION, NO_PRICE or None."""
        if self.kind == "close_position" and not self.ticker:
            return "NO_TICKER"
        if self.kind in FOR_A_STRATEGY and not self.strategy:
            return "NO_STRATEGY"
        if self.kind == "correct_execution":
            if not self.execution or self.qty is None:
                return "NO_EXECUTION"
            if self.qty and self.price is None:
                return "NO_PRICE"
        return None


class CommandRequest(Command, frozen=True, kw_only=True, gc=False):
    """A command that an outsider asks for; let in where the run's settings say so.

    It becomes a `Command` with an id of its own, whose `who` begins with `outside:`.
    """


class RunStarted(Message, frozen=True, kw_only=True, gc=False):
    """The identity of a run: code version, parameters and their hash, partitions, inputs.

    All records after it were produced under these parameters, until the next one.

    Attributes:
        settings_hash: SHA-256 of `settings`, in hex.
        settings: the operators' parameters, JSON with sorted keys.
        partitions: of topics keyed by ticker or article.
        inputs: names of the files that are played; empty when live.
    """

    run_id: str
    code_version: str
    settings_hash: str
    settings: str = ""
    partitions: SmallCount
    inputs: tuple[str, ...] = ()


class FlowHealth(Message, frozen=True, kw_only=True, gc=False):
    """How one flow's process is; told every few seconds, by the wall clock.

    Telemetry, not part of the log of decisions: no flow reads it, the archive leaves it out.

    Attributes:
        flow: the process's label, such as `signals-0`.
        state: `running`, `restarting` after a crash, `ended` with its input, or `failed`.
        lag: records in the topics it reads that it has not read yet.
        clock: the time of its log, UTC; None before the first record.
        clock_age_s: wall clock less `clock`, seconds; None in simulated time.
        epoch_age_s: since everything was last durable, seconds.
        restarts: since the run was started.
        detail: the last words of a process that died.
    """

    flow: Annotated[str, Meta(min_length=1, max_length=64)]
    state: Literal["running", "restarting", "ended", "failed"]
    lag: Count
    clock: datetime | None
    clock_age_s: float | None
    epoch_age_s: float | None
    restarts: Count
    detail: str = ""


class FeedHealth(Message, frozen=True, kw_only=True, gc=False):
    """How one feed of news or bars is; told every few seconds, by the wall clock.

    Telemetry like `FlowHealth`: no flow reads it, the archive leaves it out.

    Attributes:
        feed: its name in the settings.
        state: `healthy`, `failing` (nothing came of the last fetch), or `waiting` for its first.
        last_success: when it last gave entries or said that nothing changed, UTC.
        last_item: the newest time among its entries, UTC.
        entries: given since the flow started, repeats left out.
        errors: fetches that failed since the flow started.
        back_off_s: until the next fetch, beyond the usual interval; 0 while healthy.
        detail: the last failure, reason code first; empty while healthy.
        failing_since: when the first of the failures in a row was, UTC; None while healthy.
    """

    feed: Annotated[str, Meta(min_length=1, max_length=200)]
    state: Literal["healthy", "failing", "waiting"]
    last_success: datetime | None
    last_item: datetime | None
    entries: Count
    errors: Count
    back_off_s: float
    detail: str = ""
    failing_since: datetime | None = None


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
    partition: Small
    offset: int
    payload: bytes
    size: Count
