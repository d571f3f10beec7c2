"""`tidewire demo`: the whole system on one machine, playing a market to its end."""

import json
import shutil
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import psycopg
from rich.console import Console

from api.access.links import links_of
from connectors.market.bar_file import BarFile
from connectors.market.bar_survey import BarSurvey
from connectors.market.input_files import article_rows, first_moment, no_rows
from connectors.market.simulated import record_days
from connectors.runs import Run
from connectors.settings import Settings
from connectors.storage.queries import Progress, Reader
from flows.pipeline.start import prepare
from messages.market import Interval
from messages.topics import EVERY_TOPIC
from messages.units import to_datetime
from stack.audit.auditor import Auditor, Books
from stack.dashboard import DashboardBuild
from stack.errors import StackError
from stack.home import note_last
from stack.runtime.front import Front
from stack.runtime.health import HealthBoard
from stack.runtime.memory import PeakMemory
from stack.runtime.new_run import Played, new_run
from stack.runtime.presence import appear, vanish
from stack.runtime.supervisor import Supervisor, run_flows
from stack.servers.services import Services

WATCH_S: Final = 0.1
SHOW_S: Final = 1.0
HEALTH_S: Final = 5.0
SEED: Final = 20_250_312


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line asked for.

    Attributes:
        pace: bars per second; 0 plays as fast as it goes.
        days: simulated ones, where no bars are given.
        check: audit, print one JSON line, exit; otherwise keep serving on a terminal.
    """

    bars: Path | None
    news: Path | None
    interval: str
    shards: int
    no_news: bool
    check: bool
    seed: int = SEED
    pace: int = 0
    days: int = 1


class Demo:
    """One run on running servers."""

    def __init__(
        self, services: Services, settings: Settings, options: DemoOptions, out: Console
    ) -> None:
        """Give the run an id and a directory of its own."""
        self._services = services
        self._options = options
        self._out = out
        now = datetime.now(UTC)
        self.run = self._describe(
            f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}", now, settings
        )
        self.supervisor = Supervisor(self.run.path(), run_flows(self.run.partitions))
        self._memory = PeakMemory()
        self.board = HealthBoard(self.run, self.supervisor, services)

    def prepare(self) -> None:
        """Make schema, topics and first records."""
        run = self.run
        version = prepare(run, self._services.make_topics)
        self._out.print(
            f"schema {run.schema} at version {version}, {len(EVERY_TOPIC)} topics {run.prefix}*"
        )

    def play(self, front: Front | None = None) -> None:
        """Run the flows until all have finished, showing how far they are.

        Args:
            front: the API beside them, to be looked after.

        Raises:
            CrashLoop: a flow cannot be kept alive.
        """
        self.supervisor.start()
        try:
            shown = told = 0.0
            while not self.supervisor.ended:
                for said in self._services.watch():
                    self._out.print(said)
                self.supervisor.watch(waiting=bool(self._services.down))
                if front is not None:
                    front.watch()
                self._memory.sample()
                if time.monotonic() - told > HEALTH_S:
                    self.board.publish()
                    told = time.monotonic()
                if time.monotonic() - shown > SHOW_S * (1 if self._out.is_terminal else 3):
                    self._show()
                    shown = time.monotonic()
                time.sleep(WATCH_S)
        finally:
            self.supervisor.stop()
            self.board.publish()
            self.board.close()
        self._show(last=True)

    def report(self, began: float) -> tuple[dict[str, Any], bool]:
        """Audit the run; returns the summary and whether everything is as it should be."""
        with closing(Auditor(self.run)) as auditor:
            books = auditor.examine()
        broker = self._services.broker_name()
        accounted = books.problem is None
        summary: dict[str, Any] = {
            "run": self.run.run_id,
            **books.counts,
            "votes": books.votes,
            "rows": books.rows,
            "equity": books.equity,
            "digest": books.digest,
            "resting": books.resting,
            "restarts": self.supervisor.restarts,
            "broker": broker,
            "database": self._services.database_name(),
            "wall_s": round(time.monotonic() - began, 1),
            "peak_memory_mb": self._memory.peak_mb,
            "accounted": accounted,
        }
        if not accounted:
            summary["first_unaccounted"] = books.problem
        self._print_books(books, summary)
        wanted = self._services.memory is not None or broker.startswith("Apache Kafka")
        return summary, accounted and wanted

    def _describe(self, run_id: str, now: datetime, settings: Settings) -> Run:
        options = self._options
        bars, news = self._inputs(self._services.home.runs / run_id)
        survey = BarFile(bars, options.interval).survey()
        if survey.first < 0:
            reason = (
                f"{bars} begins before 1970, where Kafka's time begins: `tidewire backtest` takes "
                "it, or name another with --bars."
            )
            raise StackError(reason)
        said = first_moment(article_rows(news) if news else no_rows)
        began = to_datetime(survey.first)
        first = min(began, said) if said else began
        interval = cast("Interval", survey.interval)
        if options.bars:
            self._out.print(f"bars of {interval}{_odd(survey)}")
        played = Played(bars, news, interval, options.pace, first)
        run = new_run(self._services, settings, run_id, now, options.shards, played)
        run.save()
        return run

    def _inputs(self, directory: Path) -> tuple[Path, Path | None]:
        if self._options.bars is None:
            bars, simulated = record_days(
                directory / "inputs", self._options.seed, self._options.days
            )
            news: Path | None = self._options.news or simulated
        else:
            bars, news = self._options.bars.resolve(), self._options.news
        return bars, None if self._options.no_news or news is None else news.resolve()

    def _show(self, *, last: bool = False) -> None:
        try:
            with closing(Reader(self.run.database_url, self.run.schema)) as reader:
                p = reader.progress(self.run.rules.account.name)
        except psycopg.OperationalError:
            self._out.print("database away, waiting")
            return
        if self._out.is_terminal and not last:
            width = shutil.get_terminal_size().columns - 1
            self._out.file.write("\r" + in_a_line(p, width).ljust(width))
        else:
            self._out.file.write(("\r" if self._out.is_terminal else "") + in_a_line(p) + "\n")
        self._out.file.flush()

    def _print_books(self, books: Books, summary: dict[str, Any]) -> None:
        votes = ", ".join(f"{n} {c:,}" for n, c in sorted(books.votes.items())) or "none"
        counts = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in books.counts.items())
        self._out.print(f"\n{counts}\nvotes in signals: {votes}")
        self._out.print(f"equity {books.equity}  digest {books.digest[:16]}  {summary['wall_s']} s")
        if books.problem is None:
            self._out.print("accounted: every input, decision, order and dollar")
        else:
            self._out.print(f"NOT accounted: {books.problem}")


def in_a_line(p: Progress, width: int = 120) -> str:
    """Return how far a run is, what matters most first; as much as fits."""
    equity = f"{p.equity:,.2f}" if p.equity is not None else "-"
    parts = (
        f"{p.day or 'starting':>16}  equity {equity:>12}", f"bars {p.bars:>7,}",
        f"articles {p.articles:>5,}", f"orders {p.orders:>5,}", f"signals {p.signals:>6,}",
    )  # fmt: skip
    line = ""
    for part in parts:
        longer = f"{line}  {part}" if line else part
        if len(longer) > width:
            return line
        line = longer
    return line


def _odd(survey: BarSurvey) -> str:
    """Return what is odd about a file of bars, for people."""
    counts = {**survey.refused, "prices rounded to 1/10,000 dollar": survey.rounded,
              "volumes rounded to whole shares": survey.whole}  # fmt: skip
    listed = ", ".join(f"{name} {n:,}" for name, n in counts.items() if n)
    first = f" (first: {survey.first_refused})" if survey.first_refused else ""
    return f"; rows: {listed}{first}" if listed else ""


def see_inputs(options: DemoOptions) -> None:
    """Look at the files that are to be played, before any server is started.

    Raises:
        InputUnusable: one cannot be read, or holds nothing that can be played.
    """
    if options.bars is not None:
        BarFile(options.bars.resolve(), options.interval).survey()
    if options.news is not None and not options.no_news:
        first_moment(article_rows(options.news.resolve()))


def run_demo(settings: Settings, services: Services, options: DemoOptions) -> int:
    """Play one run; returns the exit code: 1 when it is not accounted for.

    Raises:
        InputUnusable: a file cannot be played; nothing was started.
    """
    see_inputs(options)
    out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    began = time.monotonic()
    out.print("starting Apache Kafka and PostgreSQL")
    with services:
        out.print(f"{services.broker_name()} at {services.bootstrap}, {services.database_name()}")
        demo = Demo(services, settings, options, out)
        demo.prepare()
        note_last(services.home.path, demo.run.run_id)
        front = Front(services.home, demo.run, settings)
        appear(services.home, demo.run, services, origin=front.origin)
        front.start()
        building = DashboardBuild(partial(out.print, markup=False, emoji=False))
        if front.origin and not options.check:
            building.start()
        try:
            _show_address(demo.run, front, out)
            demo.play(front)
            summary, good = demo.report(began)
            if options.check:
                sys.stdout.write(json.dumps(summary) + "\n")
                sys.stdout.flush()
            elif sys.stdin.isatty() and out.is_terminal:
                _serve(demo.run, front, out)
        finally:
            building.stop()
            front.stop()
            vanish(services.home)
        out.print(f"kept: {demo.run.directory}") if not options.check else None
    return 0 if good else 1


def _show_address(run: Run, front: Front, out: Console) -> None:
    """Say where the API is; the link that signs in is for a terminal's eyes only."""
    if not front.origin:
        return
    if out.is_terminal:
        out.print(f"API at {front.origin}/#link={links_of(run).give()}")
    else:
        out.print(f"API at {front.origin}; `tidewire access link` signs you in")


def _serve(run: Run, front: Front, out: Console) -> None:
    out.print(f"\ntopics  {run.prefix}* at {run.bootstrap}")
    out.print(f"tables  schema {run.schema}; its database URL is in {run.directory}/run.json")
    out.print("serving until Ctrl-C")
    try:
        while True:
            front.watch()
            time.sleep(WATCH_S)
    except KeyboardInterrupt:
        out.print("stopping")
