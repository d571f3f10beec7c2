"""The command line: `tidewire COMMAND`; errors a person meets are one sentence, exit code 2."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

from connectors.version import VERSION
from messages.errors import TidewireError
from stack.caches import place_compiled_code
from stack.errors import shown
from stack.libpq import set_libpq_aside

COMMANDS: Final = {
    "demo": "play a market through the whole system",
    "up": "start servers and flows in the background",
    "down": "stop what `up` started",
    "status": "how every flow is",
    "topics": "every topic: partitions, records, what is archived",
    "kafka": "`kafka config`: how a client of your own reaches the broker",
    "flow": "run one flow of a run in this process",
    "doctor": "what this machine has, and what each lack costs",
    "version": "versions of the program and of what it stands on",
    "db": "the database: upgrade, status, seed, backup, restore",
    "archive": "the archive: ls, verify, export, import",
    "runs": "the runs of this home; `runs rm NAME` removes one that is over",
    "replay": "make archived days again; needs no running stack",
    "learning": "`learning show | verify | undo OUTCOME`: the strategies' weights and why",
    "causality": "look for anything that knew of the future",
    "explain": "why, and why not, with every number",
    "backtest": "run bars and news through the operators",
    "sweep": "many backtests of one input, on all cores",
    "feeds": "how the feeds are; `feeds check [URL]` tries them",
    "score": "score a file of articles, one JSON line each",
    "models": "which models are there; `models pull NAME` fetches one",
    "rescore": "score archived articles again; what would change",
    "delays": "from publication to order, hop by hop",
    "api": "serve the API of what is up in this process; `up` and `demo` do by themselves",
    "access": "`access link`: a link that signs you in once",
    "account": "cash, equity, the day's profit, and what may be traded",
    "positions": "what is held, with stops and targets",
    "orders": "orders, the newest first; --open: those that wait",
    "trades": "fills and other ends of orders, the newest first",
    "decisions": "what was decided and why, the newest first; --denied: why not",
    "pause": "enter nothing new until `resume`",
    "resume": "trade again after pause, reduce, halt or flatten",
    "reduce": "enter nothing, and take back entries that wait",
    "halt": "stop all but stops, targets and closes",
    "flatten": "close every position, then halt",
    "close": "close one position",
    "stand-in": "a stand-in for Alpaca on this machine, to trade against without an account",
}


PIPE_CLOSED: Final = 141  # as a shell says of a program that SIGPIPE ends


def module_of(command: str) -> ModuleType:
    """Return a command's module: `add_arguments(parser)` and `run(options)`, the exit code."""
    return import_module(f"stack.commands.{command.replace('-', '_')}")


def parser(*commands: str) -> argparse.ArgumentParser:
    """Return the parser of every command.

    Args:
        commands: those whose options are added, and whose modules are imported; none: all of them.
    """
    top = argparse.ArgumentParser(prog="tidewire", description=__doc__)
    top.add_argument("--version", action="version", version=f"tidewire {VERSION}")
    rows = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in COMMANDS.items():
        added = rows.add_parser(name, help=what, description=what)
        if name in (commands or COMMANDS):
            added.add_argument("--home", help="directory of all state (default: the setting)")
            module_of(name).add_arguments(added)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    place_compiled_code()
    set_libpq_aside()
    try:
        options = _parse(sys.argv[1:] if arguments is None else arguments)
        code = int(module_of(options.command).run(options))
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("tidewire: stopped\n")
        return 130
    except BrokenPipeError:  # whoever reads has seen enough: `tidewire trades | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except TidewireError as error:
        sys.stderr.write(f"tidewire: {shown(str(error))}\n")
        return 2
    return code


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; a file may also stand behind options, which argparse forgets."""
    top = parser(next((a for a in arguments if not a.startswith("-")), "none"))
    options, rest = top.parse_known_args(arguments)
    if rest and getattr(options, "file", rest) is None and not rest[0].startswith("-"):
        options.file = Path(rest.pop(0))
    if rest:
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
