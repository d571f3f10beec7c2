"""The command line: `tidewire COMMAND`; errors a person meets are one sentence, exit code 2."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from connectors.runs import VERSION
from messages.market import INTERVALS
from stack.errors import StackError
from stack.flow_command import FLOWS, run_flow


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    top = argparse.ArgumentParser(prog="tidewire", description=__doc__)
    top.add_argument("--version", action="version", version=f"tidewire {VERSION}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="play a market through the whole system")
    demo.add_argument("--bars", type=Path, help="Parquet file of bars (default: simulated day)")
    demo.add_argument("--news", type=Path, help="JSON Lines file of articles, .gz or plain")
    demo.add_argument("--no-news", action="store_true", help="leave the news out")
    demo.add_argument("--interval", choices=sorted(INTERVALS), default="1m", help="length of a bar")
    demo.add_argument("--shards", type=int, default=1, help="partitions, 1-64 (default 1)")
    demo.add_argument("--pace", type=int, default=0, help="bars per second (default: no limit)")
    demo.add_argument("--seed", type=int, default=20_250_312, help="of the simulated day")
    demo.add_argument("--home", help="directory of all state")
    demo.add_argument("--check", action="store_true", help="end with one JSON line and exit")
    flow = commands.add_parser("flow", help="run one flow of a run in this process")
    flow.add_argument("name", help=", ".join(FLOWS))
    flow.add_argument("--run", type=Path, required=True, help="the run's directory")
    flow.add_argument("--shards", help="A-B: the shards of flow signals to run here")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = parser().parse_args(arguments)
    try:
        if options.command == "flow":
            run_flow(options.name, options.run, options.shards)
            return 0
        return _demo(options)
    except KeyboardInterrupt:
        sys.stderr.write("tidewire: stopped\n")
        return 130
    except Exception as error:
        if not isinstance(error, (StackError, *_expected())):
            raise
        sys.stderr.write(f"tidewire: {error}\n")
        return 2


def _demo(options: argparse.Namespace) -> int:
    # Imported here: a flow's process needs neither servers nor supervisor.
    from connectors.settings import load_settings
    from stack.demo import DemoOptions, run_demo
    from stack.home import Home
    from stack.services import Services

    if not 1 <= options.shards <= 64:
        reason = f"--shards {options.shards}: use 1 to 64."
        raise StackError(reason)
    if options.pace < 0:
        reason = f"--pace {options.pace}: use bars per second, or 0 for no limit."
        raise StackError(reason)
    signal.signal(signal.SIGTERM, _interrupt)
    settings = load_settings()
    services = Services(Home(Path(options.home or settings.home)), settings)
    wanted = DemoOptions(
        options.bars, options.news, options.interval, options.shards, options.no_news,
        options.check, options.seed, options.pace,
    )  # fmt: skip
    return run_demo(settings, services, wanted)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _expected() -> tuple[type[Exception], ...]:
    """Return the errors of lower layers that a person can act on."""
    from connectors.feed.recorded import InputUnusable
    from connectors.kafka.layout import BrokerUnavailable
    from connectors.settings import SettingsInvalid
    from connectors.storage.schema import DatabaseUnavailable, SchemaTooNew

    return InputUnusable, BrokerUnavailable, SettingsInvalid, DatabaseUnavailable, SchemaTooNew


if __name__ == "__main__":
    sys.exit(main())
