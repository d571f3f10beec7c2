"""Why, and why not: a record's lineage as a tree, with every number that led to it.

What the log does not hold (the numbers of checks that passed, of strategies that did not vote) is
measured again by the run's own operators on the recorded inputs.
"""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from connectors.archive.reading import ArchivedRun
from connectors.market.calendar import NEW_YORK, session_day
from flows.replay.broker_words import said
from flows.replay.decision_trace import Measurements, decision_traces
from flows.replay.evaluation import Evaluation, evaluations
from flows.replay.record_index import IndexedRecord, RecordIndex
from flows.replay.window import ReplayWindow, window_of
from messages.errors import TidewireError
from messages.units import to_datetime

ABOUT: Final = {
    "tagged": "; tagged by the feed, and no company is named",
    "beside": "; tagged by the feed alone, while the title names others: it never votes",
}
CANNOT: Final = (
    "name an id of an order, decision, signal, execution, outcome or broker event, or TICKER@TIME"
)


class CannotExplain(TidewireError, ValueError):
    """There is nothing of that name. Operator action: see the message."""


class Node(Struct, kw_only=True, omit_defaults=True):
    """One step of an explanation.

    Attributes:
        kind: order, decision, signal, vote, score, article, bar, execution, ...
        id: of the record; empty for what is no record.
        at: when the system knew it, UTC in ISO 8601.
        text: in one line.
        numbers: name, value and limit or rule, for a table.
        checks: of a decision, as it carries them.
        because: what it came from.
    """

    kind: str
    text: str
    id: str = ""
    at: str = ""
    numbers: list[tuple[str, str, str]] = []
    checks: list[dict[str, Any]] = []
    because: list["Node"] = []


