"""The command line: `tidewire COMMAND`; errors a person meets are one sentence, exit code 2."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from connectors.version import VERSION
from messages.errors import TidewireError
from messages.flows import PAPER
from messages.market import INTERVALS
from stack.commands.news import NEWS_ACTIONS, add_news_commands
from stack.errors import StackError


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    top = argparse.ArgumentParser(prog="tidewire", description=__doc__)
    top.add_argument("--version", action="version", version=f"tidewire {VERSION}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_stack(commands)
    _add_data(commands)
    _add_replay(commands)
    _add_backtest(commands)
    _add_sweep(commands)
    add_news_commands(commands, _command, _of_a_run)
    return top


def _add_demo(commands: Any) -> None:
    demo = _command(commands, "demo", "play a market through the whole system")
    demo.add_argument("--bars", type=Path, help="Parquet file of bars (default: simulated day)")
    demo.add_argument("--news", type=Path, help="JSON Lines file of articles, .gz or plain")
    demo.add_argument("--no-news", action="store_true", help="leave the news out")
    demo.add_argument("--interval", choices=sorted(INTERVALS), default="1m", help="of a bar")
    demo.add_argument("--shards", type=int, help="partitions, 1-64 (default: the setting)")
    demo.add_argument("--pace", type=int, default=0, help="bars per second (default: no limit)")
    demo.add_argument("--seed", type=int, default=20_250_312, help="of the simulated day")
    demo.add_argument("--check", action="store_true", help="end with one JSON line and exit")
    demo.add_argument("--broker", choices=("kafka", "memory"), default="kafka",
                      help="memory: a mock in this process, for a look without Java")  # fmt: skip


def _add_stack(commands: Any) -> None:
    up = _command(commands, "up", "start servers and flows in the background")
    up.add_argument("--run", default="live", help="name of the live run (default: live)")
    up.add_argument("--foreground", action="store_true", help="stay until SIGTERM or Ctrl-C")
    _command(commands, "down", "stop what `up` started")
    status = _command(commands, "status", "how every flow is")
    status.add_argument("--json", action="store_true", help="one JSON object")
    topics = _command(commands, "topics", "every topic: partitions, records, what is archived")
    topics.add_argument("--run", type=Path, help="a run's directory (default: what is up)")
    flow = _command(commands, "flow", "run one flow of a run in this process")
    flow.add_argument("name", help=", ".join(PAPER.names))
    flow.add_argument("--run", type=Path, help="the run's directory (default: what is up)")
    flow.add_argument("--shards", help="A-B: the shards of flow signals to run here")
    _command(commands, "doctor", "what this machine has, and what each lack costs")
    _command(commands, "version", "versions of the program and of what it stands on")


def _add_data(commands: Any) -> None:
    db = _command(commands, "db", "the database: upgrade, status, seed, backup, restore")
    db.add_argument("action", choices=("upgrade", "status", "seed", "backup", "restore"))
    db.add_argument("file", nargs="?", type=Path, help="of a backup")
    db.add_argument("--schema", default="run_live", help="of a run (default: run_live)")
    archive = _command(commands, "archive", "the archive: ls, verify, export, import")
    archive.add_argument("action", choices=("ls", "verify", "export", "import"))
    archive.add_argument("file", nargs="?", type=Path, help="a bundle to write or to take in")
    archive.add_argument("--run", default="", help="a run's name (default: the newest)")


def _add_replay(commands: Any) -> None:
    replay = _command(commands, "replay", "make archived days again; needs no running stack")
    _of_a_run(replay)
    replay.add_argument("--verify", action="store_true", help="print each day's certificate")
    replay.add_argument("--from-start", action="store_true",
                        help="begin at the first record, not at the kept states")  # fmt: skip
    replay.add_argument("--block", type=int, default=0, help="events per block; changes nothing")
    replay.add_argument("--against-backtest", action="store_true",
                        help="list executions that differ from a backtest's")  # fmt: skip
    replay.add_argument("--set", action="append", default=[], metavar="GROUP.NAME=VALUE",
                        help="what if, such as strategies.momentum.weight=0")  # fmt: skip
    replay.add_argument("--without-article", action="append", default=[], metavar="ID")
    replay.add_argument("--without-source", action="append", default=[], metavar="NAME")
    replay.add_argument("--delay-news", default="", metavar="5m", help="all news comes later")
    replay.add_argument("--limit", type=int, default=20, help="orders to list; 0: all")
    causality = _command(commands, "causality", "look for anything that knew of the future")
    _of_a_run(causality)
    causality.add_argument("--samples", type=int, default=20, help="cuts to make")
    explain = _command(commands, "explain", "why, and why not, with every number")
    explain.add_argument("what", help="id of an order, decision or signal; or AAPL@DAYTHH:MM")
    _of_a_run(explain, day=False)


def _add_backtest(commands: Any) -> None:
    backtest = _command(commands, "backtest", "run bars and news through the operators")
    _of_a_backtest(backtest)
    backtest.add_argument("--preset", choices=("job-v1",), help="the common job of benchmarks")
    backtest.add_argument("--report", type=Path, metavar="OUT.html", help="write a tear sheet")
    backtest.add_argument("--schema", default="run_live", help="of TIDEWIRE_DATABASE_URL")
    backtest.add_argument("--json", action="store_true", help="one JSON line")


def _add_sweep(commands: Any) -> None:
    sweep = _command(commands, "sweep", "many backtests of one input, on all cores")
    _of_a_backtest(sweep)
    sweep.set_defaults(preset="", commission="")
    sweep.add_argument("--over", action="append", default=[], metavar="GROUP.NAME=A,B or A:B:STEP",
                       help="a parameter and its values; weights.NAME is one too")  # fmt: skip
    sweep.add_argument("--random", type=int, default=0, metavar="N", help="draw N combinations")
    sweep.add_argument("--seed", type=int, default=1, help="of the draw")
    sweep.add_argument("--by", default="sharpe", help="figure to rank by",
                       choices=("sharpe", "sortino", "calmar", "total_return", "annual_return",
                                "max_drawdown"))  # fmt: skip
    sweep.add_argument("--walk-forward", default="", metavar="TRAIN:TEST", help="in sessions")
    sweep.add_argument("--jobs", type=int, default=0, help="processes (default: one per core)")
    sweep.add_argument("--limit", type=int, default=20, help="runs to list; 0: all")
    sweep.add_argument("--json", action="store_true", help="one JSON line")


def _of_a_backtest(command: argparse.ArgumentParser) -> None:
    command.add_argument("--bars", type=Path, help="Parquet or CSV file of bars")
    command.add_argument("--news", type=Path, help="JSON Lines file of articles, .gz or plain")
    command.add_argument("--from-archive", default="", metavar="DAY or DAY..DAY",
                         help="a recorded day again, or some days as input")  # fmt: skip
    command.add_argument("--run", default="", help="a run's name, for --from-archive")
    command.add_argument("--from-database", default="", metavar="SCHEMA",
                         help="bars and scores stored by a run, such as run_live")  # fmt: skip
    command.add_argument("--interval", choices=sorted(INTERVALS), default="1m", help="of a bar")
    command.add_argument("--from", dest="first", default="", metavar="DAY", help="first day")
    command.add_argument("--to", dest="last", default="", metavar="DAY", help="day after the last")
    command.add_argument("--warm-up", type=int, default=0, metavar="DAYS",
                         help="days before --from that warm indicators up")  # fmt: skip
    command.add_argument("--capital", type=int, default=0, help="dollars (default: the setting)")
    command.add_argument("--weights", default="", metavar="NAME=W,...",
                         help="of strategies (default: a third each)")  # fmt: skip
    command.add_argument("--strategy", action="append", default=[], metavar="FILE.py:CLASS",
                         help="one of your own, besides the built-in ones")  # fmt: skip
    command.add_argument("--set", action="append", default=[], metavar="GROUP.NAME=VALUE",
                         help="any operator parameter")  # fmt: skip
    command.add_argument("--fill", choices=("close", "next_open"), help="the fill model")
    command.add_argument("--slippage-bps", type=int, help="against every order")
    command.add_argument("--commission", choices=("none", "alpaca"), default="",
                         help="instead of the settings")  # fmt: skip
    command.add_argument("--splits", choices=("refuse", "adjust", "keep"), default="refuse")
    command.add_argument("--benchmark", default="", metavar="TICKER", help="default: SPY")


def _of_a_run(command: argparse.ArgumentParser, *, day: bool = True) -> None:
    command.add_argument("--run", default="", help="a run's name (default: the last)")
    command.add_argument("--json", action="store_true", help="JSON instead of text")
    if day:
        command.add_argument("--day", default="", help="session day, YYYY-MM-DD")


def _command(commands: Any, name: str, what: str) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what)
    added.add_argument("--home", help="directory of all state (default: the setting)")
    return added


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = _parse(arguments)
    try:
        return ACTIONS[options.command](options)
    except KeyboardInterrupt:
        sys.stderr.write("tidewire: stopped\n")
        return 130
    except TidewireError as error:
        sys.stderr.write(f"tidewire: {error}\n")
        return 2


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; a file may also stand behind options, which argparse forgets."""
    top = parser()
    options, rest = top.parse_known_args(arguments)
    if rest and getattr(options, "file", rest) is None and not rest[0].startswith("-"):
        options.file = Path(rest.pop(0))
    if rest:
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    return options


