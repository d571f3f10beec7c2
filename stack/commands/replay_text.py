"""Certificates, differences, what-ifs and explanations as a person reads them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from connectors.market.calendar import NEW_YORK
from flows.replay.causality import Leak
from flows.replay.certificate import Certificate, Diverged
from flows.replay.counterfactual import OrderChange, WhatIf, World
from flows.replay.execution_difference import Difference
from flows.replay.explain import Node
from flows.replay.record_index import Broken
from messages.trading import TradeExecution
from messages.units import to_datetime, to_micros


def of_certificate(proof: Certificate) -> str:
    """Return a certificate as a page."""
    lines = [
        f"certificate of {proof.day}, run {proof.run}",
        f"code      {proof.code[:16]}  (tidewire {proof.version}, recorded by {proof.recorded_by})",
        f"settings  {proof.settings[:16]}",
        "inputs",
    ]
    lines += [
        f"  {topic:<20}{proof.facts[topic]:>8,}  {root[:16]}"
        for topic, root in proof.inputs.items()
        if proof.facts[topic]
    ]
    lines.append("made again, byte for byte")
    for name, flow in proof.flows.items():
        opened = sorted(set(flow.opened.values()))
        since = "the first record" if opened == [""] else f"the state at the close of {opened[-1]}"
        lines.append(f"  {name}, {len(flow.opened)} shard(s), from {since}")
        lines += [
            f"    {topic:<20}{count:>6,}  {flow.outputs[topic][:16]}"
            for topic, count in flow.records.items()
            if count
        ]
    states = sum(flow.states for flow in proof.flows.values())
    lines += [f"kept states made again: {states}", f"proof     {proof.proof}"]
    return "\n".join(lines)


def in_a_line(proof: Certificate) -> str:
    """Return a certificate as one line."""
    made = sum(n for flow in proof.flows.values() for n in flow.records.values())
    states = sum(flow.states for flow in proof.flows.values())
    return f"{proof.day}  certified  {made:>7,} records  {states:>3} kept states  {proof.proof}"


def of_divergence(found: Diverged) -> str:
    """Return the first divergence with both values, id and cause."""
    where = f"flow {found.flow}, {found.where}, {_time(found.stamp)}, {found.id or 'no id'}"
    lines = [
        f"{found.day}  NOT the same, run {found.run}: {where}, {found.field}",
        f"  recorded  {_value(found.recorded)}",
        f"  replayed  {_value(found.replayed)}",
    ]
    for cause, place in found.causes.items():
        lines.append(f"  cause     {cause}  {place or 'nowhere in the archive'}")
    return "\n".join(lines)


def of_day(proof: Certificate, executions: Sequence[TradeExecution]) -> str:
    """Return what a replayed day did."""
    counts = {t: n for f in proof.flows.values() for t, n in f.records.items() if n}
    lines = [f"{proof.day}, run {proof.run}: made again, the same bytes"]
    lines += [f"  {topic:<22}{count:>8,}" for topic, count in counts.items()]
    for e in executions:
        price = "" if e.price is None else f"{e.price:>12.4f}"
        pnl = "" if e.pnl is None else f"{e.pnl:>12}"
        at = _clock(to_micros(e.timestamp))
        lines.append(f"  {at}  {e.side:<4} {e.qty:>6} {e.ticker:<6} {e.status:<9}{price}{pnl}")
    return "\n".join(lines)


def of_differences(
    run: str, first: str | None, last: str, count: int, listed: Sequence[Difference]
) -> str:
    """Return the executions that differ from a backtest's."""
    where = f"run {run}, {_span(first, last)}"
    if not listed:
        return f"{where}: {count:,} executions, all as in a backtest of the same input"
    lines = [f"{where}: {len(listed):,} of {count:,} executions differ from a backtest's"]
    for one in listed:
        lines.append(f"  {one.order_id}")
        lines.append(f"    recorded  {_execution(one.recorded)}")
        lines.append(f"    backtest  {_execution(one.backtest)}")
    return "\n".join(lines)


