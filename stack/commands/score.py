"""`tidewire score FILE`: articles in, one JSON line each out."""

import argparse
import dataclasses
import gzip
import json
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, TextIO, get_args

from pydantic import TypeAdapter

from connectors.sentiment.cascade import Answer, Cascade
from connectors.sentiment.params import ScoringParams, Tier
from connectors.sentiment.tiers import cascade
from connectors.settings import load_settings
from connectors.tickers.directory import ticker_finder
from operators.news.labels import label_of
from operators.news.passages import Passage
from operators.news.subjects import TEXT, Asked, Subject, subjects_of
from operators.news.tickers import TickerFinder
from stack.commands.options import home_of
from stack.errors import StackError

BATCH: Final = 256
PROGRESS_S: Final = 1.0
GZIP: Final = b"\x1f\x8b"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("articles", type=Path, help="JSON Lines, .gz or plain: id, title, content")
    add_tier(parser)
    parser.add_argument("--json", action="store_true", help="as without it: JSON lines")


def add_tier(parser: argparse.ArgumentParser) -> None:
    """Add the choice of a scoring tier."""
    parser.add_argument("--tier", choices=get_args(Tier), default="", help="default: the setting")


def run(options: argparse.Namespace) -> int:
    """Score a file of articles, one JSON line each; returns 1 if a line could not be read.

    Raises:
        StackError: there is no such file.
        ModelUnusable: the tier is not on this machine.
    """
    return run_score(options.articles, options.tier, home_of(options).path, sys.stdout)


def run_score(file: Path, tier: str, home: Path, out: TextIO) -> int:
    """Score a file's articles; returns 1 if a line could not be read, after all others.

    Args:
        file: JSON Lines, gzip or plain; each with id, title and content (or text).
        tier: instant, finbert, ollama, or auto.
        home: holds the file of scores that slow models have given before.
        out: where the lines go.

    Raises:
        StackError: there is no such file.
        ModelUnusable: the tier is not on this machine.
    """
    settings = load_settings()
    scoring = by_tier(settings.scoring, tier)
    if scoring.tier in ("instant", "finbert"):
        scoring = dataclasses.replace(scoring, ollama_url="")
    models = cascade(scoring, home.expanduser() / "scores.sqlite", live=True)
    finder = ticker_finder(settings.news.directories)
    try:
        return _score(file, models, finder, out)
    finally:
        models.close()


def by_tier(scoring: ScoringParams, tier: str) -> ScoringParams:
    """Return the settings with a tier that the command line names; empty changes nothing."""
    if not tier:
        return scoring
    return TypeAdapter(ScoringParams).validate_python({**dataclasses.asdict(scoring), "tier": tier})


def _score(file: Path, models: Cascade, finder: TickerFinder, out: TextIO) -> int:
    rows, code, done, since = _articles(file), 0, 0, time.monotonic()
    while batch := list(islice(rows, BATCH)):
        good = [(fields, text) for fields, text, _ in batch if fields is not None]
        asked = [_asked(fields, text, finder) for fields, text in good]
        told = zip(good, asked, models.judge(asked), strict=True)
        out.writelines(_line(fields, one, said) + "\n" for (fields, _), one, said in told)
        for problem in (problem for fields, _, problem in batch if fields is None):
            sys.stderr.write(f"tidewire: {file.name}: {problem}\n")
            code = 1
        done += len(batch)
        if sys.stderr.isatty() and time.monotonic() - since > PROGRESS_S:
            sys.stderr.write(f"\r{done:,} articles")
            since = time.monotonic()
    out.flush()
    return code


def text_of_fields(fields: dict[str, Any]) -> str:
    """Return what a model is given: title and content, or `text` where there is neither."""
    title, content = (str(fields.get(name) or "") for name in ("title", "content"))
    if not title and not content:
        return str(fields.get("text") or "")[:TEXT]
    return (f"{title}. {content}" if title and content else title or content)[:TEXT]


def _asked(fields: dict[str, Any], text: str, finder: TickerFinder) -> Asked:
    """Tell what is asked of an article: of the whole, then of each ticker."""
    named = fields.get("tickers") or fields.get("symbols") or ()
    symbols = tuple(str(t) for t in named) if isinstance(named, list) else ()
    title, content = _parts(fields, text)
    read = finder.read(symbols, title, content, _moment(fields))
    whole = Subject("", "market", "", Passage(text))
    return Asked(text, (whole, *subjects_of(text, len(title), read, finder)))


def _line(fields: dict[str, Any], asked: Asked, answers: tuple[Answer, ...]) -> str:
    answer, *others = answers
    verdict = answer.verdict
    said = {
        "id": fields.get("id", ""),
        "score": verdict.score,
        "label": label_of(verdict.score),
        "confidence": verdict.confidence,
        "model_used": verdict.model,
        "tickers": [subject.ticker for subject in asked.subjects[1:]],
        "companies": [
            {
                "ticker": subject.ticker,
                "about": subject.about,
                "score": one.verdict.score,
                "label": label_of(one.verdict.score),
                "confidence": one.verdict.confidence,
            }
            for subject, one in zip(asked.subjects[1:], others, strict=True)
        ],
    }
    if answer.fallback:
        said["fallback"] = answer.fallback
    if verdict.reasoning:
        said |= {"reasoning": verdict.reasoning, "entities": list(verdict.entities)}
    return json.dumps(said, ensure_ascii=False)


def _parts(fields: dict[str, Any], text: str) -> tuple[str, str]:
    """Return title and content, or the text as content."""
    title, content = (str(fields.get(name) or "") for name in ("title", "content"))
    return (title, content) if title or content else ("", text)


def _moment(fields: dict[str, Any]) -> datetime | None:
    """Return when the article was published, by which renamed tickers are told."""
    try:
        return datetime.fromisoformat(str(fields.get("published_at")))
    except ValueError:
        return None


Article = tuple[dict[str, Any] | None, str, str]


def _articles(file: Path) -> Iterator[Article]:
    """Give (fields, text, "") per line, or (None, "", what is wrong with it)."""
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield None, "", f"line {number} is not JSON ({error}): correct it or leave it out"
            continue
        if not isinstance(fields, dict) or not (text := text_of_fields(fields)).strip():
            yield None, "", f"line {number} has neither title nor content: nothing to score"
            continue
        yield fields, text, ""


def _lines(file: Path) -> Iterable[bytes]:
    try:
        with file.open("rb") as probe:
            packed = probe.read(2) == GZIP
        with gzip.open(file) if packed else file.open("rb") as lines:
            yield from lines
    except (OSError, EOFError) as error:
        reason = f"{file} cannot be read ({error}): name a .jsonl or .jsonl.gz file."
        raise StackError(reason) from error
