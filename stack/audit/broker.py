"""The rules of a run with a broker: what it told is what was booked, and nothing else was.

Worked out from plain JSON: `broker.events` against decisions, orders and executions.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from stack.audit.rules import none, require
from stack.audit.topic_reader import TopicRecord

TERMINAL: Final = {"FILLED", "CANCELLED", "REJECTED", "EXPIRED", "REPLACED"}
# What is said of the broker -> what may be entered from then on.
READINESS: Final = {
    "stream_down": "STREAM_DOWN", "stream_up": "NOT_RECONCILED", "drift": "NOT_RECONCILED",
    "reconciled": "READY",
}  # fmt: skip
Body = dict[str, Any]


def by_time(records: Sequence[TopicRecord]) -> list[TopicRecord]:
    """Return the records of a topic in the order of the log; each id once, as it was first."""
    found: dict[str, TopicRecord] = {}
    for record in sorted(records, key=lambda r: (r.stamp, r.partition, r.offset)):
        found.setdefault(record.body["id"], record)
    return list(found.values())


def check_broker(
    told: Sequence[TopicRecord], decisions: Sequence[TopicRecord], orders: Sequence[TopicRecord],
    executions: Sequence[TopicRecord],
) -> None:  # fmt: skip
    """Hold what a broker told against what was decided, ordered and booked.

    Raises:
        NotAccounted: something was told of no order, booked otherwise, or entered too soon.
    """
    events = [r.body for r in by_time(told)]
    wanted = {o.body["id"]: o.body for o in orders}
    strange = {
        e["id"] for e in events
        if e.get("order_id") and e["order_id"] not in wanted and not _waits_beside(e, wanted)
    }  # fmt: skip
    none(strange, "the broker told of an order that was not requested")
    _legs(events, wanted)
    _told_once(events)
    _written_once(executions)
    booked = [r.body for r in by_time(executions)]
    _fills(events, booked)
    _ends(events, wanted, booked)
    _entries(told, decisions, orders)


def _waits_beside(event: Body, wanted: dict[str, Body]) -> bool:
    """Tell whether it is about a leg without a fill: that is no order of the account's yet."""
    return event["kind"] == "order" and event.get("leg_of", "") in wanted


def _legs(events: Sequence[Body], wanted: dict[str, Body]) -> None:
    """See that legs are those of entries that were sent with them, and ordered by their fill."""
    filled = {e["order_id"] for e in _of("fill", events)}
    for order in wanted.values():
        if order.get("leg_of"):
            entry = wanted.get(order["leg_of"], {})
            require(entry.get(f"{order['leg']}_price") is not None,
                    "a leg of an entry that was sent without it", order["id"])  # fmt: skip
            require(order["id"] in filled, "a leg was ordered, and not filled", order["id"])
    for event in events:
        order = wanted.get(event.get("order_id", ""), {})
        require(not order or order.get("leg_of", "") == event.get("leg_of", ""),
                "the broker told of a leg as of another order", event["id"])  # fmt: skip


def _told_once(events: Sequence[Body]) -> None:
    """See that no execution was told twice under two names."""
    seen: dict[tuple[str, str], str] = {}
    for fill in _of("fill", events):
        known = seen.setdefault((fill["order_id"], fill["execution_id"]), fill["id"])
        require(known == fill["id"], "an execution was told twice", fill["id"])


def _written_once(executions: Sequence[TopicRecord]) -> None:
    """See that no two executions have one id: a table keeps the first of them."""
    seen: dict[str, Body] = {}
    for record in executions:
        known = seen.setdefault(record.body["id"], record.body)
        require(known == record.body, "two executions have one id", record.body["id"])


def _fills(events: Sequence[Body], booked: Sequence[Body]) -> None:
    """See that fills and executions are the same, one by one, in order."""
    fills, made = defaultdict(list), defaultdict(list)
    for fill in _of("fill", events):
        fills[fill["order_id"]].append(fill)
    for execution in booked:
        if execution["price"] is not None:
            made[execution["order_id"]].append(execution)
    for order in sorted({*fills, *made}):
        theirs, ours = fills[order], made[order]
        for fill, execution in zip(theirs, ours, strict=False):
            said, done = _terms(fill), _terms(execution)
            require(said == done, f"the broker told {_words(said)}, booked was {_words(done)}",
                    execution["id"])  # fmt: skip
        none((f["id"] for f in theirs[len(ours) :]), "a fill that the broker told is not booked")
        none((e["id"] for e in ours[len(theirs) :]), "an execution that no broker told")


def _terms(record: Body) -> tuple[str, str, int, Decimal, Decimal]:
    """Return what a fill and its execution have in common."""
    return (
        record["ticker"], record["side"], record["qty"], Decimal(str(record["price"])),
        Decimal(record["commission"]),
    )  # fmt: skip


def _words(terms: tuple[str, str, int, Decimal, Decimal]) -> str:
    ticker, side, qty, price, commission = terms
    return f"{side} {qty} {ticker} at {price}, commission {commission.normalize():f}"


def _ends(events: Sequence[Body], wanted: dict[str, Body], booked: Sequence[Body]) -> None:
    """See that an order ended as often as the broker ended it.

    That is once, and again with each fill that came after its end. A leg that ends without a fill
    was no order.
    """
    ends = expected_ends(events, wanted)
    made = Counter(e["order_id"] for e in booked if e["status"] in TERMINAL)
    for order in sorted({*ends, *made}):
        require(
            ends[order] == made[order],
            f"the broker ended an order {ends[order]} times, booked were {made[order]} ends",
            order,
        )


def expected_ends(events: Sequence[Body], wanted: dict[str, Body]) -> Counter[str]:
    """Return order id -> how many ends follow from what a broker told, in its order."""
    ends: Counter[str] = Counter()
    filled: Counter[str] = Counter()
    whole, gone = set(), set()
    for event in events:
        order = event.get("order_id", "")
        if event["kind"] == "fill":
            filled[order] += event["qty"]
            if ends[order] or order in gone or filled[order] == wanted[order]["qty"]:
                ends[order] += 1
        elif event["kind"] == "order" and event["status"] == "FILLED":
            whole.add(order)
        elif event["kind"] == "order" and event["status"] in TERMINAL and not ends[order]:
            if event.get("leg_of") and not filled[order]:
                gone.add(order)
            else:
                ends[order] = 1
    none(
        (order for order in whole if filled[order] != wanted[order]["qty"]),
        "the broker told that an order is filled, and not all of its fills",
    )
    return ends


def _entries(
    told: Sequence[TopicRecord], decisions: Sequence[TopicRecord], orders: Sequence[TopicRecord]
) -> None:
    """See that entries were accepted only while the account was reconciled and the stream up."""
    entries = {o.body["decision_id"] for o in orders if not o.body.get("reduces")}
    # What the broker says is known before what is decided in the same microsecond.
    steps = [(r.stamp, 0, r.body) for r in by_time(told) if r.body["kind"] in READINESS]
    steps += [(r.stamp, 1, r.body) for r in by_time(decisions) if r.body["id"] in entries]
    now = "NOT_RECONCILED"
    for _stamp, late, body in sorted(steps, key=lambda s: s[:2]):
        if not late:
            now = READINESS[body["kind"]]
        else:
            require(now == "READY", f"an entry was accepted while the broker was {now}", body["id"])


def _of(kind: str, events: Sequence[Body]) -> list[Body]:
    return [e for e in events if e["kind"] == kind]
