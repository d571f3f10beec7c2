"""A backtest's request and the files it means: how one is made, and what is run for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.files import ContentDigest, sha256_of
from connectors.market.bar_file import BarFile
from connectors.market.input_files import InputUnusable
from connectors.parameters import params_dict, params_of
from connectors.sentiment.instant import instant_model
from connectors.tickers.directory import directory_digests
from connectors.user_strategies import strategy_names, strategy_sources
from flows.backtest.options import CannotBacktest
from flows.backtest.run import Inputs
from messages.requests import BacktestRequest, InputFile
from messages.units import to_micros
from operators.blocks import Event
from operators.params import Params


@dataclass(frozen=True, slots=True)
class Files:
    """Where a request's inputs are on this machine.

    Attributes:
        bars: Parquet or CSV.
        bars_digest: SHA-256 of the bars' rows, where the file was written from a database or an
            archive; empty: the file's own bytes count.
        news: JSON Lines of articles, scored by the instant tier; None without.
        scored: articles scored before, in order.
        directories: files of listed companies.
        surveyed: the bars, looked through already; None: not yet.
    """

    bars: Path
    bars_digest: str = ""
    news: Path | None = None
    scored: tuple[Event, ...] = ()
    directories: tuple[str, ...] = ()
    surveyed: BarFile | None = None

    def described(self) -> tuple[InputFile, ...]:
        """Return each input with its digest.

        Raises:
            InputUnusable: a file cannot be read.
        """
        digest = self.bars_digest or _digest(self.bars, "file of bars")
        found = [InputFile(role="bars", digest=digest, name=name_of(self.bars))]
        if self.news is not None:
            digest = _digest(self.news, "file of articles")
            found.append(InputFile(role="news", digest=digest, name=name_of(self.news)))
        if self.scored:
            content = ContentDigest()
            for event in self.scored:
                content.add((event.stamp, event.key, event.body))
            found.append(InputFile(role="scores", digest=content.hex))
        return tuple(found)


def request_of(
    files: Files, params: Params, weights: dict[str, float], **asked: Any
) -> BacktestRequest:
    """Return the request to run files under parameters and weights.

    Args:
        files: the inputs.
        params: of the operators, the user's own strategies among them.
        weights: strategy -> weight.
        asked: further fields of the request.

    Raises:
        InputUnusable: a file cannot be read.
        DirectoryUnusable: a file of listed companies cannot be read.
        RequestInvalid: a field does not hold what it must.
    """
    plain = params_dict(params)
    del plain["own"]
    scored_here = files.news is not None
    return BacktestRequest(
        params=plain, weights=weights, strategies=strategy_sources(params),
        inputs=files.described(),
        directories=directory_digests(files.directories) if scored_here else (),
        scoring=instant_model().model if scored_here else "",
        **asked,
    )  # fmt: skip


def rules_of(request: BacktestRequest) -> tuple[Params, dict[str, float]]:
    """Return the parameters and the weights of a request.

    Raises:
        ParameterInvalid: a parameter is unknown or out of range.
        StrategyUnusable: a strategy of the user's own cannot be loaded.
        CannotBacktest: a strategy is not the one that the request means, or a weight is of none.
    """
    own = {"strategies": [strategy.where for strategy in request.strategies]}
    params = params_of({**request.params, "own": own})
    for wanted, present in zip(request.strategies, strategy_sources(params), strict=True):
        if wanted.id != present.id:
            reason = (
                f"{wanted.where} is not the strategy {wanted.name} that was asked for: it has "
                "changed. Ask again."
            )
            raise CannotBacktest(reason)
    names = strategy_names(params)
    if unknown := [name for name in request.weights if name not in names]:
        reason = f"There is no strategy {unknown[0]} to weigh; there are {', '.join(names)}."
        raise CannotBacktest(reason)
    return params, dict(request.weights)


def inputs_of(request: BacktestRequest, files: Files) -> Inputs:
    """Return what a backtest reads for a request."""
    since, trade_from = warmed_up(request.first, request.warm_up_days)
    source = files.surveyed or BarFile(files.bars, request.interval)
    bars = source.between(since, request.last)
    return Inputs(
        bars, files.news, files.scored, trade_from, request.splits, request.benchmark,
        files.directories,
    )  # fmt: skip


def warmed_up(first: datetime | None, days: int) -> tuple[datetime | None, int]:
    """Return from when to read and from which stamp to trade; 0: from the first bar read."""
    if first is None or not days:
        return first, 0
    return first - timedelta(days=days), to_micros(first)


def _digest(file: Path, what: str) -> str:
    try:
        return sha256_of(file)
    except OSError as error:
        reason = f"{file} is not a readable {what} ({error}): name another."
        raise InputUnusable(reason) from error


def name_of(file: Path) -> str:
    """Return a file's name as text that can be written anywhere."""
    return file.name.encode(errors="replace").decode()
