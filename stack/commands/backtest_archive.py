"""`tidewire backtest --from-archive`: a paper day's orders again, or some days as input."""

import argparse
from pathlib import Path

import msgspec

from flows.backtest.archived import archived_inputs
from flows.backtest.options import CannotBacktest
from flows.replay.execution_difference import differences
from flows.replay.window import stretch_of
from messages.trading import OrderRequest, TradeExecution
from messages.units import to_money
from operators.blocks import Event
from stack.commands.replay import open_archive


def days_of(text: str) -> tuple[str, str] | None:
    """Read `FIRST..LAST`; None for a single day, which is made again instead."""
    first, dots, last = text.partition("..")
    return (first, last) if dots else None


def archived(options: argparse.Namespace, place: Path) -> tuple[Path, tuple[Event, ...]]:
    """Return an archive's bars of some days as a file, and their scores.

    Raises:
        CannotBacktest: the days hold no bar.
        StackError: there is no such archive.
        DayNotArchived: there is no such day, or it is not over.
    """
    first, last = days_of(options.from_archive) or ("", "")
    options.day = last
    archive = open_archive(options)
    file = place / "archived.parquet"
    count, scored = archived_inputs(archive, first, last, file)
    if not count:
        reason = f"The archive of {archive.run.run_id} holds no bars from {first} to {last}."
        raise CannotBacktest(reason)
    options.interval = archive.run.interval
    return file, tuple(scored)


def day_again(options: argparse.Namespace) -> tuple[str, int]:
    """Backtest a recorded day from the states before it; exit code 1 if an execution differs.

    Raises:
        StackError: there is no such archive.
        DayNotArchived: there is no such day, or it is not over.
    """
    options.day = options.from_archive
    archive = open_archive(options)
    stretch = stretch_of(archive, options.day, options.day)
    loop = stretch.loop()
    said = [e.body for e in stretch.play(loop)]
    orders = [b for b in said if isinstance(b, OrderRequest)]
    fills = [b for b in said if isinstance(b, TradeExecution) and b.price is not None]
    count, listed = differences(stretch)
    equity = f"{to_money(loop.account.equity):.2f}"
    if options.json:
        found = {
            "run": archive.run.run_id, "day": options.day, "orders": orders, "fills": len(fills),
            "final_equity": equity, "recorded_executions": count, "differ": len(listed),
        }  # fmt: skip
        return msgspec.json.encode(found).decode(), int(bool(listed))
    lines = [f"run {archive.run.run_id}, {options.day}"]
    lines += [
        f"  {o.event_time:%F %T} UTC  {o.side:<4} {o.qty:>6} {o.ticker:<6} {o.id}" for o in orders
    ]
    same = "the same" if not listed else f"{len(listed):,} of them differ"
    lines.append(
        f"{len(orders):,} orders, {len(fills):,} fills, equity {equity}; {count:,} executions were "
        f"recorded, {same}"
    )
    return "\n".join(lines), int(bool(listed))
