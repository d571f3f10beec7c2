"""What a backtest and a replay are asked for, as values; command line and API only build them."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, field

from messages.base import Id, Unit
from messages.market import Interval
from messages.values import Digest, Groups, Text, Value

Moment = Annotated[datetime, Meta(tz=True)]
Day = Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\d)?\Z")]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}\Z")]
RunName = Annotated[str, Meta(min_length=1, max_length=128)]
Splits = Literal["refuse", "adjust", "keep"]
MAX_WARM_UP: Final = 36_500


class InputFile(Value, frozen=True, kw_only=True):
    """Something that is read: a file, or records of a database or an archive.

    Attributes:
        role: `scores` are articles scored before.
        digest: SHA-256 of the file, or of the records in order where there is no file.
        name: of the file, without its directory.
    """

    BESIDE: ClassVar[frozenset[str]] = frozenset({"name"})

    role: Literal["bars", "news", "scores"]
    digest: Digest
    name: Text = ""


class StrategySource(Value, frozen=True, kw_only=True):
    """A strategy of the user's own.

    Attributes:
        name: its own, by which votes and weights name it.
        class_name: of its class.
        digest: SHA-256 of the file that defines it. Modules of the user's that this file imports
            are not in it.
        where: `package.module:Class` or `file.py:Class`, to load it by.
    """

    BESIDE: ClassVar[frozenset[str]] = frozenset({"where"})

    name: Name
    class_name: Text
    digest: Digest
    where: Text = ""


class BacktestRequest(Value, frozen=True, kw_only=True):
    """Everything that can change a backtest's result, under one version of the program.

    Attributes:
        params: group -> name -> value of the operators' parameters, without `own`, whose place
            `strategies` takes. Names and ranges are checked by `connectors.parameters`.
        weights: strategy -> weight, 0..1.
        strategies: of the user's own, in their order.
        first: time from which to trade; None: from the first bar.
        last: time before which to stop; None: after the last bar.
        warm_up_days: calendar days read before `first`, for indicators only.
        splits: what to do about gaps that look like splits.
        benchmark: ticker to compare with; empty: SPY if it is there.
        inputs: one of bars; articles to be scored here, scores made before.
        directories: SHA-256 of each file of listed companies that tickers are found by, in order.
        scoring: the model that scores the articles; empty without articles.
        preset: a common job's name, or empty.
        source: where the inputs came from, for people: a schema, an archive, a file's name.
    """

    KIND: ClassVar[str] = "bt"
    BESIDE: ClassVar[frozenset[str]] = frozenset({"source"})

    params: Groups
    weights: Annotated[dict[Name, Unit], Meta(min_length=1)]
    strategies: tuple[StrategySource, ...] = ()
    interval: Interval = "1m"
    first: Moment | None = None
    last: Moment | None = None
    warm_up_days: Annotated[int, Meta(ge=0, le=MAX_WARM_UP)] = 0
    splits: Splits = "refuse"
    benchmark: Annotated[str, Meta(max_length=64)] = ""
    inputs: tuple[InputFile, ...]
    directories: tuple[Digest, ...] = ()
    scoring: Text = ""
    preset: Annotated[str, Meta(max_length=64)] = ""
    source: Text = ""

    def problem(self) -> str | None:
        """Return what fields contradict each other in, or None."""
        roles = [file.role for file in self.inputs]
        if roles.count("bars") != 1 or len(set(roles)) != len(roles):
            return "inputs: name bars once, and news and scores at most once."
        if "own" in self.params:
            return "params: leave `own` out and name strategies with their digests."
        if bool(self.scoring) != ("news" in roles):
            return "scoring: name the model when there is news to score, and only then."
        if self.directories and "news" not in roles:
            return "directories: tickers are only looked for in news: leave them out."
        if self.first is not None and self.last is not None and self.last <= self.first:
            return "last: it must be after first."
        if self.warm_up_days and self.first is None:
            return "warm_up_days: name first, the days before which are read."
        return None


class ReplayChanges(Value, frozen=True, kw_only=True):
    """What is otherwise in a what-if.

    Attributes:
        params: (group, name, value as text) of operators' parameters.
        weights: strategy -> weight, from the window's start on.
        without_articles: ids of articles that never came.
        without_sources: names of sources that never came.
        news_delay_us: microseconds by which all news comes later.
    """

    params: tuple[tuple[Text, Text, Text], ...] = ()
    weights: dict[Text, Unit] = field(default_factory=dict)
    without_articles: tuple[Id, ...] = ()
    without_sources: tuple[Text, ...] = ()
    news_delay_us: Annotated[int, Meta(ge=0, le=2**53)] = 0


Action = Literal["replay", "verify", "against_backtest", "what_if", "causality"]


class ReplayRequest(Value, frozen=True, kw_only=True):
    """A replay of archived days.

    Attributes:
        run: whose archive.
        day: session day, YYYY-MM-DD; empty: every day, or the newest one with bars where one day
            is meant.
        from_start: begin at the first record, not at the checkpoint before the day.
        changes: of a what-if.
        samples: cuts that a causality check makes.
        block: events per block, 0 for as they come; changes nothing, so it is beside.
    """

    KIND: ClassVar[str] = "rpl"
    BESIDE: ClassVar[frozenset[str]] = frozenset({"block"})

    run: RunName
    action: Action
    day: Day = ""
    from_start: bool = False
    changes: ReplayChanges = ReplayChanges()
    samples: Annotated[int, Meta(ge=1, le=100_000)] = 20
    block: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0

    def problem(self) -> str | None:
        """Return what fields contradict each other in, or None."""
        if self.day:
            try:
                date.fromisoformat(self.day)
            except ValueError:
                return f"day: {self.day} is no day: write YYYY-MM-DD."
        changed = self.changes != ReplayChanges()
        if changed and self.action != "what_if":
            return f"changes: {self.action} makes none: leave them out, or ask for what_if."
        if self.action == "what_if" and not changed:
            return "changes: say what is otherwise."
        return None