# Imports stand inside: a flow's process needs neither servers nor supervisor.


def _flow(options: argparse.Namespace) -> int:
    from stack.commands.flow import run_flow

    directory = options.run
    if directory is None:
        from stack.runtime.live import running

        there = running(_home(options))
        if there is None:
            reason = "No run is up: name a run's directory with --run."
            raise StackError(reason)
        directory = Path(there["directory"])
    run_flow(options.name, directory, options.shards)
    return 0


def _up(options: argparse.Namespace) -> int:
    from connectors.settings import load_settings
    from stack.runtime.live import RUN_NAME, serve, start

    if not RUN_NAME.fullmatch(options.run):
        reason = f"--run {options.run}: use up to 30 lower-case letters, digits and underscores."
        raise StackError(reason)
    settings = load_settings()
    if options.foreground:
        return serve(_home(options), settings, options.run)
    there = start(_home(options), options.run)
    sys.stdout.write(
        f"run {there['run']} is up: Kafka at {there['bootstrap']}, topics {there['prefix']}*, "
        f"schema {there['schema']}\n`tidewire status` shows its flows, `tidewire down` stops it\n"
    )
    return 0


def _down(options: argparse.Namespace) -> int:
    from stack.runtime.live import stop

    sys.stdout.write(f"run {stop(_home(options))} is down; `tidewire up` goes on with it\n")
    return 0


