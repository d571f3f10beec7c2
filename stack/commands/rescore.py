"""`tidewire rescore`: archived articles scored again, as a new revision, and what would change."""

import argparse
import sys
from pathlib import Path

import msgspec

from connectors.archive.reading import ArchivedRun
from connectors.files import write_whole
from connectors.sentiment.tiers import cascade
from connectors.settings import load_settings
from flows.replay.rescore import consequences, rescored
from flows.replay.window import window_of
from messages.codec import encode
from messages.news import ScoredArticle
from stack.commands import replay_text as words
from stack.commands.archives import open_archive
from stack.commands.options import add_run, at_least
from stack.commands.score import add_tier, by_tier
from stack.errors import StackError

DIRECTORY = "rescored"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_run(parser)
    add_tier(parser)
    parser.add_argument("--limit", type=at_least(0), default=20, help="orders to list; 0: all")


def run(options: argparse.Namespace) -> int:
    """Score the articles of a day, or of all days, again; nothing recorded is touched.

    Raises:
        StackError: there is no such archive, or nothing was scored in these days.
        ModelUnusable: the tier is not on this machine.
        ArchiveDamaged: a file is not what its manifest says.
        DayNotArchived: there is no such day, or it is not over.
    """
    sys.stdout.write(_report(options) + "\n")
    return 0


def _report(options: argparse.Namespace) -> str:
    archive = open_archive(
        options.home, options.run, options.day, run_strategies=options.run_strategies
    )
    scoring = load_settings().scoring
    days = archive.days
    if not days:
        reason = "No day of this run is over: there is nothing to score again."
        raise StackError(reason)
    first, last = (options.day or None), (options.day or days[-1])
    window = window_of(archive, first, last)
    models = cascade(
        by_tier(scoring, options.tier),
        archive.path / DIRECTORY / "scores.sqlite",
        live=True,
    )
    try:
        scores = rescored(window, models)
    finally:
        models.close()
    if not scores:
        reason = "No article was scored in these days: nothing to score again."
        raise StackError(reason)
    file = _write(archive, first or days[0], last, scores)
    found = consequences(window, scores)
    if options.json:
        return msgspec.json.encode({"file": str(file), "what_if": found}).decode()
    recorded = {e.body.id: e.body for e in window.events if isinstance(e.body, ScoredArticle)}
    moved = sum(recorded[s.causes[-1]].sentiment_score != s.sentiment_score for s in scores)
    said = (
        f"{len(scores)} scores by {scores[0].model_used}, {moved} of them not as recorded: {file}"
    )
    return f"{said}\n{words.of_what_if(found, archive.run.run_id, first, last, options.limit)}"


def _write(archive: ArchivedRun, first: str, last: str, scores: list[ScoredArticle]) -> Path:
    model = scores[0].model_used.replace("/", "_").replace(":", "_")
    file = Path(archive.path, DIRECTORY, f"{first}_{last}_{model}.jsonl")
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, b"".join(encode(s) + b"\n" for s in scores))
    return file
