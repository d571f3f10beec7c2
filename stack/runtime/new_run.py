"""A new run from the settings: the one place where settings become part of a run."""

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


def new_run(
    services: Services,
    settings: Settings,
    run_id: str,
    *,
    started_at: datetime,
    first_moment: datetime,
    partitions: int,
    interval: Interval = "1m",
    bars: Path | None = None,
    news: Path | None = None,
    pace: int = 0,
) -> Run:
    """Return a run on running servers; nothing is written.

    Args:
        services: where it lives.
        settings: what it does, and what it needs to reach the outside.
        run_id: its name.
        started_at: wall clock, UTC.
        first_moment: earliest time in the inputs, UTC.
        partitions: of topics keyed by ticker or article.
        interval: of a bar.
        bars: Parquet file to play; None: a live run.
        news: JSON Lines file to play beside it.
        pace: bars per second; 0: as fast as it goes.

    Raises:
        StrategyUnusable: a strategy of the user's own cannot be loaded.
        DirectoryUnusable: a file of listed companies cannot be read.
    """
    params, home = settings.params, services.home
    spec = RunSpec(
        run_id=run_id, interval=interval, partitions=partitions, inputs=_inputs(bars, news),
        pace=pace, started_at=started_at, first_moment=first_moment, params=params_dict(params),
        strategies=strategy_sources(params), tick_ms=settings.tick_ms,
        **spec_settings(settings.news, settings.scoring),
    )  # fmt: skip
    if bars is not None:
        spec = replace(spec, feeds=())  # it follows none
    return Run(
        spec=spec,
        directory=str(home.runs / run_id),
        bootstrap=services.bootstrap,
        prefix=f"tidewire-{run_id}.",
        schema=f"run_{run_id.replace('-', '_')}",
        database_url=services.database_url,
        archive=str(home.archive / run_id),
        bars=str(bars or ""),
        news=str(news or ""),
        local=local_settings(settings.news, settings.scoring),
        retention_days=0 if bars else settings.retention_days,
        metrics=settings.metrics,
        log_level=settings.log_level,
    )


def _inputs(bars: Path | None, news: Path | None) -> tuple[InputFile, ...]:
    found = []
    if bars is not None:
        found.append(InputFile(role="bars", digest=sha256_of(bars), name=_name(bars)))
    if news is not None:
        found.append(InputFile(role="news", digest=sha256_of(news), name=_name(news)))
    return tuple(found)


def _name(file: Path) -> str:
    return file.name.encode(errors="replace").decode()
