"""A run: where it lives on the broker and in the database, and the rules it is made under."""

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from pydantic import TypeAdapter

from connectors.archive.checkpoints import STATE_VERSION, CheckpointStore
from connectors.archive.files import StatesManifest
from connectors.files import write_whole
from connectors.kafka.layout import Layout
from connectors.kafka.sink import LogSinkPartition, Outbox
from connectors.user_strategies import strategy_names
from connectors.version import VERSION
from messages.base import make_id
from messages.control import RunStarted
from messages.learning import WeightChange
from messages.topics import RUNS_STARTED, STRATEGY_WEIGHTS
from messages.units import to_micros
from operators.blocks import Event
from operators.params import Params


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What every flow of a run reads at its start, kept as `run.json` in the run's directory.

    Attributes:
        directory: of the run: recovery directories, logs, status files.
        schema: of the database.
        partitions: of topics keyed by ticker or article; one signals shard each.
        database_url: may hold a password; the file is readable by its owner only.
        bars: Parquet file played by flows/market.
        news: JSON Lines file played by flows/news; empty without news.
        pace: bars per second that flows/market lets in; 0: as fast as it goes.
        started_at: wall clock when the run was made, UTC; later rows are from the future.
        first_moment: earliest time in the inputs: the first stamp of the run.
        params: the operators' parameters.
        archive: directory of the run's archive.
        tick_ms: in a live run, how often a silent entry flow says what time it is.
    """

    run_id: str
    directory: str
    bootstrap: str
    prefix: str
    schema: str
    partitions: int
    database_url: str
    bars: str
    interval: str
    news: str
    pace: int
    started_at: datetime
    first_moment: datetime
    params: dict[str, Any]
    archive: str
    tick_ms: int = 50

    @property
    def layout(self) -> Layout:
        """Return the run's place on the broker."""
        return Layout(self.bootstrap, self.run_id, self.prefix, self.partitions)

    @property
    def live(self) -> bool:
        """Tell whether the wall clock is the run's clock: no recorded bars are played."""
        return not self.bars

    @property
    def rules(self) -> Params:
        """Return the parameters, validated."""
        return TypeAdapter(Params).validate_python(self.params)

    @property
    def settings_hash(self) -> str:
        """Return SHA-256 of the parameters in canonical JSON."""
        return hashlib.sha256(self.settings.encode()).hexdigest()

    @property
    def settings(self) -> str:
        """Return the parameters in canonical JSON."""
        return msgspec.json.encode(self.params, order="sorted").decode()

    def checkpoints(self, flow: str) -> CheckpointStore:
        """Return the store of a flow's checkpoints."""
        manifest = StatesManifest(
            run_id=self.run_id, flow=flow, shard="", code_version=VERSION,
            settings_hash=self.settings_hash, state_version=STATE_VERSION,
        )  # fmt: skip
        return CheckpointStore(Path(self.archive), manifest)

    def path(self, *parts: str) -> Path:
        """Return a path inside the run's directory."""
        return Path(self.directory, *parts)

    def save(self) -> None:
        """Write `run.json`, readable by its owner only."""
        self.path().mkdir(parents=True, exist_ok=True)
        file = self.path("run.json")
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(msgspec.json.format(msgspec.json.encode(self)))
        public = msgspec.structs.replace(self, database_url="", bootstrap="", directory="")
        write_whole(
            Path(self.archive, "run.json"), msgspec.json.format(msgspec.json.encode(public))
        )


def load_run(directory: Path) -> Run:
    """Read a run's `run.json`.

    Raises:
        FileNotFoundError: there is no such run.
        msgspec.ValidationError: written by another version of the program.
    """
    return msgspec.json.decode((directory / "run.json").read_bytes(), type=Run)


def announce(run: Run) -> None:
    """Publish RunStarted and the first weights, equal ones; called once, repeats do nothing.

    Weights are fixed in this version, so both topics end here: no flow waits for a change.
    """
    at = to_micros(run.first_moment)
    started = RunStarted(
        id=make_id("run", run.run_id),
        event_time=run.first_moment,
        run_id=run.run_id,
        code_version=VERSION,
        settings_hash=run.settings_hash,
        settings=run.settings,
        partitions=run.partitions,
        inputs=tuple(Path(f).name for f in (run.bars, run.news) if f),
    )
    names = strategy_names(run.rules)
    share = 1 / len(names)
    changes = [
        WeightChange(
            id=make_id("wgt", strategy, "seed"),
            event_time=run.first_moment,
            strategy=strategy,
            old=share,
            new=share,
            effective_from=run.first_moment,
            reason="seed",
        )
        for strategy in names
    ]
    records = [
        (RUNS_STARTED, Event(at, "", started)),
        *((STRATEGY_WEIGHTS, Event(at, "", change)) for change in changes),
    ]
    layout = run.layout
    writes = {t: layout.partitions_of(t) for t in (RUNS_STARTED, STRATEGY_WEIGHTS)}
    sink = LogSinkPartition(layout, writes, None, entry=True)
    sink.write_batch([Outbox(records, at + 1, ended=True)])
    sink.snapshot()
    sink.close()
