"""A new run from the settings: the one place where settings become part of a run."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from connectors.files import sha256_of
from connectors.parameters import params_dict
from connectors.run_settings import local_settings, spec_settings
from connectors.runs import Run
from connectors.settings import Settings
from connectors.user_strategies import strategy_sources
from messages.market import Interval
from messages.requests import InputFile
from messages.runs import RunSpec
from stack.servers.services import Services


@dataclass(frozen=True, slots=True)
class Played:
    """What a run plays instead of following feeds.

    Attributes:
        bars: Parquet file.
        news: JSON Lines file; None without news.
        interval: of a bar.
        pace: bars per second; 0: as fast as it goes.
        first_moment: earliest time in the files, UTC.
    """

    bars: Path
    news: Path | None
    interval: Interval
    pace: int
    first_moment: datetime


def new_run(
    services: Services, settings: Settings, run_id: str, started_at: datetime, partitions: int,
    played: Played | None = None,
) -> Run:  # fmt: skip
    """Return a run on running servers; nothing is written.

    Args:
        services: where it lives.
        settings: what it does, and what it needs to reach the outside.
        run_id: its name.
        started_at: wall clock, UTC.
        partitions: of topics keyed by ticker or article.
        played: None: a live run.

    Raises:
        StrategyUnusable: a strategy of the user's own cannot be loaded.
        DirectoryUnusable: a file of listed companies cannot be read.
    """
    home, access = services.home, services.access
    run = Run(
        spec=_spec(settings, run_id, started_at, partitions),
        directory=str(home.runs / run_id), bootstrap=access.bootstrap,
        client=dict(access.client), secret=secrets.token_hex(32),
        replicas=settings.kafka.replication_factor, in_sync=settings.kafka.min_insync_replicas,
        prefix=f"tidewire-{run_id}.", schema=f"run_{run_id.replace('-', '_')}",
        database_url=services.database_url, archive=str(home.archive / run_id),
        local=local_settings(settings.news, settings.scoring, settings.broker),
        retention_days=settings.retention_days, metrics=settings.metrics,
        log_level=settings.log_level,
    )  # fmt: skip
    return run if played is None else _playing(run, played)


def _spec(settings: Settings, run_id: str, started_at: datetime, partitions: int) -> RunSpec:
    params = settings.params
    return RunSpec(
        run_id=run_id, interval="1m", partitions=partitions, started_at=started_at,
        first_moment=started_at, params=params_dict(params), tick_ms=settings.tick_ms,
        strategies=strategy_sources(params),
        **spec_settings(settings.news, settings.scoring, settings.market, settings.broker),
    )  # fmt: skip


def _playing(run: Run, played: Played) -> Run:
    """Return a run that plays files: it follows no feed, and nothing old leaves its database."""
    spec = replace(
        run.spec, inputs=_inputs(played.bars, played.news), interval=played.interval,
        pace=played.pace, first_moment=played.first_moment, feeds=(), market={}, mode="paper",
        broker={},
    )  # fmt: skip
    return replace(
        run, spec=spec, bars=str(played.bars), news=str(played.news or ""), retention_days=0
    )


def _inputs(bars: Path, news: Path | None) -> tuple[InputFile, ...]:
    found = [InputFile(role="bars", digest=sha256_of(bars), name=_name(bars))]
    if news is not None:
        found.append(InputFile(role="news", digest=sha256_of(news), name=_name(news)))
    return tuple(found)


def _name(file: Path) -> str:
    return file.name.encode(errors="replace").decode()
