"""`tidewire backtest --from-archive DAY`: a paper day's orders, made by a backtest of its input."""

import argparse

import msgspec

from flows.replay.against import differences
from flows.replay.stretch import stretch_of
from messages.trading import OrderRequest, TradeExecution
from messages.units import to_money
from stack.replay_commands import open_archive


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