def _look(options: argparse.Namespace) -> int:
    from stack.commands.status import run_doctor, run_status, run_topics, run_version

    code = 0
    if options.command == "status":
        text, code = run_status(_home(options), as_json=options.json)
    elif options.command == "topics":
        text = run_topics(_home(options), options.run)
    elif options.command == "doctor":
        text, code = run_doctor(_home_path(options))
    else:
        text = run_version()
    sys.stdout.write(text + "\n")
    return code


def _db(options: argparse.Namespace) -> int:
    from connectors.settings import load_settings
    from stack.commands.db import run_db

    said = run_db(_home(options), load_settings(), options.action, options.schema, options.file)
    sys.stdout.write(said + "\n")
    return 0


def _archive(options: argparse.Namespace) -> int:
    from stack.commands.archive import run_archive

    said = run_archive(_home(options), options.action, options.run, options.file)
    sys.stdout.write(said + "\n")
    return 0


def _replay(options: argparse.Namespace) -> int:
    from stack.commands.replay import run_causality, run_explain, run_replay

    act = {"replay": run_replay, "causality": run_causality, "explain": run_explain}
    said, code = act[options.command](options)
    sys.stdout.write(said + "\n")
    return code


def _backtest(options: argparse.Namespace) -> int:
    if options.command == "sweep":
        from stack.commands.sweep import run_command
    else:
        from stack.commands.backtest import run_command
    said, code = run_command(options)
    sys.stdout.write(said + "\n")
    return code


def _home_path(options: argparse.Namespace) -> Path:
    from connectors.settings import load_settings

    return Path(options.home or load_settings().home)


def _home(options: argparse.Namespace) -> Any:
    from stack.home import Home

    return Home(_home_path(options))


def _demo(options: argparse.Namespace) -> int:
    from connectors.settings import load_settings
    from stack.home import Home
    from stack.runtime.demo import DemoOptions, run_demo
    from stack.servers.memory_broker import PARTITIONS
    from stack.servers.services import Services

    settings = load_settings()
    shards = settings.partitions if options.shards is None else options.shards
    if not 1 <= shards <= 64:
        reason = f"--shards {shards}: use 1 to 64."
        raise StackError(reason)
    in_memory = options.broker == "memory"
    if in_memory and (options.check or shards > PARTITIONS):
        reason = (
            f"--broker memory keeps nothing and has {PARTITIONS} partitions: leave out --check and "
            f"use up to {PARTITIONS} shards, or use --broker kafka."
        )
        raise StackError(reason)
    if options.pace < 0:
        reason = f"--pace {options.pace}: use bars per second, or 0 for no limit."
        raise StackError(reason)
    signal.signal(signal.SIGTERM, _interrupt)
    services = Services(Home(Path(options.home or settings.home)), settings, in_memory=in_memory)
    wanted = DemoOptions(
        options.bars, options.news, options.interval, shards, options.no_news,
        options.check, options.seed, options.pace,
    )  # fmt: skip
    return run_demo(settings, services, wanted)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "demo": _demo,
    "up": _up,
    "down": _down,
    "status": _look,
    "topics": _look,
    "doctor": _look,
    "version": _look,
    "flow": _flow,
    "db": _db,
    "archive": _archive,
    "replay": _replay,
    "causality": _replay,
    "explain": _replay,
    "backtest": _backtest,
    "sweep": _backtest,
    **NEWS_ACTIONS,
}

if __name__ == "__main__":
    sys.exit(main())
