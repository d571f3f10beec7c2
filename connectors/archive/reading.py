"""A run's archive as replays read it: verified day files, kept states, the rules it followed."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from connectors.archive.check import topics_manifest, vouch_for, written_run
from connectors.archive.checkpoints import STATE_VERSION, Checkpoint
from connectors.archive.day_files import read_rows
from connectors.archive.files import (
    BEFORE_TIME,
    ArchiveDamaged,
    DayFile,
    StateFile,
    StatesManifest,
    TopicsManifest,
    read_manifest,
)
from connectors.archive.records import ArchivedRecord
from connectors.kafka.headers import TICK_END
from connectors.runs import Run
from messages.base import Message
from messages.codec import Unreadable, decoder
from messages.control import RunStarted
from messages.errors import UNDECODABLE, TidewireError
from messages.flows import FEEDBACK
from messages.topics import RAW, RUNS_STARTED, Topic
from messages.values import Groups
from operators.states import decode_state

T = TypeVar("T", bound=Message)
AHEAD: Final = frozenset(t.name for t in FEEDBACK)
ANYBODY_S: Final = frozenset(t.name for t in RAW)


class DayNotArchived(TidewireError, RuntimeError):
    """A day cannot be replayed. Operator action: see the message; name another day."""


class StrategyNotTrusted(TidewireError, RuntimeError):
    """An archive names a strategy of somebody's own, which would run as a program.

    Operator action: read the strategy; name it in TIDEWIRE_OWN__STRATEGIES and give
    `--run-strategies` to let it run.
    """


class ArchivedRun:
    """One run's archive, to read. Every file is checked against its manifest before its use.

    Attributes:
        path: its directory.
    """

    def __init__(self, path: Path, trusted: Collection[str] = ()) -> None:
        """Open a directory that holds `run.json`; nothing else is read yet.

        Args:
            path: of the run's archive.
            trusted: strategies of somebody's own that it may name: they run as programs, and
                anybody can have written the archive.
        """
        self.path = path
        self._trusted = trusted
        self._vouched: set[Path] = set()

    @cached_property
    def run(self) -> Run:
        """Return the run, with the parameters that its RunStarted names.

        Raises:
            ArchiveDamaged: RunStarted is missing, or its settings are not what their hash says.
            StrategyNotTrusted: it names a strategy that is not trusted.
        """
        try:
            params = msgspec.json.decode(self.started.settings, type=Groups)
        except UNDECODABLE as error:
            fault = f"{self.path}: runs.started has settings that are none ({error})"
            raise ArchiveDamaged(fault) from error
        named = params.get("own", {}).get("strategies", ())
        self._see_trust(named if isinstance(named, tuple) else (str(named),))
        spec = msgspec.structs.replace(self.written.spec, params=params)
        return msgspec.structs.replace(self.written, spec=spec)

    @cached_property
    def written(self) -> Run:
        """Return what `run.json` says, the parameters as it has them.

        Raises:
            ArchiveDamaged: it cannot be read.
        """
        return written_run(self.path)

    def _see_trust(self, strategies: Collection[str]) -> None:
        foreign = [name for name in strategies if name not in self._trusted]
        if foreign:
            reason = (
                f"Run {self.path.name} names the strategy {foreign[0]}, which would run as a "
                "program: read it, name it in TIDEWIRE_OWN__STRATEGIES and give --run-strategies."
            )
            raise StrategyNotTrusted(reason)

    @cached_property
    def started(self) -> RunStarted:
        """Return the run's first record: the rules that all others were made under.

        Raises:
            ArchiveDamaged: it is missing, or its settings are not what their hash says.
        """
        rows = list(self.facts(RUNS_STARTED.name))
        try:
            found: RunStarted = decoder(RunStarted)(rows[0].value or b"")
        except (IndexError, Unreadable) as error:
            fault = f"{self.path} holds no readable runs.started"
            raise ArchiveDamaged(fault) from error
        if hashlib.sha256(found.settings.encode()).hexdigest() != found.settings_hash:
            fault = f"{self.path}: runs.started has settings that its own hash does not fit"
            raise ArchiveDamaged(fault)
        return found

    @cached_property
    def manifest(self) -> TopicsManifest:
        """Return the manifest of the topics."""
        return topics_manifest(self.path)

    @cached_property
    def files(self) -> Mapping[str, list[DayFile]]:
        """Return topic -> its day files, oldest first."""
        found: dict[str, list[DayFile]] = {}
        for file in sorted(self.manifest.files, key=lambda f: f.day):
            found.setdefault(file.topic, []).append(file)
        return found

    @cached_property
    def days(self) -> list[str]:
        """Return the session days on which anything happened, oldest first.

        A weight that was decided before and holds from that day on is nothing that happened.
        """
        files = [
            (topic, f.day) for topic, found in self.files.items() if topic not in AHEAD
            for f in found
        ]  # fmt: skip
        found = {
            day
            for topic, day in files
            if day != BEFORE_TIME and any(r.is_fact for r in self.rows(topic, day, day))
        }
        return sorted(found)

    def rows(
        self, topic: str, first: str = "", last: str = "9999", *, headers: bool = False
    ) -> Iterator[ArchivedRecord]:
        """Return a topic's rows of the days from `first` to `last`, both included, in order.

        Raises:
            ArchiveDamaged: a day file is not what its manifest says.
        """
        for file in self.files.get(topic, ()):
            if first <= file.day <= last:
                yield from read_rows(self._vouched_for(file), headers=headers)

    def facts(
        self, topic: str, first: str = "", last: str = "9999", *, headers: bool = False
    ) -> Iterator[ArchivedRecord]:
        """Return the rows of a topic that its readers take, as `rows` does.

        Neither ticks nor repeats; what a stranger wrote into a topic that is the run's alone is
        left out: it is a dead letter.
        """
        anybody = topic in ANYBODY_S
        for row in self.rows(topic, first, last, headers=headers):
            if row.is_fact and (anybody or row.seq is not None):
                yield row

    def messages(self, topic: Topic[T]) -> Iterator[tuple[ArchivedRecord, T]]:
        """Return a topic's facts with their messages; what cannot be read is left out."""
        read = decoder(topic.schema)
        for row in self.facts(topic.name):
            try:
                message = read(row.value or b"")
            except Unreadable:
                continue
            yield row, message

    def require(self, topic: str, partitions: int, day: str) -> None:
        """See that a topic is archived to the end of a day.

        Raises:
            DayNotArchived: it is still in the making.
        """
        files = self.files.get(topic, [])
        if files and (files[-1].day >= day or self._has_ended(files[-1], partitions)):
            return
        reason = (
            f"{day} is not archived to its end yet ({topic} is not): a day is archived after the "
            "session's close, while the run is up. `tidewire archive ls` shows what there is."
        )
        raise DayNotArchived(reason)

    def states(self, flow: str, shard: str, *, needed: bool = True) -> Mapping[int, StateFile]:
        """Return boundary -> the state kept there, for one shard of a flow.

        Args:
            flow: its name.
            shard: its key.
            needed: False returns none where those that are there cannot be used.

        Raises:
            ArchiveDamaged: kept under other rules than the run's, or by another version.
        """
        directory = self._states(flow, shard)
        found: StatesManifest | None = read_manifest(directory, StatesManifest)
        if found is None:
            return {}
        if (found.settings_hash, found.state_version) != (
            self.started.settings_hash,
            STATE_VERSION,
        ):
            if not needed:
                return {}
            fault = f"{directory} was kept under other settings or by another version"
            advice = "replay with --from-start, or with the version that kept it"
            raise ArchiveDamaged(fault, advice)
        return {f.boundary: f for f in found.files}

    def checkpoint(self, flow: str, shard: str, file: StateFile) -> Checkpoint:
        """Return a checkpoint.

        Raises:
            ArchiveDamaged: its file is not what its manifest says.
            StateUnreadable: it is no checkpoint.
        """
        path = self._states(flow, shard) / file.path
        vouch_for(path, file.sha256)
        return decode_state(path.read_bytes(), Checkpoint)

    def _states(self, flow: str, shard: str) -> Path:
        return self.path / "states" / f"{flow}-{shard}"

    def _vouched_for(self, file: DayFile) -> Path:
        path = self.path / "topics" / file.path
        if path not in self._vouched:
            vouch_for(path, file.sha256)
            self._vouched.add(path)
        return path

    def _has_ended(self, file: DayFile, partitions: int) -> bool:
        rows = read_rows(self._vouched_for(file))
        return len({r.partition for r in rows if r.tick == TICK_END}) == partitions
