"""`tidewire up`: the servers and a live run's flows, in the background until `tidewire down`."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final

import msgspec
import psutil

from connectors.kafka.incarnation import see_that_same
from connectors.runs import Run, load_run
from connectors.settings import Settings
from connectors.storage.connection import DatabaseUnavailable
from connectors.storage.schema import maintain
from flows.pipeline.start import prepare
from messages.topics import EVERY_TOPIC
from stack.dashboard import DashboardBuild
from stack.errors import CannotStart, StackError
from stack.home import DISK_FULL, Home, is_full, note_last, tail
from stack.hurry import deaf_to
from stack.logs import rotate
from stack.runtime.exchange import Exchange
from stack.runtime.front import Front
from stack.runtime.health import HealthBoard
from stack.runtime.new_run import new_run
from stack.runtime.presence import appear, is_alive, running, vanish
from stack.runtime.supervisor import CrashLoop, Supervisor, run_flows
from stack.runtime.topic_watch import TopicWatch
from stack.servers.services import Services

LIVE: Final = "live"
AT_A_STAND_IN: Final = "stand_in_"  # begins the name of a run that the user did not name
RUN_NAME: Final = re.compile(r"[a-z0-9_]{1,30}")
WATCH_S: Final = 0.2
HEALTH_S: Final = 5.0
DAY_S: Final = 86_400.0
START_TIMEOUT_S: Final = 120.0
STOP_TIMEOUT_S: Final = 60.0
WEIGHTS_FIXED: Final = (
    "its weights stay fixed: it was begun before weights were learnt; begin a run that learns with "
    "`tidewire up --run NAME`"
)
# What of a run's spec may change from start to start.
TODAYS: Final = (
    "tick_ms", "strategies", "feeds", "news", "market", "scoring", "directories", "broker",
)  # fmt: skip


def live_run(services: Services, settings: Settings, name: str) -> tuple[Run, bool]:
    """Return the live run of a name, and whether it is new.

    A run keeps its account, its topics and its rules from start to start. Broker and database
    may have moved to other ports since; feeds and models are those of the settings now.

    Raises:
        StackError: the settings are not those that the run was made under.
        RunUnreadable: its `run.json` is damaged or of another version.
    """
    known, fresh = see_rules(services, settings, name)
    run = fresh if known is None else _gone_on(known, fresh)
    run.save()
    return run, known is None


def see_rules(services: Services, settings: Settings, name: str) -> tuple[Run | None, Run]:
    """Return a live run as it was kept, None if it is new, and as today's settings would make it.

    Writes nothing and needs no running server, so that a start is refused before there is any.

    Raises:
        StackError: the settings are not those that the run was made under.
        RunUnreadable: its `run.json` is damaged or of another version.
    """
    fresh = new_run(services, settings, name, datetime.now(UTC), settings.partitions)
    try:
        known = load_run(services.home.runs / name)
    except FileNotFoundError:
        if Path(fresh.archive, "run.json").exists():
            reason = (
                f"{fresh.archive} is the archive of a run {name} whose own directory and topics "
                "are gone: begin another run by `tidewire up --run NAME` (`tidewire replay --run "
                f"{name}` and backtests read that archive as it is), or remove it by `tidewire "
                f"runs rm {name} --archive`."
            )
            raise StackError(reason) from None
        return None, fresh
    # A parameter that came with a later version has its default in an older run.
    today = fresh.rules
    if known.from_before_learning:
        today = replace(today, learning=known.rules.learning)
    was, now = ((r.spec.mode, r.partitions, r.brackets) for r in (known, fresh))
    if (known.rules, was) != (today, now):
        what = _difference(known, fresh)
        reason = (
            f"Run {name} was made under other settings ({what}): put them back, or begin a new "
            "run, with an account of its own, by `tidewire up --run NAME`."
        )
        raise StackError(reason)
    return known, fresh


def with_topics(run: Run) -> Run:
    """Return a run whose topics are seen to be those that it wrote; of a new one they are kept.

    Raises:
        TopicsChanged: they are not.
        BrokerUnavailable: the broker does not answer.
    """
    ids = see_that_same(run.layout, EVERY_TOPIC, run.topic_ids)
    if ids != run.topic_ids:
        run = msgspec.structs.replace(run, topic_ids=ids)
        run.save()
    return run


def _gone_on(known: Run, fresh: Run) -> Run:
    """Return a run that goes on under today's settings of feeds and models, on today's servers."""
    today = {name: getattr(fresh.spec, name) for name in TODAYS}
    return msgspec.structs.replace(
        known, spec=msgspec.structs.replace(known.spec, **today), bootstrap=fresh.bootstrap,
        client=fresh.client,
        database_url=fresh.database_url, local=fresh.local, retention_days=fresh.retention_days,
        metrics=fresh.metrics, log_level=fresh.log_level,
    )  # fmt: skip


def serve(
    home: Home, settings: Settings, name: str, exchange: Exchange | None = None
) -> int:  # fmt: skip
    """Run servers and flows until SIGTERM, SIGINT or SIGHUP; returns the exit code.

    `exchange`: a stand-in that it is to trade at.

    Raises:
        CrashLoop: a flow cannot be kept alive; everything else is stopped first.
        BrokerAccessDenied: its keys are needed, and missing or not paper's.
    """
    asked = Services(home, settings)
    if exchange is None:
        see_keys(settings)
        see_rules(asked, settings, name)
    stopping: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if not deaf_to(number):
            signal.signal(number, stop)
    with asked as services, exchange or nullcontext():
        if exchange is not None:
            settings = exchange.settings(settings)
        run, new = live_run(services, settings, name)
        prepare(run, services.make_topics)
        run = with_topics(run)
        supervisor = Supervisor(run.path(), run_flows(run.partitions, run.spec.mode))
        front = Front(home, run, settings)
        topics = TopicWatch(run)
        board = HealthBoard(run, supervisor, services, topics)
        building = DashboardBuild(_say)
        supervisor.start()
        front.start()
        if front.origin:
            building.start()
        note = WEIGHTS_FIXED if run.from_before_learning else ""
        if exchange is not None:
            note = exchange.words(run.rules.risk)
        appear(home, run, services, note, front.origin)
        note_last(home.path, run.run_id)
        _say(f"run {name} {'begun' if new else 'goes on'}" + (f"\n{note}" if note else ""))
        try:
            _watch(supervisor, front, board, services, topics, stopping, exchange,
                   lambda: _care(run))  # fmt: skip
        finally:
            topics.close()
            building.stop()
            front.stop()
            supervisor.stop()
            _publish(board)
            board.close()
            vanish(home)
    return 0


def see_keys(settings: Settings) -> None:
    """Look at the keys before anything is started that would need them.

    Raises:
        BrokerAccessDenied: they are missing, or they or an address are not paper's.
    """
    if settings.market.feed == "alpaca" or settings.broker.kind == "alpaca":
        # Imported here: only this needs Alpaca's library.
        from connectors.broker.alpaca.keys import Access

        Access(settings.broker)


def start(home: Home, name: str, options: Sequence[str] = ()) -> dict[str, Any]:
    """Start `serve` in the background, by the command's further options; wait until its flows run.

    Raises:
        StackError: one is running already, or it did not come up; quotes its last words.
    """
    if (there := running(home)) is not None:
        reason = (
            f"Run {there['run']} is up already (process {there['pid']}): `tidewire down` first."
        )
        raise StackError(reason)
    log = home.path / "up.log"
    command = [sys.executable, "-m", "stack.cli", "up", "--foreground", "--run", name]
    log.write_bytes(b"")
    with log.open("ab") as out:  # to be put aside while it is written
        child = subprocess.Popen(
            [*command, "--home", str(home.path), *options],
            stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    try:
        return _wait(home, child, log)
    except BaseException:  # Ctrl-C too: what was begun here ends here
        if child.poll() is None:
            child.terminate()
        raise


def _wait(home: Home, child: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if (there := running(home)) is not None:
            return there
        if child.poll() is not None:
            last = tail(log, 1).removeprefix("tidewire: ")
            reason = f"The stack did not come up: {last} (whole log: {log})"
            raise CannotStart(reason)
        time.sleep(0.1)
    reason = (
        f"The stack did not come up within {START_TIMEOUT_S:.0f} s, and is stopped: "
        f"{tail(log, 1)} (whole log: {log})"
    )
    raise CannotStart(reason)


def stop(home: Home) -> str:
    """Stop what `start` started, flows first; returns the run's name.

    Raises:
        StackError: nothing is running, or it does not stop.
    """
    there = running(home)
    if there is None:
        reason = f"Nothing is up in {home.path}: start it with `tidewire up`."
        raise StackError(reason)
    psutil.Process(there["pid"]).terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while is_alive(there):
        if time.monotonic() > deadline:
            reason = (
                f"Process {there['pid']} does not stop: see {home.path / 'up.log'}, or kill it."
            )
            raise StackError(reason)
        time.sleep(0.1)
    return str(there["run"])


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _care(run: Run) -> None:
    try:
        maintain(run.database_url, run.schema, run.retention_days)
    except DatabaseUnavailable as error:
        _say(f"partitions wait for the next day: {error}")


def _watch(
    supervisor: Supervisor, front: Front, board: HealthBoard, services: Services,
    topics: TopicWatch, stopping: list[int], exchange: Exchange | None, daily: Callable[[], None],
) -> None:  # fmt: skip
    told, cared = 0.0, time.monotonic()
    full = False
    while not stopping:
        if time.monotonic() - cared > DAY_S:
            daily()
            cared = time.monotonic()
        for said in (*services.watch(), *topics.look()):
            _say(said)
        if full != (full := is_full(services.home)):
            _say(DISK_FULL if full else "there is room on the disk again")
        supervisor.watch(waiting=full or bool(services.down))
        front.watch()
        if exchange is not None and (died := exchange.watch()):
            _say(died)
        if supervisor.ended:
            reason = "every flow has ended, though a live run has no end: see their logs."
            raise CrashLoop(reason)
        if time.monotonic() - told > HEALTH_S or told == 0.0:
            _publish(board)
            rotate([services.home.path / "up.log", *services.logs(), *supervisor.logs()])
            told = time.monotonic()
        time.sleep(WATCH_S)


def _publish(board: HealthBoard) -> None:
    try:
        board.publish()
    except OSError as error:  # a full disk: nothing is stopped because nobody can be told
        _say(f"how the flows are cannot be written ({error.strerror})")


def _difference(known: Run, fresh: Run) -> str:
    if known.spec.mode != fresh.spec.mode:
        return f"orders filled on {known.spec.mode}, now on {fresh.spec.mode}"
    if known.partitions != fresh.partitions:
        return f"partitions {known.partitions}, now {fresh.partitions}"
    if known.brackets != fresh.brackets:
        held = {True: "broker", False: "desk"}
        return f"broker.protection {held[known.brackets]}, now {held[fresh.brackets]}"
    for group, values in known.params.items():
        for name, value in values.items():
            now = fresh.params.get(group, {}).get(name)
            if now != value:
                return f"{group}.{name} {value}, now {now}"
    return "parameters that this version does not know"
