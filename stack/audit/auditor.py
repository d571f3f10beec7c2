"""The accountant: reads inputs, topics and database by itself and finds the first thing amiss.

It shares no code with the operators: ids, sums and rules are worked out again here, from the
files, from plain JSON and from plain SQL.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final

from connectors.runs import Run
from connectors.storage.queries import Reader
from connectors.user_strategies import strategy_names
from messages.topics import DEAD_LETTERS
from messages.units import to_micros
from stack.audit.broker import TERMINAL, check_broker
from stack.audit.inputs import bar_rows, lines, named
from stack.audit.learning import Recorded, rederive
from stack.audit.marks import marks_of
from stack.audit.rules import NotAccounted, none, require
from stack.audit.topic_reader import TopicRecord, begun_late, read_topics

TABLES: Final = {
    "runs.started": "runs",
    "control.accepted": "commands",
    "news.raw": "articles",
    "news.scored": "article_sentiments",
    "sentiment.windows": "sentiment_windows",
    "market.bars": "market_data",
    "signals.generated": "signals",
    "trade.decisions": "decisions",
    "orders.requested": "orders",
    "broker.events": "broker_events",
    "market.halts": "trading_halts",
    "trades.executed": "trades",
    "executions.corrected": "execution_corrections",
    "account.resets": "account_resets",
    "trading.states": "trading_states",
    "portfolio.snapshots": "portfolio_snapshots",
    "learning.outcomes": "trade_outcomes",
    "learning.adjustments": "learning_adjustments",
    "strategy.weights": "strategy_weights_history",
    "strategy.metrics": "strategy_metrics",
}
FOR_EVER: Final = 2**63
# The state that a command wants.
WANTED: Final = {
    "pause": "PAUSED", "resume": "ACTIVE", "reduce": "REDUCING", "flatten": "REDUCING",
    "halt": "HALTED",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Books:
    """What the auditor found.

    Attributes:
        problem: the first thing amiss; None when all is accounted for.
        digest: SHA-256 over the sorted ids of signals, decisions, orders and executions.
        resting: ids of orders without an end.
    """

    problem: str | None
    counts: dict[str, int]
    votes: dict[str, int]
    rows: dict[str, int]
    equity: str
    digest: str
    resting: list[str]


class Auditor:
    """Reads one run: one that has been played to its end, or a live one while it is down.

    Of a live run there are no input files: what came in is what its topics have.
    """

    def __init__(self, run: Run) -> None:
        """Read every topic of the run's mode once; the database is asked as needed."""
        self._run = run
        self._names = [t.name for t in run.layout.flows["persist"].reads]
        every = read_topics(run.layout, self._names)
        self._dead = [r for t in DEAD_LETTERS for r in every.get(t.name, ())]
        unread = {(r.body["topic"], r.body["partition"], r.body["offset"]) for r in self._dead}
        # What a flow could not read counts as a dead letter, not as a record of its topic.
        self._topics = {
            name: [r for r in reads if (name, r.partition, r.offset) not in unread]
            for name, reads in every.items()
        }
        self._reader = Reader(run.database_url, run.schema)
        self._account = run.rules.account.name
        self._changes = 0

    def close(self) -> None:
        """Leave the database."""
        self._reader.close()

    def examine(self) -> Books:
        """Check every rule; stops at the first that is broken."""
        problem = None
        try:
            for rule in (
                self._log, self._bars, self._articles, self._scores, self._decisions, self._orders,
                self._executions, self._broker, self._outcomes, self._states, self._learning,
                self._stored, self._money,
            ):  # fmt: skip
                rule()
        except NotAccounted as error:
            problem = str(error)
        counts = {
            "bars": len(self._of("market.bars")),
            "articles": len(self._of("news.raw")),
            "scored": len(self._of("news.scored")),
            "signals": len(self._of("signals.generated")),
            "decisions": len(self._of("trade.decisions")),
            "orders": len(self._of("orders.requested")),
            "executions": len(self._of("trades.executed")),
            "outcomes": len(self._of("learning.outcomes")),
            "weight_changes": self._changes,
            "dead_letters": len(self._dead),
        }
        return Books(
            problem, counts, self._votes(), self._reader.counts(), self._equity(), self._digest(),
            self._resting(),
        )  # fmt: skip

    # -- what came in --------------------------------------------------------------------------

    def _log(self) -> None:
        """See that a live run's topics still begin at their beginning: sums need all of it."""
        if self._run.live:
            none(begun_late(self._run.layout, self._names), "its first records are archived")

    def _bars(self) -> None:
        if not self._run.bars:
            return
        refused = self._refused("market.feed.dlq")
        ids = {b["id"] for b in self._of("market.bars")}
        rows = 0
        for n, row in enumerate(bar_rows(self._run.path(self._run.bars))):
            rows += 1
            if n in refused:
                continue
            start: Any = row.get("timestamp", row.get("ts"))
            if isinstance(start, str):
                start = datetime.fromisoformat(start)
            start = start.astimezone(UTC)
            name = f"bar-{row['ticker']}@{start:%Y-%m-%dT%H:%M:%SZ}/{self._run.spec.interval}#0"
            require(name in ids, "input row is neither a bar nor a dead letter", f"row {n} {name}")
        total = sum(record.ours for record in self._topics["market.bars"]) + len(refused)
        require(
            total == rows,
            "bars and dead letters differ from the rows of the file",
            f"{total} of {rows}",
        )

    def _articles(self) -> None:
        if not self._run.news:
            return
        refused = self._refused("news.feed.dlq")
        hashes = {a["content_hash"] for a in self._of("news.raw")}
        for n, line in enumerate(lines(self._run.path(self._run.news))):
            if n in refused:
                continue
            url, title = named(json.loads(line))
            seen = hashlib.sha256((url + title).encode()).hexdigest()
            require(seen in hashes, "article is neither published nor a dead letter", f"row {n}")

    def _scores(self) -> None:
        scored = {(s["article_id"], s["article_revision"]) for s in self._of("news.scored")}
        for article in self._of("news.raw"):
            version = (article["id"], article.get("revision", 0))
            require(version in scored, "article was not scored", article["id"])

    # -- what followed -------------------------------------------------------------------------

    def _decisions(self) -> None:
        signals = {s["id"] for s in self._of("signals.generated")}
        answered = Counter(
            d["signal_id"] for d in self._of("trade.decisions") if d["cause"] == "signal"
        )
        for signal in sorted(signals):
            require(answered[signal] == 1, f"signal has {answered[signal]} decisions", signal)
        none(set(answered) - signals, "decision for a signal that is not in its topic")

    def _orders(self) -> None:
        accepted = {d["id"] for d in self._of("trade.decisions") if d["accepted"]}
        ordered = Counter(o["decision_id"] for o in self._of("orders.requested"))
        for decision in sorted(accepted):
            require(
                ordered[decision] == 1,
                f"accepted decision has {ordered[decision]} orders",
                decision,
            )
        none(set(ordered) - accepted, "order without an accepted decision")

    def _executions(self) -> None:
        orders = {o["id"] for o in self._of("orders.requested")}
        ends = Counter(
            e["order_id"] for e in self._of("trades.executed") if e["status"] in TERMINAL
        )
        none(set(ends) - orders, "execution of an unknown order")
        if not self._at_broker:  # whose word says how often
            for order, count in sorted(ends.items()):
                require(count == 1, f"order ended {count} times", order)
        wanted = {o["id"]: o["qty"] for o in self._of("orders.requested")}
        filled: Counter[str] = Counter()
        for e in self._of("trades.executed"):
            filled[e["order_id"]] += e["qty"]
            done = filled[e["order_id"]], wanted[e["order_id"]]
            whole = done[0] == done[1] if e["status"] == "FILLED" else done[0] <= done[1]
            require(whole, f"{done[0]} of {done[1]} shares filled, {e['status']}", e["id"])

    @property
    def _at_broker(self) -> bool:
        return self._run.spec.mode == "broker"

    def _broker(self) -> None:
        """Hold what a broker told against what was decided, ordered and booked."""
        if self._at_broker:
            check_broker(
                *(self._topics[name] for name in ("broker.events", "trade.decisions",
                                                  "orders.requested", "trades.executed"))
            )  # fmt: skip

    def _outcomes(self) -> None:
        closed = {e["id"]: e["pnl"] for e in self._of("trades.executed") if e["pnl"] is not None}
        for correction in self._of("executions.corrected"):
            profits = {p["execution_id"]: p["pnl"] for p in correction["profits"]}
            trip = {
                e["id"] for e in self._of("trades.executed")
                if e["trade_id"] == correction["trade_id"] and e["id"] in closed
            }  # fmt: skip
            closed |= {**dict.fromkeys(trip, "0"), **profits}
        judged = {o["causes"][1]: o["realized_pnl"] for o in self._of("learning.outcomes")}
        none(
            closed.keys() ^ judged.keys(),
            "closing fill without an outcome, or the other way round",
        )
        differing = {fill for fill, pnl in closed.items() if Decimal(pnl) != Decimal(judged[fill])}
        none(differing, "an outcome's profit is not its fill's")

    def _states(self) -> None:
        """Check that each command's state was said once, in order, and is the account's."""
        wanted = {c["id"]: WANTED[c["kind"]] for c in self._commands() if c["kind"] in WANTED}
        flattens = {c["id"] for c in self._commands() if c["kind"] == "flatten"}
        now, said = "ACTIVE", Counter[str]()
        for change in self._of("trading.states"):
            require(change["old"] == now, f"the state before was {now}", change["id"])
            now, command = change["new"], change["command_id"]
            if change["cause"] == "flattened":
                require(command in flattens and now == "HALTED", "nobody flattened", change["id"])
                continue
            said[command] += 1
            require(now == wanted.get(command), "a state that its command does not want",
                     change["id"])  # fmt: skip
        for command in sorted(wanted):
            require(said[command] == 1, f"its state was said {said[command]} times", command)
        last = self._last_snapshot()
        if last is not None:
            require(last["trading_state"] == now, f"the state is {now}", last["id"])

    def _commands(self) -> list[dict[str, Any]]:
        """Return the commands let in; one copy of each lies on every partition."""
        return list({c["id"]: c for c in self._of("control.accepted")}.values())

    def _learning(self) -> None:
        def of(topic: str) -> list[tuple[int, dict[str, Any]]]:
            # One copy of each record lies on every partition of some topics.
            found = {r.body["id"]: (r.stamp, r.body) for r in self._topics[topic]}
            return sorted(found.values(), key=itemgetter(0))

        found = rederive(
            Recorded(
                self._run.params["learning"], strategy_names(self._run.rules),
                to_micros(self._run.spec.first_moment), self._clock(), of("learning.outcomes"),
                of("control.accepted"), [body for _, body in of("learning.adjustments")],
                [body for _, body in of("strategy.weights")],
            )
        )  # fmt: skip
        self._changes = found.changes
        require(found.problem is None, "a weight is not what its outcomes make it",
                 str(found.problem))  # fmt: skip

    def _clock(self) -> int:
        """Return how far learning saw time come: the newest stamp of what it wrote in time."""
        told = [*self._topics["strategy.metrics"], *self._topics["learning.adjustments"]]
        return max((r.stamp for r in told), default=0) + 1

    def _stored(self) -> None:
        for topic, table in TABLES.items():
            if topic not in self._topics:
                continue
            there = {r["id"] for r in self._of(topic) if "id" in r}
            none(there ^ self._reader.ids(table), f"{table} differs from {topic}")
        letters = {r.body["id"] for r in self._dead}
        missing = letters - self._reader.ids("dead_letters")
        none(missing, "dead letter is not in the database")

    def _money(self) -> None:
        cash, since = Decimal(self._run.rules.account.start_cash), 0
        for record in self._topics["account.resets"]:
            cash, since = Decimal(record.body["cash"]), record.stamp
        found = self._topics["portfolio.snapshots"]
        if self._run.live and not found:
            return  # an account that nothing has moved yet
        # What comes at the stamp of a live run's last snapshot comes after it, but for what was
        # written off at the session's end.
        until = max(found, key=_stamp).stamp if self._run.live else FOR_EVER
        gone = {d["id"] for d in self._of("trade.decisions") if d["cause"] == "delisted"}
        written_off = {o["id"] for o in self._of("orders.requested") if o["decision_id"] in gone}
        shares, held_then = Counter[str](), Counter[str]()
        fills = {r.body["id"]: r for r in self._topics["trades.executed"] if r.stamp >= since}
        corrected = {c["execution_id"]: c for c in self._of("executions.corrected")}
        for record in fills.values():
            fill = record.body
            if (correction := corrected.get(fill["id"])) is not None:
                fill = fill | {name: correction[name] for name in ("qty", "price", "commission")}
            if fill["price"] is None:
                continue
            signed = fill["qty"] if fill["side"] == "BUY" else -fill["qty"]
            shares[fill["ticker"]] += signed
            if record.stamp < until or fill["order_id"] in written_off:
                held_then[fill["ticker"]] += signed
                cash -= signed * Decimal(str(fill["price"])) + Decimal(fill["commission"])
        told = fills.values() if self._at_broker else ()
        marks = marks_of(self._topics["market.bars"], told, until)
        held = {ticker: n for ticker, n in shares.items() if n}
        worth = sum((n * marks[ticker] for ticker, n in held_then.items() if n), Decimal(0))
        require(
            held == self._reader.positions(self._account),
            "positions differ from executions",
            str(held),
        )
        for name, amount in (("cash", cash), ("positions_value", worth), ("equity", cash + worth)):
            for last in (self._last_snapshot(), self._reader.last_snapshot(self._account)):
                require(last is not None, "there is no portfolio snapshot", "portfolio.snapshots")
                figure = Decimal(str((last or {})[name]))
                require(
                    figure == amount,
                    f"{name} is {figure}, executions say {amount}",
                    (last or {})["id"],
                )

    # -- figures -------------------------------------------------------------------------------

    def _of(self, topic: str) -> list[dict[str, Any]]:
        return [r.body for r in self._topics[topic]]

    def _refused(self, topic: str) -> set[int]:
        return {r.body["offset"] for r in self._topics[topic]}

    def _last_snapshot(self) -> dict[str, Any] | None:
        found = self._topics["portfolio.snapshots"]
        return max(found, key=_stamp).body if found else None

    def _equity(self) -> str:
        return str((self._last_snapshot() or {}).get("equity", "unknown"))

    def _votes(self) -> dict[str, int]:
        return dict(
            Counter(
                v["strategy"] for s in self._of("signals.generated") for v in s["strategy_sources"]
            )
        )

    def _resting(self) -> list[str]:
        ended = {e["order_id"] for e in self._of("trades.executed") if e["status"] in TERMINAL}
        return sorted(o["id"] for o in self._of("orders.requested") if o["id"] not in ended)

    def _digest(self) -> str:
        names = ("signals.generated", "trade.decisions", "orders.requested", "trades.executed")
        ids = sorted(r["id"] for name in names for r in self._of(name))
        return hashlib.sha256("\n".join(ids).encode()).hexdigest()


def _stamp(read: TopicRecord) -> tuple[int, int]:
    return read.stamp, read.offset