class Explainer:
    """Explains records and evaluations of one run."""

    def __init__(self, archive: ArchivedRun) -> None:
        """Open an archive; days are read when needed."""
        self._archive = archive
        self._index = RecordIndex(archive)
        self._measured: dict[str, dict[str, Measurements]] = {}
        self._windows: dict[str, ReplayWindow] = {}
        self._shown: dict[str, Callable[[IndexedRecord], Node]] = {
            "orders.requested": self._order,
            "trade.decisions": self._decision,
            "signals.generated": self._signal,
            "broker.events": self._told,
            "trades.executed": self._execution,
            "learning.outcomes": self._outcome,
            "news.scored": self._score,
            "market.bars": self._bar,
            "strategy.weights": self._weight,
            "control.accepted": self._command,
        }

    def of(self, id_: str) -> Node:
        """Explain a record.

        Raises:
            CannotExplain: the archive has no such record, or it is of a kind that needs no why.
        """
        found = self._index.one(id_)
        if found is None or found.topic not in self._shown:
            reason = f"There is no {id_} in the archive of {self._archive.run.run_id}: {CANNOT}."
            raise CannotExplain(reason)
        return self._shown[found.topic](found)

    def at(self, ticker: str, stamp: int) -> Node:
        """Explain what was made of a ticker in the minute that ends at a stamp.

        Raises:
            CannotExplain: nothing of the ticker was known in that minute.
            DayNotArchived: the day is not over.
        """
        found = self._moments(ticker, stamp)
        if not found:
            reason = (
                f"Neither a bar nor news of {ticker} was known in the minute to "
                f"{_local(stamp)}: name a minute of a session in which it traded."
            )
            raise CannotExplain(reason)
        text = f"{ticker} in the minute to {_local(stamp)}"
        return Node(kind="moment", text=text, because=[self._moment(m) for m in found])

    # -- records -------------------------------------------------------------------------------

    def _node(self, kind: str, found: IndexedRecord, text: str, **more: Any) -> Node:
        at = to_datetime(found.stamp).isoformat().replace("+00:00", "Z")
        return Node(kind=kind, id=found.id, at=at, text=text, **more)

    def _causes(self, found: IndexedRecord, *kinds: str) -> list[Node]:
        """Explain the causes of a record, those of the given topics, or all."""
        nodes = []
        for cause in found.body.get("causes", ()):
            there = self._index.one(cause)
            if there is None or there.topic not in self._shown:
                continue
            if not kinds or there.topic in kinds:
                nodes.append(self._shown[there.topic](there))
        return nodes

    def _order(self, found: IndexedRecord) -> Node:
        b = found.body
        end = self._end_of(found)
        text = f"{b['side']} {b['qty']} {b['ticker']} {b['type'].lower()} order, {end}"
        life = [
            (each.body["kind"], said(each.body), _local(each.stamp)) for each in self._life(found)
        ]
        return self._node("order", found, text, numbers=life, because=self._causes(found))

    def _life(self, order: IndexedRecord) -> list[IndexedRecord]:
        """Return what a broker said of an order, in order; nothing on paper."""
        days = [f.day for f in self._archive.files.get("broker.events", ())]
        told = [
            records[0] for day in days if day >= session_day(order.stamp)
            for records in self._index.day("broker.events", day).values()
            if records[0].body["order_id"] == order.id
        ]  # fmt: skip
        return sorted(told, key=lambda r: (r.stamp, r.offset))

    def _told(self, found: IndexedRecord) -> Node:
        return self._node("told", found, said(found.body), because=self._causes(found))

    def _end_of(self, order: IndexedRecord) -> str:
        later = [f.day for f in self._archive.files.get("trades.executed", ())]
        for day in [d for d in later if d >= session_day(order.stamp)]:
            for records in self._index.day("trades.executed", day).values():
                if records[0].body["order_id"] == order.id:
                    return _filled(records[0].body)
        return "not ended yet"

    def _execution(self, found: IndexedRecord) -> Node:
        b = found.body
        text = f"{b['side']} {b['ticker']}: {_filled(b)}"
        return self._node("execution", found, text, because=self._causes(found))

    def _outcome(self, found: IndexedRecord) -> Node:
        b = found.body
        shares = ", ".join(f"{c['strategy']} {c['share']:.0%} ({c['pnl']})" for c in b["credits"])
        text = (
            f"{b['direction']} {b['qty']} {b['ticker']}: {b['realized_pnl']} dollars, "
            f"{b['roi']:+.2%}, {b['risk_adjusted_return']:+.2f} R; credit {shares}"
        )
        causes = self._causes(found, "trades.executed")
        return self._node("outcome", found, text, because=causes)

    def _decision(self, found: IndexedRecord) -> Node:
        b = found.body
        measured = self._measurements(found)
        verdict = "accepted" if b["accepted"] else f"denied: {b['code']}"
        if not b["accepted"]:
            verdict += f" (limit {b['limit']}, actual {b['actual']})"
        text = f"{b['side']} {b['ticker']} because of a {b['cause']}: {verdict}"
        numbers = list(measured.numbers) if measured is not None else []
        return self._node(
            "decision", found, text, numbers=numbers, checks=b.get("checks", []),
            because=self._causes(found),
        )  # fmt: skip

    def _measurements(self, found: IndexedRecord) -> Measurements | None:
        day = session_day(found.stamp)
        if day not in self._measured:
            self._measured[day] = decision_traces(self._archive, day)
        return self._measured[day].get(found.id)

    def _signal(self, found: IndexedRecord) -> Node:
        b = found.body
        votes = [
            (v["strategy"], v["vote"], v["strength"], v["weight"]) for v in b["strategy_sources"]
        ]
        total = sum(w for *_, w in votes)
        numbers = [
            (s, f"{side} {strength:.3f} x weight {w:.3f}", f"of {total:.3f}")
            for s, side, strength, w in votes
        ]
        sign = "+" if b["direction"] == "LONG" else "-"
        limit = self._archive.run.rules.ensemble.threshold
        numbers.append(("score", f"{sign}{b['strength']:.3f}", f"at least {limit:g} either way"))
        if (news := b.get("sentiment_context")) is not None:
            numbers.append(
                (
                    "news",
                    f"{news['decayed_mean']:+.3f}, confidence {news['confidence']:.2f}",
                    f"{news['count']} articles to {news['as_of'].replace('+00:00', 'Z')}",
                )
            )
        text = f"{b['direction']} {b['ticker']}, strength {b['strength']:.3f}"
        made = [m for m in self._moments(b["ticker"], found.stamp) if m.signal == found.id]
        because = [*(n for m in made for n in _votes(m)), *self._causes(found)]
        return self._node("signal", found, text, numbers=numbers, because=because)

    def _score(self, found: IndexedRecord) -> Node:
        b = found.body
        text = (
            f"{b['sentiment_score']:+.3f} for {b['ticker']}, confidence {b['confidence']:.2f}, by "
            f"{b['model_used']}"
            + (f" ({b['fallback']})" if b.get("fallback") else "")
            + ABOUT.get(b.get("about", ""), "")
            + (f": {b['reasoning']}" if b.get("reasoning") else "")
        )
        versions = self._index.every(b["article_id"])
        mine = [v for v in versions if v.body.get("revision", 0) == b["article_revision"]]
        return self._node("score", found, text, because=[self._article(v) for v in mine[:1]])

    def _article(self, found: IndexedRecord) -> Node:
        b = found.body
        version = b.get("revision", 0)
        text = f'"{b["title"]}" by {b["source"]}, version {version}, published {b["published_at"]}'
        if b.get("url"):
            text += f", {b['url']}"
        return self._node("article", found, text)

    def _bar(self, found: IndexedRecord) -> Node:
        b = found.body
        text = (
            f"{b['ticker']} from {b['start']}, {b['interval']}: open {b['open']:g}, high "
            f"{b['high']:g}, low {b['low']:g}, close {b['close']:g}, volume {b['volume']:,}"
        )
        return self._node("bar", found, text)

    def _weight(self, found: IndexedRecord) -> Node:
        b = found.body
        text = f"{b['strategy']} weighs {b['new']:.3f} from {b['effective_from']} ({b['reason']})"
        return self._node("weight", found, text)

    def _command(self, found: IndexedRecord) -> Node:
        b = found.body
        text = f"{b['kind']} {b.get('ticker', '')} by {b['who']}: {b.get('why', '')}"
        return self._node("command", found, text)

    # -- evaluations -------------------------------------------------------------------------------

    def _moment(self, moment: Evaluation) -> Node:
        if moment.signal is not None:
            answers = self._index.day("trade.decisions", session_day(moment.stamp)).values()
            asked = [f for found in answers for f in found if f.body["signal_id"] == moment.signal]
            measured = [self._decision(f) for f in asked] or [self.of(moment.signal)]
            return Node(kind="evaluation", text=f"{moment.text}: a signal", because=measured)
        what = [self.of(moment.cause)]
        text = f"{moment.text}: no signal, {moment.why_not}"
        because = [*_votes(moment), *what]
        return Node(kind="evaluation", text=text, numbers=list(moment.numbers), because=because)

    def _moments(self, ticker: str, stamp: int) -> list[Evaluation]:
        day = session_day(stamp)
        if day not in self._windows:
            self._windows[day] = window_of(self._archive, day, day)
        return evaluations(self._windows[day], ticker, stamp)


def _votes(moment: Evaluation) -> list[Node]:
    return [
        Node(kind="vote", text=f"{r.strategy}: {_vote(r.strength)}", numbers=list(r.numbers))
        for r in moment.readings
    ]


def _vote(strength: float) -> str:
    if strength == 0.0:
        return "no vote"
    return f"{'LONG' if strength > 0 else 'SHORT'} {abs(strength):.3f}"


def _filled(execution: dict[str, Any]) -> str:
    text = str(execution["status"])
    if execution.get("price") is not None:
        text += (
            f" {execution['qty']} at {execution['price']:g}, commission {execution['commission']}"
        )
    if execution.get("pnl") is not None:
        text += f", realised {execution['pnl']}"
    return text


def _local(stamp: int) -> str:
    return f"{to_datetime(stamp).astimezone(NEW_YORK):%F %H:%M} New York"
