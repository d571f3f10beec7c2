"""`tidewire learning show | verify | undo OUTCOME`: weights, what binds them, and why."""

import argparse
import sys
from typing import Any, Final

import msgspec

from connectors.archive.files import ArchiveDamaged
from connectors.archive.reading import ArchivedRun
from connectors.market.calendar import NEW_YORK, session_day
from connectors.user_strategies import strategy_names
from flows.replay.counterfactual import CannotChange, Changes, WhatIf, what_if
from flows.replay.window import window_of
from messages.base import Message
from messages.codec import Unreadable, decoder, encode
from messages.learning import LearningAdjustment, StrategyMetric, WeightChange
from messages.topics import (
    CONTROL_ACCEPTED,
    LEARNING_ADJUSTMENTS,
    LEARNING_OUTCOMES,
    STRATEGY_METRICS,
    STRATEGY_WEIGHTS,
    Topic,
)
from messages.units import to_datetime, to_micros
from stack.audit.learning import Recorded, rederive
from stack.commands import replay_text as words
from stack.commands.archives import open_archive, traded_day
from stack.commands.options import add_run, at_least
from stack.commands.table import text_table

FIXED: Final = (
    "weights are fixed: the rule is `fixed`, or the run was begun before weights were learnt"
)
BINDS: Final = {
    "": "",
    "min_trades": "too few trades",
    "disabled": "switched off",
    "max_shift": "largest shift",
    "floor": "floor",
    "sum": "what the others can give or take",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("action", choices=("show", "verify", "undo"))
    parser.add_argument("outcome", nargs="?", default="", metavar="OUTCOME",
                        help="id of an outcome, for undo")  # fmt: skip
    add_run(parser, day=False)
    parser.add_argument("--limit", type=at_least(0), default=20, help="orders to list; 0: all")


def run(options: argparse.Namespace) -> int:
    """Show, verify or undo; returns 1 when a weight is not what its outcomes make it.

    Raises:
        StackError: there is no such archive or run.
        ArchiveDamaged: a file is not what its manifest says.
        CannotChange: there is no such outcome, or none was named.
    """
    archive = open_archive(options.home, options.run, run_strategies=options.run_strategies)
    if options.action == "undo":
        text, code = _undone(archive, options), 0
    elif options.action == "verify":
        text, code = _verified(archive, as_json=options.json)
    else:
        text, code = _shown(archive, as_json=options.json), 0
    sys.stdout.write(text + "\n")
    return code


def _shown(archive: ArchivedRun, *, as_json: bool) -> str:
    learning, names = archive.run.rules.learning, strategy_names(archive.run.rules)
    changes = [body for _, body in archive.messages(STRATEGY_WEIGHTS)]
    told = [(row.stamp, body) for row, body in archive.messages(LEARNING_ADJUSTMENTS)]
    measured = {body.strategy: body for _, body in archive.messages(STRATEGY_METRICS)}
    clock = max((row.stamp for row, _ in archive.messages(STRATEGY_METRICS)), default=0)
    clock = max([clock, *(stamp for stamp, _ in told)])
    newest = {body.strategy: body for _, body in told}
    rows = [
        _row(name, learning.min_trades, clock, changes, newest.get(name), measured.get(name))
        for name in names
    ]
    if as_json:
        found = {"run": archive.run.run_id, "rule": learning.rule, "strategies": rows}
        return msgspec.json.encode(found).decode()
    head = (
        f"run {archive.run.run_id}, to {to_datetime(clock).astimezone(NEW_YORK):%F %H:%M} New York"
    )
    if learning.rule == "fixed":
        head += f"; {FIXED}"
    else:
        head += (
            f"; rule {learning.rule}, every {learning.cycle_sessions} session(s), at most "
            f"{learning.max_shift:g} a cycle, floor {learning.floor:g}"
        )
    table = text_table(
        ("strategy", ">weight", ">coming", "from", ">reward", ">trades", ">missing", "bound by",
         ">profit", ">hits"),
        [_cells(row) for row in rows],
    )  # fmt: skip
    return f"{head}\n\n{table}"


def _row(
    name: str, needed: int, clock: int, changes: list[WeightChange],
    last: LearningAdjustment | None, metric: StrategyMetric | None,
) -> dict[str, Any]:  # fmt: skip
    mine = {to_micros(c.effective_from): c.new for c in changes if c.strategy == name}
    held = [new for at, new in sorted(mine.items()) if at <= clock]
    coming = [(at, new) for at, new in sorted(mine.items()) if at > clock]
    trades = metric.trades if metric else (last.trades if last else 0)
    return {
        "strategy": name, "weight": held[-1] if held else 0.0,
        "coming": coming[0][1] if coming else None,
        "coming_from": f"{to_datetime(coming[0][0]):%FT%TZ}" if coming else None,
        "reward": last.reward if last else None, "trades": trades,
        "missing": max(0, needed - trades), "guardrail": last.guardrail if last else "",
        "reason": last.reason if last else "",
        "profit": str(metric.realized_pnl) if metric else None,
        "votes": metric.votes if metric else 0, "hits": metric.hits if metric else 0,
    }  # fmt: skip


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    hits = f"{row['hits'] / row['votes']:.1%} of {row['votes']:,}" if row["votes"] else "-"
    return (
        row["strategy"], f"{row['weight']:.6f}",
        "-" if row["coming"] is None else f"{row['coming']:.6f}", row["coming_from"] or "-",
        "-" if row["reward"] is None else f"{row['reward']:.6f}", f"{row['trades']:,}",
        f"{row['missing']:,}", BINDS[row["guardrail"]] or "-", row["profit"] or "-", hits,
    )  # fmt: skip


def _verified(archive: ArchivedRun, *, as_json: bool) -> tuple[str, int]:
    found = rederive(recorded_by(archive))
    if as_json:
        return msgspec.json.encode({"run": archive.run.run_id, **_plain(found)}).decode(), int(
            found.problem is not None
        )
    if found.problem is not None:
        return f"run {archive.run.run_id}: NOT what the outcomes make it: {found.problem}", 1
    if archive.run.rules.learning.rule == "fixed":
        return f"run {archive.run.run_id}: {FIXED}; none has changed", 0
    return (
        f"run {archive.run.run_id}: {found.cycles} cycles, {found.adjustments} weights worked out "
        f"again from the outcomes, {found.changes} of them changes: all as recorded"
    ), 0


def _plain(found: Any) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__slots__}


