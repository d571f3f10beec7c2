"""The certificate of a day: every flow made its records again, and they are the same bytes.

The hashes depend on what happened alone: not on the run's name, partition count, batch sizes or
ticks. Two runs of one input under one code and one set of rules have one certificate.
"""

import hashlib
import importlib.util
from pathlib import Path
from typing import Any, Final

import msgspec

from connectors.archive.ordered_log import WHOLE, span_of
from connectors.archive.reading import ArchivedRun
from connectors.kafka.shards import shards_of
from connectors.user_strategies import sources_of
from connectors.version import VERSION
from flows.replay.compare import Divergence, OutputRecord
from flows.replay.flow_list import replayed
from flows.replay.record_hashes import RecordHashes
from flows.replay.reexecution import ShardResult, StateDiffers, run_shard
from messages.base import Message
from messages.errors import UNDECODABLE
from messages.flows import FROM_THE_START
from messages.topics import Topic
from operators.params import Params

SOURCES: Final = ("messages", "operators", "flows")
# Reading, comparing and reporting decide nothing.
NOT_HASHED: Final = frozenset({"replay", "backtest"})
DECIDING: Final = (
    "archive/checkpoints.py", "archive/ordered_log.py", "envelope.py", "kafka/layout.py",
    "kafka/arrivals.py", "kafka/partition_reader.py", "kafka/shards.py", "kafka/source.py",
    "market/calendar.py", "market/session_days.py", "user_strategies.py",
)  # fmt: skip


class FlowProof(msgspec.Struct, frozen=True, kw_only=True):
    """One flow's part.

    Attributes:
        opened: shard -> the day at whose close its opening state was kept; empty where it
            started from the first record.
        records: topic -> records made again and found equal on this day.
        outputs: topic -> one hash over those records (stamp, key, value), in no order.
        states: kept states that were made again and found equal.
    """

    opened: dict[str, str]
    records: dict[str, int]
    outputs: dict[str, str]
    states: int


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What was proved of one session day.

    Attributes:
        code: SHA-256 over the sources of everything that decides.
        version: of the program that replayed; `recorded_by` of the one that recorded.
        settings: SHA-256 of the operators' parameters.
        inputs: topic -> one hash over the day's facts (stamp, key, value) that flows read.
        facts: topic -> how many.
        proof: SHA-256 over day, code, settings, inputs and outputs.
    """

    run: str
    day: str
    code: str
    version: str
    recorded_by: str
    settings: str
    facts: dict[str, int]
    inputs: dict[str, str]
    flows: dict[str, FlowProof]
    proof: str


class Diverged(msgspec.Struct, frozen=True, kw_only=True):
    """Why a day has no certificate: the first record, or kept state, that differs.

    Attributes:
        id: of the record; of the recorded one where there are two.
        field: of the record that differs, or missing / extra; `state` for a kept state.
        recorded: what the log has; replayed: what the flow made.
        causes: ids the record came from, each with its place in the archive where it has one.
    """

    run: str
    day: str
    flow: str
    where: str
    stamp: int
    id: str
    field: str
    recorded: Any
    replayed: Any
    causes: dict[str, str]


def certify(
    archive: ArchivedRun, day: str, *, from_start: bool = False, size: int = WHOLE
) -> Certificate | Diverged:
    """Make a day's outputs again, flow by flow, and compare them byte for byte.

    Args:
        archive: of the run.
        day: a session day, YYYY-MM-DD.
        from_start: begin at the log's first record instead of the newest kept states, and so
            prove these too.
        size: events per block; means nothing for the result.

    Returns:
        The certificate, or the first divergence in the order of the flows.

    Raises:
        ArchiveDamaged: a file is not what its manifest says.
        DayNotArchived: there is no such day, or it is not over.
    """
    start, _ = span_of(day)
    facts, inputs = hash_inputs(archive, day)
    flows: dict[str, FlowProof] = {}
    for flow in replayed(archive.run.spec.mode, brackets=archive.run.brackets):
        found: dict[str, ShardResult] = {}
        for shard in shards_of(flow.spec, archive.run.layout):
            outcome = found[shard] = run_shard(
                archive, flow, shard, day, certified_from=start, from_start=from_start, size=size
            )
            if outcome.divergence is not None:
                return _diverged(archive, day, outcome.divergence)
            if outcome.differs is not None:
                return _state_diverged(archive, day, outcome.differs)
        flows[flow.spec.name] = _proof_of(found)
    code = code_hash(archive.run.rules)
    body = {
        "day": day,
        "code": code,
        "settings": archive.started.settings_hash,
        "inputs": inputs,
        "outputs": {name: proof.outputs for name, proof in flows.items()},
    }
    proof = hashlib.sha256(msgspec.json.encode(body, order="sorted")).hexdigest()
    return Certificate(
        run=archive.run.run_id, day=day, code=code, version=VERSION,
        recorded_by=archive.started.code_version, settings=archive.started.settings_hash,
        facts=facts, inputs=inputs, flows=flows, proof=proof,
    )  # fmt: skip


def hash_inputs(archive: ArchivedRun, day: str) -> tuple[dict[str, int], dict[str, str]]:
    """Return, per topic that a flow reads, a day's facts counted and hashed.

    What the run's start says, its name and its settings, is no part of it.
    """
    topics: dict[str, Topic[Message]] = {
        t.name: t
        for f in replayed(archive.run.spec.mode, brackets=archive.run.brackets)
        for t in f.spec.reads
        if t not in FROM_THE_START
    }
    counts, roots = {}, {}
    for name, topic in sorted(topics.items()):
        hashes = RecordHashes(broadcast=topic.broadcast)
        for row in archive.rows(name, day, day):
            if row.is_fact:
                hashes.add(row.stamp, row.key or b"", row.value or b"")
        counts[name], roots[name] = len(hashes), hashes.root()
    return counts, roots


def code_hash(params: Params) -> str:
    """Return SHA-256 over what decides: the sources, and the user's own strategies."""
    digest = hashlib.sha256(source_hash(_root()).encode())
    digest.update(sources_of(params).encode())
    return digest.hexdigest()


