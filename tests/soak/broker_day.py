"""A day at the stand-in exchange on a moved clock: the whole live stack, Alpaca's own client.

`make soak-broker` trades a recorded day past its close; a test trades the half hour around one.
Afterwards no order is open, the broker's journal, its account and the run's books agree to the
cent, every flow makes its records of the day again, and what differs from a backtest is listed.
"""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.archive.reading import ArchivedRun
from connectors.broker.stand_in.journal import Books
from connectors.runs import Run, load_run
from messages.topics import BROKER_EVENTS, ORDERS_REQUESTED, TRADES_EXECUTED
from stack.audit.auditor import Auditor
from tests.e2e.test_outsiders import audited
from tests.moved_clock import MovedClock, Waits
from tests.waiting import eventually, pause

MINUTE: Final = timedelta(minutes=1)
AFTER: Final = 15 * MINUTE  # the close
ENDS: Final = {"FILLED", "CANCELLED", "REJECTED", "EXPIRED"}


@dataclass(frozen=True, slots=True)
class Played:
    """What is traded.

    Attributes:
        bars: of some days; of the last one those from its beginning on.
        news: articles beside them; None for none.
        past_days: days before the last.
        begin, close: of the last day: when the stack is brought up, and the session's end.
        rate: so many times as fast.
    """

    bars: Path
    news: Path | None
    past_days: int
    begin: datetime
    close: datetime
    rate: float


@dataclass(frozen=True, slots=True)
class Told:
    """How it went.

    Attributes:
        orders: requested; fills: executions at the stand-in.
        late: orders that were not sent within the time for which they held.
        doubles: client ids that the stand-in accepted more than once.
        differ: executions that are not a backtest's.
    """

    orders: int
    fills: int
    late: int
    doubles: int
    differ: int


def cut(bars: Path, begin: datetime, end: datetime, first_day: datetime, to: Path) -> Path:
    """Write the bars of some days, of the last one those that start from `begin` on."""
    rows = pq.read_table(bars)
    name = "timestamp" if "timestamp" in rows.column_names else "ts"
    starts = rows[name].cast(pa.timestamp("us", "UTC"))

    def at(moment: datetime) -> pa.Scalar:
        return pa.scalar(moment, pa.timestamp("us", "UTC"))

    midnight = begin.replace(hour=0, minute=0)
    before = pc.and_(pc.greater_equal(starts, at(first_day)), pc.less(starts, at(midnight)))
    of_it = pc.and_(pc.greater_equal(starts, at(begin)), pc.less(starts, at(end)))
    pq.write_table(rows.filter(pc.or_(before, of_it)), to)
    return to


