"""A run on this machine: what it is, where it lives, and what it needs to reach the outside."""

import hashlib
from pathlib import Path

import msgspec
from pydantic import TypeAdapter

from connectors.broker.params import BrokerParams
from connectors.feed.params import NewsParams
from connectors.files import write_whole
from connectors.kafka.access import Access
from connectors.kafka.layout import Layout
from connectors.market.params import MarketParams
from connectors.parameters import params_of
from connectors.sentiment.params import ScoringParams
from messages.errors import UNDECODABLE, TidewireError
from messages.runs import RunSpec
from messages.values import Groups
from operators.params import Params


class RunUnreadable(TidewireError, ValueError):
    """A run's `run.json` is damaged, or was written by another version.

    Operator action: use the version that wrote it, or begin another run (`--run NAME`).
    """


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every flow of a run reads at its start, kept as `run.json` in the run's directory.

    A flow reads nothing else: no setting and no variable of the shell that starts it.

    Attributes:
        spec: what the run does.
        directory: of the run: recovery directories, logs, status files.
        bootstrap: host:port of the broker.
        client: what librdkafka needs to be let in, by its names; may hold a password.
        secret: seals the run's records on topics that outsiders write too; empty in a run that
            was begun before there were seals.
        replicas, in_sync: of its topics; see `connectors.kafka.params`.
        prefix: of the topics' names.
        schema: of the database.
        database_url: may hold a password; the file is readable by its owner only.
        archive: directory of the run's archive.
        bars: Parquet file played by flows/market; empty in a live run.
        news: JSON Lines file played by flows/news; empty without news.
        local: settings of feeds, models and the broker that stay on this machine: keys,
            addresses, paths.
        retention_days: age at which bars, snapshots and metrics leave the database; 0: never.
        metrics: every process serves Prometheus metrics.
        log_level: of every process.
        topic_ids: of a live run: whole name of a topic -> Kafka's id of it; empty before its first
            start. What is archived under a run is of these topics and no others.
    """

    spec: RunSpec
    directory: str
    bootstrap: str
    prefix: str
    schema: str
    database_url: str
    archive: str
    bars: str = ""
    news: str = ""
    client: dict[str, str] = msgspec.field(default_factory=dict)
    secret: str = ""
    replicas: int = 1
    in_sync: int = 1
    local: Groups = msgspec.field(default_factory=dict)
    retention_days: int = 0
    metrics: bool = True
    log_level: str = "INFO"
    topic_ids: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """Return the run's name."""
        return self.spec.run_id

    @property
    def partitions(self) -> int:
        """Return the partitions of topics keyed by ticker or article."""
        return self.spec.partitions

    @property
    def layout(self) -> Layout:
        """Return the run's place on the broker."""
        return Layout(
            Access(self.bootstrap, self.client), self.run_id, self.prefix, self.partitions,
            live=self.live, secret=self.secret, replicas=self.replicas, in_sync=self.in_sync,
            mode=self.spec.mode,
        )  # fmt: skip

    @property
    def live(self) -> bool:
        """Tell whether the wall clock is the run's clock: no recorded bars are played."""
        return self.spec.live

    @property
    def params(self) -> Groups:
        """Return the operators' parameters as plain values."""
        return self.spec.params

    @property
    def rules(self) -> Params:
        """Return the operators' parameters, validated.

        A run that was begun before weights were learnt keeps them fixed.
        """
        return params_of({"learning": {"rule": "fixed"}, **self.spec.params})

    @property
    def from_before_learning(self) -> bool:
        """Tell whether it was begun by a version that did not learn weights."""
        return "learning" not in self.spec.params

    @property
    def news_params(self) -> NewsParams:
        """Return the settings of the feeds."""
        plain = {**self.spec.news, **self.local.get("news", {})}
        return TypeAdapter(NewsParams).validate_python(plain)

    @property
    def market_params(self) -> MarketParams:
        """Return the settings of the bars that a live run follows."""
        plain = {**self.spec.market, **self.local.get("market", {})}
        return TypeAdapter(MarketParams).validate_python(plain)

    @property
    def scoring_params(self) -> ScoringParams:
        """Return the settings of the scoring tiers."""
        plain = {**self.spec.scoring, **self.local.get("scoring", {})}
        return TypeAdapter(ScoringParams).validate_python(plain)

    @property
    def broker_params(self) -> BrokerParams:
        """Return the settings of the broker, keys included."""
        plain = {**self.spec.broker, **self.local.get("broker", {})}
        return TypeAdapter(BrokerParams).validate_python(plain)

    @property
    def brackets(self) -> bool:
        """Tell whether the broker holds stops and targets beside entries."""
        return self.spec.mode == "broker" and self.broker_params.protection == "broker"

    @property
    def settings_hash(self) -> str:
        """Return SHA-256 of the parameters in canonical JSON."""
        return hashlib.sha256(self.settings.encode()).hexdigest()

    @property
    def settings(self) -> str:
        """Return the parameters in canonical JSON."""
        return msgspec.json.encode(self.params, order="sorted").decode()

    def path(self, *parts: str) -> Path:
        """Return a path inside the run's directory."""
        return Path(self.directory, *parts)

    def public(self) -> "Run":
        """Return the run as it may be given to others: without addresses, keys and directories."""
        return msgspec.structs.replace(
            self, database_url="", bootstrap="", directory="", local={}, client={}, secret=""
        )

    def save(self) -> None:
        """Write `run.json`, readable by its owner only, and its public copy for the archive."""
        write_whole(self.path("run.json"), _json(self), 0o600)
        write_whole(Path(self.archive, "run.json"), _json(self.public()))


def load_run(directory: Path) -> Run:
    """Read a run's `run.json`.

    Raises:
        FileNotFoundError: there is no such run.
        RunUnreadable: it is damaged, or was written by another version of the program.
    """
    file = directory / "run.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=Run)
    except (IsADirectoryError, *UNDECODABLE) as error:
        reason = (
            f"{file} is damaged or was written by another version ({error}): use the version that "
            "wrote it, or begin another run with --run NAME."
        )
        raise RunUnreadable(reason) from error


def _json(run: Run) -> bytes:
    return msgspec.json.format(msgspec.json.encode(run))