def source_hash(root: Path) -> str:
    """Return SHA-256 over the sources that decide, by name.

    Messages (with the flow table), operators (with the merge) and flows as a whole; of
    connectors those that say when the market is open, in which order records are read, what a
    header means, and which strategies are loaded.

    Args:
        root: the directory that holds the packages.
    """
    digest = hashlib.sha256()
    files = [f for package in SOURCES for f in sorted((root / package).rglob("*.py"))]
    for file in [*files, *(root / "connectors" / name for name in DECIDING)]:
        name = file.relative_to(root)
        if name.parts[:1] != ("flows",) or name.parts[1] not in NOT_HASHED:
            digest.update(f"{name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _root() -> Path:
    spec = importlib.util.find_spec("operators")
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(places[0]).parent


def _proof_of(found: dict[str, ShardResult]) -> FlowProof:
    hashes: dict[str, RecordHashes] = {}
    for outcome in found.values():
        for topic, mine in outcome.comparison.hashes.items():
            if topic in hashes:
                hashes[topic].take(mine)
            else:
                hashes[topic] = mine
    return FlowProof(
        opened={shard: outcome.opened for shard, outcome in found.items()},
        records={topic: len(every) for topic, every in hashes.items()},
        outputs={topic: every.root() for topic, every in hashes.items()},
        states=sum(outcome.states for outcome in found.values()),
    )


def _diverged(archive: ArchivedRun, day: str, found: Divergence) -> Diverged:
    there = found.recorded or found.replayed
    values = msgspec.json.decode(there.value) if there is not None else {}
    wanted = values.get("causes", [])
    return Diverged(
        run=archive.run.run_id, day=day, flow=found.flow,
        where=f"{found.topic}[{found.partition}]", stamp=found.stamp, id=values.get("id", ""),
        field=found.field, recorded=_shown(found.recorded, found), causes=places(archive, wanted),
        replayed=_shown(found.replayed, found),
    )  # fmt: skip


def _shown(made: OutputRecord | None, found: Divergence) -> Any:
    """Return what to show of a record: of two, only the fields that differ."""
    if made is None:
        return None
    if found.field not in ("value", "missing", "extra"):
        value = getattr(made, found.field)
        return value.decode() if isinstance(value, bytes) else str(value)
    mine = msgspec.json.decode(made.value)
    if found.recorded is None or found.replayed is None:
        return mine
    other = found.replayed if made is found.recorded else found.recorded
    theirs = msgspec.json.decode(other.value)
    return {k: v for k, v in mine.items() if theirs.get(k) != v}


def _state_diverged(archive: ArchivedRun, day: str, found: StateDiffers) -> Diverged:
    return Diverged(
        run=archive.run.run_id, day=day, flow=found.flow,
        where=f"states/{found.flow}-{found.shard}/{found.day}.state", stamp=span_of(found.day)[1],
        id="", field="state", recorded=f"the state of operator {found.step} as it was kept",
        replayed=f"another state of operator {found.step}", causes={},
    )  # fmt: skip


class Identified(msgspec.Struct):
    """What every record has."""

    id: str


def places(archive: ArchivedRun, ids: list[str]) -> dict[str, str]:
    """Return where the archive has the records of some ids; empty for an id it has not."""
    found = dict.fromkeys(ids, "")
    flows = replayed(archive.run.spec.mode, brackets=archive.run.brackets)
    topics = {t.name for f in flows for t in (*f.spec.reads, *f.spec.writes)}
    marks = [id_.encode() for id_ in ids]
    for topic in sorted(topics):
        for row in archive.facts(topic):
            if row.value is None or not any(mark in row.value for mark in marks):
                continue
            id_ = _id_of(row.value)
            if found.get(id_) == "":
                found[id_] = f"{topic}[{row.partition}]@{row.offset}"
    return found


def _id_of(value: bytes) -> str:
    """Return the id that a record of anybody's says, however its JSON is written."""
    try:
        return msgspec.json.decode(value, type=Identified).id
    except UNDECODABLE:
        return ""