def recorded_by(archive: ArchivedRun) -> Recorded:
    """Return what a run's archive has of learning.

    Raises:
        ArchiveDamaged: a record is none of its topic.
    """

    def of(topic: Topic[Message]) -> list[tuple[int, dict[str, Any]]]:
        read, found = decoder(topic.schema), dict[str, tuple[int, dict[str, Any]]]()
        for row in archive.facts(topic.name):
            try:
                message = read(row.value or b"")
            except Unreadable as error:
                fault = (
                    f"{topic.name}, partition {row.partition}, offset {row.offset}, is no "
                    f"{topic.schema.__name__} ({error})"
                )
                raise ArchiveDamaged(fault, "restore the archive from a copy") from error
            found[message.id] = row.stamp, msgspec.json.decode(encode(message))
        return list(found.values())

    told, measured = of(LEARNING_ADJUSTMENTS), of(STRATEGY_METRICS)
    clock = max((stamp for stamp, _ in [*told, *measured]), default=0)
    return Recorded(
        archive.run.params.get("learning", {"rule": "fixed"}), strategy_names(archive.run.rules),
        to_micros(archive.started.event_time), clock + 1, of(LEARNING_OUTCOMES),
        of(CONTROL_ACCEPTED), [body for _, body in told],
        [body for _, body in of(STRATEGY_WEIGHTS)],
    )  # fmt: skip


def _undone(archive: ArchivedRun, options: argparse.Namespace) -> str:
    if not options.outcome:
        reason = "learning undo needs the id of an outcome, such as out-...: name one."
        raise CannotChange(reason)
    first = _day_of(archive, options.outcome)
    last = traded_day(archive)
    found = what_if(window_of(archive, first, last), Changes(without_outcomes=(options.outcome,)))
    if options.json:
        return words.in_json(found)
    head = f"without outcome {options.outcome} of {first}, to {last}\n\n"
    return head + _weights(found) + "\n\n" + words.of_what_if(
        found, archive.run.run_id, first, last, options.limit
    )  # fmt: skip


def _day_of(archive: ArchivedRun, outcome: str) -> str:
    for row, body in archive.messages(LEARNING_OUTCOMES):
        if body.id == outcome:
            return session_day(row.stamp)
    reason = f"There is no outcome {outcome} in run {archive.run.run_id}: nothing to undo."
    raise CannotChange(reason)


def _weights(found: WhatIf) -> str:
    if not found.weights:
        return "no weight is another one by the last archived day"
    return text_table(
        ("strategy", "holds from", ">as it was", ">without it"),
        [
            (w.strategy, f"{w.holds_from:%FT%TZ}", _figure(w.before), _figure(w.after))
            for w in found.weights
        ],
    )


def _figure(weight: float | None) -> str:
    return "unchanged" if weight is None else f"{weight:.6f}"