class BrokerDay:
    """A live stack that trades at a stand-in, on a clock of its own."""

    def __init__(self, home: Path, played: Played) -> None:
        """Put the clock to the beginning; nothing is started."""
        self.played = played
        self.clock = MovedClock(played.begin, waits=Waits.REAL)
        self.env = {
            **os.environ, **self.clock.environment, "TIDEWIRE_HOME": str(home),
            "TIDEWIRE_RISK__COOLDOWN_MINUTES": "5", "TIDEWIRE_BROKER__RECONCILE_SECONDS": "60",
            "TIDEWIRE_MARKET__WARM_UP_DAYS": "2",
        }  # fmt: skip
        self.journal = home / "stand-in" / "journal.jsonl"

    def tidewire(self, *arguments: str) -> tuple[int, str]:
        """Run a command; returns its exit code and what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "stack.cli", *arguments], env=self.env, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    @contextmanager
    def up(self) -> Iterator[Run]:
        """Bring the stack up; it is down afterwards, whatever happened."""
        played = self.played
        news = ("--news", str(played.news)) if played.news else ()
        code, said = self.tidewire(
            "up", "--stand-in", "--play", str(played.bars), *news,
            "--past-days", str(played.past_days),
        )  # fmt: skip
        assert code == 0, said
        try:
            there = json.loads(self.tidewire("status", "--json")[1])
            yield load_run(Path(there["directory"]))
        finally:
            self.clock.run(1)
            self.tidewire("down")
            self.clock.close()

    def flows(self) -> list[dict[str, Any]]:
        """Return how the flows are."""
        return list(json.loads(self.tidewire("status", "--json")[1])["flows"])

    def wait_until(self, moment: datetime) -> None:
        """Wait for a moment of the moved clock."""
        while self.clock.now() < moment:
            pause(0.02)

    def kill(self, run: Run, flow: str) -> None:
        """Kill a flow's process; its supervisor starts it again."""
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if words[-2:] == ["--run", run.directory] and "flow" in words and flow in words:
                process.send_signal(signal.SIGKILL)

    def settled(self, run: Run) -> None:
        """Wait until every order has ended and every flow is past the close."""

        def over() -> bool:
            late = f"{self.played.close + MINUTE:%F %H:%M}"
            return all(f["state"] == "running" and (f["clock"] or "") > late for f in self.flows())

        eventually(over, what=self.flows, step=0.5)
        eventually(lambda: not self.open_orders(run), what=lambda: self.open_orders(run), step=0.5)

    def open_orders(self, run: Run) -> set[str]:
        """Return the orders without an end, as the topics have them."""
        with closing(Auditor(run)) as auditor:
            asked = {r.body["id"] for r in auditor._topics[ORDERS_REQUESTED.name]}
            ended = {
                r.body["order_id"] for r in auditor._topics[TRADES_EXECUTED.name]
                if r.body["status"] in ENDS
            }  # fmt: skip
        return asked - ended

    def must_agree(self, run: Run) -> Told:
        """Hold the run's books against the stand-in's journal, account and the auditor's rules."""
        eventually(lambda: self.tidewire("account", "reconcile")[0] == 0,
                   what=lambda: self.tidewire("account", "reconcile"), step=0.5)  # fmt: skip
        # The database follows the topics by a moment.
        eventually(lambda: audited(run) is None, what=lambda: audited(run), step=0.5)
        with closing(Auditor(run)) as auditor:
            asked = len(auditor._topics[ORDERS_REQUESTED.name])
            told = [r.body for r in auditor._topics[BROKER_EVENTS.name]]
            booked = [r.body for r in auditor._topics[TRADES_EXECUTED.name] if r.body["qty"]]
        books = Books(self.journal)
        theirs = {f.execution_id: (f.ticker, f.side, f.qty) for f in books.fills}
        heard = {
            e["execution_id"]: (e["ticker"], e["side"], e["qty"]) for e in told
            if e["kind"] == "fill"
        }  # fmt: skip
        assert heard == theirs
        shares = Counter((e["ticker"], e["side"]) for e in booked for _ in range(e["qty"]))
        assert shares == Counter((t, s) for t, s, n in theirs.values() for _ in range(n))
        doubles = sum(len(orders) > 1 for orders in books.orders.values())
        late = sum(e["status"] == "EXPIRED" and not e["broker_order_id"] for e in told)
        return Told(asked, len(theirs), late, doubles, 0)

    def must_be_proved(self, run: Run) -> int:
        """Make the day again from its archive; returns how many executions no backtest has."""
        archive = ArchivedRun(Path(run.archive))
        assert archive.run.spec.mode == "broker"
        code, said = self.tidewire("replay", "--verify")
        assert (code, "certified" in said) == (0, True), said
        code, said = self.tidewire("replay", "--against-backtest", "--json")
        assert code == 0, said
        return len(json.loads(said)["differ"])


def trade(home: Path, played: Played, kills: tuple[tuple[datetime, str], ...] = ()) -> Told:
    """Trade a day past its close, kill flows on the way, and hold all that came of it to account.

    Args:
        home: of the stack.
        played: what is traded.
        kills: (when, which flow), in order.
    """
    day = BrokerDay(home, played)
    with day.up() as run:
        day.clock.run(played.rate)
        for moment, flow in kills:
            day.wait_until(moment)
            day.kill(run, flow)
        day.wait_until(played.close + AFTER)
        day.clock.run(1)
        day.settled(run)
        told = day.must_agree(run)
        code, said = day.tidewire("down")
        assert code == 0, said
        differ = day.must_be_proved(run)
    return Told(told.orders, told.fills, told.late, told.doubles, differ)