def of_causality(
    run: str, day: str, inputs: int, cuts: int, leaks: Sequence[Leak], broken: Sequence[Broken]
) -> str:
    """Return what looked ahead, or that nothing did."""
    lines = [
        f"run {run}, {day}: {inputs:,} inputs, run whole, stamp by stamp, and cut {cuts} times",
    ]
    lines += [
        f"  LEAK ({leak.kind}) {_time(leak.stamp)} {leak.id}: {leak.detail}" for leak in leaks
    ]
    lines += [
        f"  BROKEN {_time(b.stamp)} {b.topic} {b.id}: its cause {b.cause} {b.detail}"
        for b in broken
    ]
    if not leaks and not broken:
        lines.append("nothing knew of the future; every cause is there and came first")
    return "\n".join(lines)


def of_what_if(found: WhatIf, run: str, first: str | None, last: str, limit: int) -> str:
    """Return two worlds side by side, and the orders that differ with the decisions behind."""
    b, a = found.before, found.after
    lines = [
        f"run {run}, {_span(first, last)}",
        f"{'':<12}{'as it was':>16}{'what if':>16}{'difference':>16}",
    ]
    for name in World.__struct_fields__:
        was, now = getattr(b, name), getattr(a, name)
        form = ",d" if isinstance(was, int) else ",.2f"
        lines.append(f"{name:<12}{was:>16{form}}{now:>16{form}}{now - was:>+16{form}}")
    if not found.orders:
        return "\n".join([*lines, "the same orders"])
    lines.append(f"{len(found.orders):,} orders differ" + (", the first" if limit else ""))
    lines += [_order_change(o) for o in found.orders[: limit or None]]
    if limit and len(found.orders) > limit:
        lines.append(f"  ... {len(found.orders) - limit:,} more (--limit 0 shows all)")
    return "\n".join(lines)


def of_tree(node: Node) -> str:
    """Return an explanation as a tree."""
    return "\n".join(_tree(node, "", ""))


def _tree(node: Node, head: str, tail: str) -> list[str]:
    at = f"  {_clock(_micros(node.at))}" if node.at else ""
    lines = [f"{head}{node.kind}: {node.text}{at}{'  ' + node.id if node.id else ''}"]
    bar = "|" if node.because else " "
    width = max((len(name) for name, _, _ in node.numbers), default=0)
    wide = max((len(value) for _, value, _ in node.numbers), default=0)
    lines += [
        f"{tail}{bar}    {name:<{width}}  {value:<{wide}}  {limit}".rstrip()
        for name, value, limit in node.numbers
    ]
    for n, cause in enumerate(node.because):
        last = n == len(node.because) - 1
        lines += _tree(cause, f"{tail}+- ", tail + ("   " if last else "|  "))
    return lines


def _order_change(o: OrderChange) -> str:
    qty = f"{o.qty_before} -> {o.qty}" if o.change == "changed" else str(o.qty or o.qty_before)
    price = "" if o.price is None else f" at {o.price:g}"
    pnl = "" if o.pnl is None else f", realised {o.pnl:.2f}"
    return (
        f"  {_clock(o.stamp)}  {o.change:<7} {o.side:<4} {qty} {o.ticker}{price}{pnl}  "
        f"{o.order_id}\n      {o.why}"
    )


def _execution(e: TradeExecution | None) -> str:
    if e is None:
        return "none"
    price = "" if e.price is None else f" at {e.price:g}, commission {e.commission}"
    return f"{_clock(to_micros(e.timestamp))} {e.side} {e.qty} {e.ticker} {e.status}{price}"


def _span(first: str | None, last: str) -> str:
    if first == last:
        return last
    return f"from {'its beginning' if first is None else first} to {last}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items()) or "the same fields, other bytes"
    return "nothing" if value is None else str(value)


def _micros(text: str) -> int:
    return to_micros(datetime.fromisoformat(text))


def _time(stamp: int) -> str:
    return f"{to_datetime(stamp):%F %T} UTC"


def _clock(stamp: int) -> str:
    return f"{to_datetime(stamp).astimezone(NEW_YORK):%F %T}"


def in_json(value: object) -> str:
    """Return a report as one JSON line."""
    return msgspec.json.encode(value).decode()
