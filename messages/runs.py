"""What a run is: the rules and the inputs that its flows follow, wherever they are started."""

from typing import Annotated, ClassVar

from msgspec import Meta, field

from messages.flows import Mode
from messages.market import Interval
from messages.requests import InputFile, Moment, RunName, StrategySource
from messages.values import Digest, Groups, Plain, Text, Value


class RunSpec(Value, frozen=True, kw_only=True):
    """What a run does, without the places where it does it and without secrets.

    It is part of the archive, so it may be given to others. Addresses, paths and keys are in
    `connectors.runs.Run`.

    Attributes:
        interval: of a bar.
        partitions: of topics keyed by ticker or article; one signals shard each.
        inputs: files that are played; without bars the wall clock is the run's clock.
        pace: bars per second that flows/market lets in; 0: as fast as it goes.
        started_at: wall clock when the run was made; later rows are from the future.
        first_moment: earliest time in the inputs: the first stamp of the run.
        params: the operators' parameters.
        strategies: of the user's own, as they were when the run was last brought up.
        tick_ms: in a live run, how often a silent entry flow says what time it is.
        feeds: in a live run, each feed as `name=scheme://host#digest of its whole address`.
        news: the feeds' other settings.
        market: settings of the bars that are followed in a live run; empty where files are played.
        scoring: the scoring tiers' settings.
        mode: who fills orders: on paper Tidewire itself, or a broker.
        broker: the broker's settings, but for keys and addresses.
        directories: SHA-256 of each file of listed companies that tickers are found by, in order.
    """

    KIND: ClassVar[str] = "spec"

    run_id: RunName
    interval: Interval
    partitions: Annotated[int, Meta(ge=1, le=64)]
    inputs: tuple[InputFile, ...] = ()
    pace: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    started_at: Moment
    first_moment: Moment
    params: Groups
    strategies: tuple[StrategySource, ...] = ()
    tick_ms: Annotated[int, Meta(ge=10, le=60_000)] = 50
    feeds: tuple[Text, ...] = ()
    news: dict[str, Plain] = field(default_factory=dict)
    market: dict[str, Plain] = field(default_factory=dict)
    scoring: dict[str, Plain] = field(default_factory=dict)
    directories: tuple[Digest, ...] = ()
    mode: Mode = "paper"
    broker: dict[str, Plain] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """Tell whether the wall clock is the run's clock: no recorded bars are played."""
        return all(file.role != "bars" for file in self.inputs)

    def problem(self) -> str | None:
        """Return what fields contradict each other in, or None."""
        roles = [file.role for file in self.inputs]
        if len(set(roles)) != len(roles):
            return "inputs: name bars and news once each."
        if roles and self.live:
            return "inputs: news is played only beside bars: name bars, too."
        if self.mode == "broker" and not self.live:
            return "mode: recorded bars are played on paper alone: a broker has no past."
        return None
