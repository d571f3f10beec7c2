"""The accountant: reads inputs, topics and database by itself and finds the first thing amiss.

It shares no code with the operators: ids, sums and rules are worked out again here, from the
files, from plain JSON and from plain SQL.
"""

import csv
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from connectors.runs import Run
from connectors.storage.queries import Reader
from connectors.user_strategies import strategy_names
from messages.errors import TidewireError
from messages.topics import DEAD_LETTERS, TOPICS
from messages.units import to_micros
from stack.audit.learning import Recorded, rederive
from stack.audit.topic_reader import TopicRecord, read_topics

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
# The state that a command wants.
WANTED: Final = {
    "pause": "PAUSED", "resume": "ACTIVE", "reduce": "REDUCING", "flatten": "REDUCING",
    "halt": "HALTED",
}  # fmt: skip
TERMINAL: Final = {"FILLED", "CANCELLED", "REJECTED", "EXPIRED", "REPLACED"}


class NotAccounted(TidewireError):
    """Something does not add up; the message names the rule and the first id."""


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
    """Reads one finished run."""

    def __init__(self, run: Run) -> None:
        """TopicRecord every topic once; the database is asked as needed."""
        self._run = run
        names = [t.name for t in (*TOPICS, *DEAD_LETTERS)]
        every = read_topics(run.layout, names)
        self._dead = [r for t in DEAD_LETTERS for r in every[t.name]]
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
                self._bars, self._articles, self._scores, self._decisions, self._orders,
                self._executions, self._outcomes, self._states, self._learning, self._stored,
                self._money,
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

    def _bars(self) -> None:
        refused = self._refused("market.feed.dlq")
        ids = {b["id"] for b in self._of("market.bars")}
        rows = 0
        for n, row in enumerate(_bar_rows(self._run.path(self._run.bars))):
            rows += 1
            if n in refused:
                continue
            start: Any = row.get("timestamp", row.get("ts"))
            if isinstance(start, str):
                start = datetime.fromisoformat(start)
            start = start.astimezone(UTC)
            name = f"bar-{row['ticker']}@{start:%Y-%m-%dT%H:%M:%SZ}/{self._run.spec.interval}#0"
            _require(name in ids, "input row is neither a bar nor a dead letter", f"row {n} {name}")
        total = sum(record.ours for record in self._topics["market.bars"]) + len(refused)
        _require(
            total == rows,
            "bars and dead letters differ from the rows of the file",
            f"{total} of {rows}",
        )

    def _articles(self) -> None:
        if not self._run.news:
            return
        refused = self._refused("news.feed.dlq")
        hashes = {a["content_hash"] for a in self._of("news.raw")}
        for n, line in enumerate(_lines(self._run.path(self._run.news))):
            if n in refused:
                continue
            row = json.loads(line)
            seen = hashlib.sha256((row.get("url", "") + row.get("title", "")).encode()).hexdigest()
            _require(seen in hashes, "article is neither published nor a dead letter", f"row {n}")

    def _scores(self) -> None:
        scored = {(s["article_id"], s["article_revision"]) for s in self._of("news.scored")}
        for article in self._of("news.raw"):
            version = (article["id"], article.get("revision", 0))
            _require(version in scored, "article was not scored", article["id"])

    # -- what followed -------------------------------------------------------------------------

    def _decisions(self) -> None:
        signals = {s["id"] for s in self._of("signals.generated")}
        answered = Counter(
            d["signal_id"] for d in self._of("trade.decisions") if d["cause"] == "signal"
        )
        for signal in sorted(signals):
            _require(answered[signal] == 1, f"signal has {answered[signal]} decisions", signal)
        _none(set(answered) - signals, "decision for a signal that is not in its topic")

    def _orders(self) -> None:
        accepted = {d["id"] for d in self._of("trade.decisions") if d["accepted"]}
        ordered = Counter(o["decision_id"] for o in self._of("orders.requested"))
        for decision in sorted(accepted):
            _require(
                ordered[decision] == 1,
                f"accepted decision has {ordered[decision]} orders",
                decision,
            )
        _none(set(ordered) - accepted, "order without an accepted decision")

    def _executions(self) -> None:
        orders = {o["id"] for o in self._of("orders.requested")}
        ends = Counter(
            e["order_id"] for e in self._of("trades.executed") if e["status"] in TERMINAL
        )
        _none(set(ends) - orders, "execution of an unknown order")
        for order, count in sorted(ends.items()):
            _require(count == 1, f"order ended {count} times", order)
        wanted = {o["id"]: o["qty"] for o in self._of("orders.requested")}
        filled: Counter[str] = Counter()
        for e in self._of("trades.executed"):
            filled[e["order_id"]] += e["qty"]
            done = filled[e["order_id"]], wanted[e["order_id"]]
            whole = done[0] == done[1] if e["status"] == "FILLED" else done[0] <= done[1]
            _require(whole, f"{done[0]} of {done[1]} shares filled, {e['status']}", e["id"])

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
        _none(
            closed.keys() ^ judged.keys(),
            "closing fill without an outcome, or the other way round",
        )
        differing = {fill for fill, pnl in closed.items() if Decimal(pnl) != Decimal(judged[fill])}
        _none(differing, "an outcome's profit is not its fill's")

    def _states(self) -> None:
        """Check that each command's state was said once, in order, and is the account's."""
        wanted = {c["id"]: WANTED[c["kind"]] for c in self._commands() if c["kind"] in WANTED}
        flattens = {c["id"] for c in self._commands() if c["kind"] == "flatten"}
        now, said = "ACTIVE", Counter[str]()
        for change in self._of("trading.states"):
            _require(change["old"] == now, f"the state before was {now}", change["id"])
            now, command = change["new"], change["command_id"]
            if change["cause"] == "flattened":
                _require(command in flattens and now == "HALTED", "nobody flattened", change["id"])
                continue
            said[command] += 1
            _require(now == wanted.get(command), "a state that its command does not want",
                     change["id"])  # fmt: skip
        for command in sorted(wanted):
            _require(said[command] == 1, f"its state was said {said[command]} times", command)
        last = self._last_snapshot()
        if last is not None:
            _require(last["trading_state"] == now, f"the state is {now}", last["id"])

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
        _require(found.problem is None, "a weight is not what its outcomes make it",
                 str(found.problem))  # fmt: skip

    def _clock(self) -> int:
        """Return how far learning saw time come: the newest stamp of what it wrote in time."""
        told = [*self._topics["strategy.metrics"], *self._topics["learning.adjustments"]]
        return max((r.stamp for r in told), default=0) + 1

    def _stored(self) -> None:
        for topic, table in TABLES.items():
            there = {r["id"] for r in self._of(topic) if "id" in r}
            _none(there ^ self._reader.ids(table), f"{table} differs from {topic}")
        letters = {r.body["id"] for r in self._dead}
        missing = letters - self._reader.ids("dead_letters")
        _none(missing, "dead letter is not in the database")

    def _money(self) -> None:
        cash, since = Decimal(self._run.rules.account.start_cash), 0
        for record in self._topics["account.resets"]:
            cash, since = Decimal(record.body["cash"]), record.stamp
        shares: Counter[str] = Counter()
        fills = {r.body["id"]: r.body for r in self._topics["trades.executed"] if r.stamp >= since}
        for correction in self._of("executions.corrected"):
            if correction["execution_id"] in fills:
                changed = {name: correction[name] for name in ("qty", "price", "commission")}
                fills[correction["execution_id"]] |= changed
        for fill in fills.values():
            if fill["price"] is None:
                continue
            signed = fill["qty"] if fill["side"] == "BUY" else -fill["qty"]
            shares[fill["ticker"]] += signed
            cash -= signed * Decimal(str(fill["price"])) + Decimal(fill["commission"])
        marks = self._marks()
        held = {ticker: n for ticker, n in shares.items() if n}
        worth = sum((n * marks[ticker] for ticker, n in held.items()), Decimal(0))
        _require(
            held == self._reader.positions(self._account),
            "positions differ from executions",
            str(held),
        )
        for name, amount in (("cash", cash), ("positions_value", worth), ("equity", cash + worth)):
            for last in (self._last_snapshot(), self._reader.last_snapshot(self._account)):
                _require(last is not None, "there is no portfolio snapshot", "portfolio.snapshots")
                found = Decimal(str((last or {})[name]))
                _require(
                    found == amount,
                    f"{name} is {found}, executions say {amount}",
                    (last or {})["id"],
                )

    def _marks(self) -> dict[str, Decimal]:
        """Return each ticker's last close: first versions only, in order of their start."""
        last: dict[str, tuple[str, Decimal]] = {}
        for bar in self._of("market.bars"):
            newer = bar["ticker"] not in last or bar["start"] > last[bar["ticker"]][0]
            if not bar.get("revision") and newer:
                last[bar["ticker"]] = (bar["start"], Decimal(str(bar["close"])))
        return {ticker: close for ticker, (_, close) in last.items()}

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


def _require(holds: bool, rule: str, first: str) -> None:
    if not holds:
        message = f"{rule}: {first}"
        raise NotAccounted(message)


def _none(ids: Iterable[str], rule: str) -> None:
    for first in sorted(ids):
        _require(False, rule, first)


def _bar_rows(file: Path) -> Iterator[dict[str, Any]]:
    """Return the rows of a file; of a CSV file those with other cells than the first come last."""
    if file.suffix == ".csv":
        with file.open(newline="", encoding="utf-8", errors="replace") as lines:
            head, *rows = csv.reader(lines)
        whole = [row for row in rows if len(row) == len(head)]
        yield from (dict(zip(head, row, strict=True)) for row in whole)
        yield from ({} for row in rows if row and len(row) != len(head))
        return
    for batch in pq.ParquetFile(file).iter_batches(16_384):
        yield from batch.to_pylist()


def _lines(file: Path) -> Iterator[bytes]:
    with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as lines:
        yield from lines
