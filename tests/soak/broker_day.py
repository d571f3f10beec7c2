"""A day at the stand-in exchange on a moved clock: the whole live stack, Alpaca's own client.

`make soak-broker` trades a recorded day past its close; a test trades the half hour around one.
Afterwards no order is open, the broker's journal, its account and the run's books agree to the
cent, every flow makes its records of the day again, and what differs from a backtest is listed.
"""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
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
from messages.topics import BROKER_EVENTS, ORDERS_REQUESTED, TRADES_EXECUTED, Topic
from stack.audit.topic_reader import read_topics
from tests.e2e.test_outsiders import audited
from tests.live_stack import LiveStack
from tests.moved_clock import MovedClock, Waits
from tests.waiting import eventually

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


class BrokerDay(LiveStack):
    """A live stack that trades at a stand-in, on a clock of its own."""

    def __init__(self, home: Path, played: Played) -> None:
        """Put the clock to the beginning; nothing is started."""
        super().__init__(
            home, MovedClock(played.begin, waits=Waits.REAL), TIDEWIRE_RISK__COOLDOWN_MINUTES="5",
            TIDEWIRE_BROKER__RECONCILE_SECONDS="60", TIDEWIRE_MARKET__WARM_UP_DAYS="2",
        )  # fmt: skip
        self.played = played
        self.journal = home / "stand-in" / "journal.jsonl"

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
            self.down()

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
        requested, executed = _bodies(run, ORDERS_REQUESTED, TRADES_EXECUTED)
        asked = {each["id"] for each in requested}
        ended = {each["order_id"] for each in executed if each["status"] in ENDS}
        return asked - ended

    def must_agree(self, run: Run) -> Told:
        """Hold the run's books against the stand-in's journal, account and the auditor's rules."""
        eventually(lambda: self.tidewire("account", "reconcile")[0] == 0,
                   what=lambda: self.tidewire("account", "reconcile"), step=0.5)  # fmt: skip
        # The database follows the topics by a moment.
        eventually(lambda: audited(run) is None, what=lambda: audited(run), step=0.5)
        requested, told, executed = _bodies(
            run, ORDERS_REQUESTED, BROKER_EVENTS, TRADES_EXECUTED
        )  # fmt: skip
        booked = [each for each in executed if each["qty"]]
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
        return Told(len(requested), len(theirs), late, doubles, 0)

    def must_be_proved(self, run: Run) -> int:
        """Make the day again from its archive; returns how many executions no backtest has."""
        archive = ArchivedRun(Path(run.archive))
        assert archive.run.spec.mode == "broker"
        code, said = self.tidewire("replay", "--verify")
        assert (code, "certified" in said) == (0, True), said
        code, said = self.tidewire("replay", "--against-backtest", "--json")
        assert code == 0, said
        return len(json.loads(said)["differ"])


def _bodies(run: Run, *topics: Topic[Any]) -> list[list[dict[str, Any]]]:
    """Return what lies in some topics of a run."""
    found = read_topics(run.layout, [topic.name for topic in topics])
    return [[record.body for record in found[topic.name]] for topic in topics]


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
