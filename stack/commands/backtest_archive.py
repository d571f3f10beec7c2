"""`tidewire backtest --from-archive`: a paper day's orders again, or some days as input."""

from pathlib import Path

import msgspec

from connectors.archive.reading import ArchivedRun
from flows.backtest.archived import archived_inputs
from flows.backtest.options import CannotBacktest
from flows.backtest.request import Files
from flows.replay.execution_difference import differences
from flows.replay.window import window_of
from messages.trading import OrderRequest, TradeExecution
from messages.units import to_money


def days_of(text: str) -> tuple[str, str]:
    """Read `FIRST..LAST`; no first day for a single one, which is executed again instead."""
    first, _, last = text.rpartition("..")
    return first, last


def archived(archive: ArchivedRun, first: str, last: str, place: Path) -> Files:
    """Write an archive's bars of some days to a file; returns it with their scores.

    Raises:
        CannotBacktest: the days hold no bar.
        DayNotArchived: there is no such day, or it is not over.
    """
    file = place / "archived.parquet"
    digest, scored = archived_inputs(archive, first, last, file)
    if not digest:
        reason = f"The archive of {archive.run.run_id} holds no bars from {first} to {last}."
        raise CannotBacktest(reason)
    return Files(file, digest, scored=tuple(scored))


def day_again(archive: ArchivedRun, day: str, *, as_json: bool) -> tuple[str, int]:
    """Backtest a recorded day from the states before it; exit code 1 if an execution differs.

    Raises:
        DayNotArchived: there is no such day, or it is not over.
    """
    window = window_of(archive, day, day)
    loop = window.loop()
    outputs = [e.body for e in window.play(loop)]
    orders = [b for b in outputs if isinstance(b, OrderRequest)]
    fills = [b for b in outputs if isinstance(b, TradeExecution) and b.price is not None]
    count, listed = differences(window)
    equity = f"{to_money(loop.account.equity):.2f}"
    if as_json:
        found = {
            "run": archive.run.run_id, "day": day, "orders": orders, "fills": len(fills),
            "final_equity": equity, "recorded_executions": count, "differ": len(listed),
        }  # fmt: skip
        return msgspec.json.encode(found).decode(), int(bool(listed))
    lines = [f"run {archive.run.run_id}, {day}"]
    lines += [
        f"  {o.event_time:%F %T} UTC  {o.side:<4} {o.qty:>6} {o.ticker:<6} {o.id}" for o in orders
    ]
    same = "the same" if not listed else f"{len(listed):,} of them differ"
    lines.append(
        f"{len(orders):,} orders, {len(fills):,} fills, equity {equity}; {count:,} executions were "
        f"recorded, {same}"
    )
    return "\n".join(lines), int(bool(listed))
