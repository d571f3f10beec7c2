"""What every check measured at each decision of a day, by the desk's own hand."""

from typing import NamedTuple

from connectors.archive.ordered_log import ArchivedLog, span_of
from connectors.archive.reading import ArchivedRun
from connectors.kafka.shards import ALL, whole
from connectors.market.calendar import new_york_sessions
from messages.flows import TABLES
from messages.trading import Decision
from messages.units import to_money
from operators.checks import CHECKS, UNKNOWN, measured
from operators.params import RiskParams
from operators.states import decode_state
from operators.trading.asked import EntryAsked, ExitAsked
from operators.trading.desk import Desk
from operators.trading.desk_state import DeskState
from operators.trading.protection import levels

Number = tuple[str, str, str]


class Measurements(NamedTuple):
    """The numbers of one decision: check, value, limit; in the order in which they were asked."""

    numbers: tuple[Number, ...]


def decision_traces(archive: ArchivedRun, day: str) -> dict[str, Measurements]:
    """Run a day's desk again on its recorded inputs; returns decision id -> what it measured.

    Raises:
        ArchiveDamaged: a file is not what its manifest says.
        DayNotArchived: there is no such day, or it is not over.
    """
    run, found = archive.run, dict[str, Measurements]()
    params, mode, start = run.rules, run.spec.mode, span_of(day)[0]
    kept = {b: f for b, f in archive.states("trade", ALL).items() if b <= start}
    state = None
    if kept:
        checkpoint = archive.checkpoint("trade", ALL, kept[max(kept)])
        state = decode_state(bytes(checkpoint.steps["desk"]), DeskState)

    def watch(decision: Decision, asked: EntryAsked | ExitAsked) -> None:
        if isinstance(asked, EntryAsked):
            numbers = _entry(asked, params.risk, broker=mode == "broker")
        else:
            numbers = _exit(decision, asked, params.risk)
        found[decision.id] = Measurements(tuple(numbers))

    desk = Desk(
        params, new_york_sessions(), state, watch, outside=mode == "broker",
        brackets=run.brackets,
    )  # fmt: skip
    reads = whole(run.layout, TABLES[mode]["trade"].reads)
    for block in ArchivedLog(archive, reads, {}, day if kept else "", day).blocks():
        desk.step(block)
    return found


def _entry(asked: EntryAsked, risk: RiskParams, *, broker: bool) -> list[Number]:
    numbers, denied, ask = [], False, asked.ask
    for check in measured(ask, risk.limits, broker=broker):
        verdict = "" if check.passed else ("  <- denied" if not denied else "  (fails too)")
        denied = denied or not check.passed
        limit, actual = "", "off"
        if check.on:
            limit, actual = CHECKS[check.name].words(ask, check.limit, check.actual)
        numbers.append((check.name, actual, f"{limit}{verdict}"))
    size = f"{abs(ask.qty)} shares at {_dollars(None if ask.price == UNKNOWN else ask.price)}"
    share = f"{risk.position_bps / 100:g} % of equity {to_money(ask.equity):.2f}"
    return [("size", size, share), *numbers]


def _exit(decision: Decision, asked: ExitAsked, risk: RiskParams) -> list[Number]:
    held = asked.position
    numbers = [("MARKET_CLOSED", "open" if asked.is_open else "closed", "regular session")]
    if held is None:
        numbers.append(("NO_POSITION", "0 shares", "a position to close"))
        return numbers
    numbers.append(("position", f"{held.qty} shares", f"average entry {_dollars(held.average)}"))
    if decision.cause in ("stop", "take_profit"):
        stop, target, trail = levels(held, risk.exits)
        named = (("stop", stop), ("target", target), ("trailing stop", trail))
        words = ", ".join(f"{name} {_dollars(level)}" for name, level in named if level is not None)
        numbers.append(("close", _dollars(asked.price), words))
    return numbers


def _dollars(units: int | None) -> str:
    return "unknown" if units is None else f"{to_money(units):f}"
