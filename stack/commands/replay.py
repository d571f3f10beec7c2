"""`tidewire replay`, `causality` and `explain`: what an archive proves, in words or as JSON."""

import argparse
from datetime import datetime
from pathlib import Path

import msgspec

from connectors.archive.ordered_log import WHOLE
from connectors.archive.reading import ArchivedRun, DayNotArchived
from connectors.archive.sink import BEFORE_TIME
from connectors.market.calendar import NEW_YORK, session_day
from connectors.settings import load_settings
from flows.replay.causality import leaks_of
from flows.replay.certificate import Certificate, Diverged, certify
from flows.replay.counterfactual import Changes, what_if
from flows.replay.execution_difference import differences
from flows.replay.explain import Explainer
from flows.replay.record_index import Ledger, broken_causes
from flows.replay.window import Stretch, stretch_of
from messages.requests import ReplayRequest
from messages.topics import MARKET_BARS
from messages.units import to_micros
from stack.commands import replay_text as words
from stack.commands.replay_options import causality_of, replay_of
from stack.errors import StackError
from stack.home import last_run

Said = tuple[str, int]


def run_replay(options: argparse.Namespace) -> Said:
    """Run one replay; returns what to print and the exit code: 1 when something differs.

    Raises:
        StackError: there is no such archive or run.
        ArchiveDamaged: a file is not what its manifest says.
        DayNotArchived: there is no such day, or it is not over.
        CannotChange: a what-if names something that is not there.
    """
    archive = open_archive(options.home, options.run, options.day)
    request = replay_of(options, archive.run.run_id)
    if request.action == "against_backtest":
        return _against(archive, request, as_json=options.json)
    if request.action == "what_if":
        return _what_if(archive, request, options.limit, as_json=options.json)
    return _certified(archive, request, as_json=options.json)


def _what_if(archive: ArchivedRun, request: ReplayRequest, limit: int, *, as_json: bool) -> Said:
    changes = Changes.of(request.changes)
    first, last = _days(archive, request)
    if changes.shapes_state:
        first = None
    found = what_if(stretch_of(archive, first, last), changes)
    if as_json:
        return _json(found), 0
    return words.of_what_if(found, archive.run.run_id, first, last, limit), 0


def _certified(archive: ArchivedRun, request: ReplayRequest, *, as_json: bool) -> Said:
    days = [request.day] if request.day else archive.days
    lines, code = [], 0
    for day in days:
        try:
            proof = certify(
                archive, day, from_start=request.from_start, size=request.block or WHOLE
            )
        except DayNotArchived:
            if request.day:
                raise
            lines += [] if as_json else [f"{day}  not over yet: archived after its close"]
            continue
        code = max(code, isinstance(proof, Diverged))
        if as_json:
            lines.append(_json(proof))
        elif isinstance(proof, Diverged):
            lines.append(words.of_divergence(proof))
        elif request.action == "verify":
            lines.append(words.of_certificate(proof) if request.day else words.in_a_line(proof))
        else:
            lines.append(_story(archive, proof))
    return "\n".join(lines) or "nothing happened on any day yet", code


def run_causality(options: argparse.Namespace) -> Said:
    """Cut a day's input at sampled moments; returns what to print, and 1 when something leaks."""
    archive = open_archive(options.home, options.run, options.day)
    request = causality_of(options, archive.run.run_id)
    day = request.day or _traded_day(archive)
    stretch = stretch_of(archive, day, day)
    cuts, leaks = leaks_of(stretch, request.samples)
    broken = broken_causes(Ledger(archive), day)
    code = int(bool(leaks or broken))
    if options.json:
        found = {"run": archive.run.run_id, "day": day, "inputs": len(stretch.events),
                 "cuts": cuts, "leaks": leaks, "broken_causes": broken}  # fmt: skip
        return _json(found), code
    return words.of_causality(
        archive.run.run_id, day, len(stretch.events), cuts, leaks, broken
    ), code


def run_explain(options: argparse.Namespace) -> Said:
    """Explain a record or a moment; returns what to print.

    Raises:
        CannotExplain: there is nothing of that name.
        DayNotArchived: the day is not over.
    """
    ticker, at, moment = options.what.partition("@")
    if at and not options.what.startswith("bar-"):
        stamp = _moment(moment)
        archive = open_archive(options.home, options.run, session_day(stamp))
        node = Explainer(archive).at(ticker, stamp)
    else:
        node = Explainer(open_archive(options.home, options.run)).of(options.what)
    return (_json(node) if options.json else words.of_tree(node)), 0


def open_archive(home: str | None, run: str, day: str = "") -> ArchivedRun:
    """Open the archive that a command means: the run named, or the last one that has the day.

    Args:
        home: directory of all state; None: the setting, or where the last run was.
        run: its name; empty: any.
        day: session day; empty: any.

    Raises:
        StackError: there is none.
    """
    directory, last = _home_of(home)
    archive = directory / "archive"
    runs = [d for d in archive.glob("*") if (d / "run.json").exists()]
    if run:
        runs = [d for d in runs if d.name == run]
    trusted = load_settings().own.strategies
    found = [ArchivedRun(d, trusted) for d in runs]
    found.sort(key=lambda a: (a.path.name == last, a.run.spec.started_at))
    for one in reversed(found):
        if not day or any(f.day == day for f in one.manifest.files):
            return one
    what = f"run {run}" if run else "a run"
    with_day = f" with the day {day}" if day else ""
    reason = (
        f"{archive} holds no archive of {what}{with_day}: `tidewire archive ls` lists what it has."
    )
    raise StackError(reason)


def _home_of(named: str | None) -> tuple[Path, str]:
    settings = load_settings()
    last = last_run()
    if named is None and "home" not in settings.model_fields_set and last is not None:
        return last
    home = Path(named or settings.home).expanduser().resolve()
    return home, last[1] if last is not None and last[0] == home else ""


def _days(archive: ArchivedRun, request: ReplayRequest) -> tuple[str | None, str]:
    last = request.day or _traded_day(archive)
    return (None if request.from_start else last), last


def _traded_day(archive: ArchivedRun) -> str:
    """Return the newest day on which a bar came in."""
    for file in reversed(archive.files.get(MARKET_BARS.name, [])):
        if file.day != BEFORE_TIME and any(
            r.is_fact for r in archive.rows(MARKET_BARS.name, file.day, file.day)
        ):
            return file.day
    reason = f"{archive.path} has no finished day with bars: name one with --day."
    raise DayNotArchived(reason)


def _against(archive: ArchivedRun, request: ReplayRequest, *, as_json: bool) -> Said:
    first, last = _days(archive, request)
    count, listed = differences(stretch_of(archive, first, last))
    code = int(bool(listed))
    if as_json:
        found = {"run": archive.run.run_id, "day": last, "executions": count, "differ": listed}
        return _json(found), code
    return words.of_differences(archive.run.run_id, first, last, count, listed), code


def _story(archive: ArchivedRun, proof: Certificate) -> str:
    stretch: Stretch = stretch_of(archive, proof.day, proof.day)
    return words.of_day(proof, stretch.executions())


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        reason = f"{text} is no time: write TICKER@YYYY-MM-DDTHH:MM, in New York's time."
        raise StackError(reason) from error
    return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=NEW_YORK))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
