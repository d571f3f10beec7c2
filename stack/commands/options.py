"""Options that several commands share."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from connectors.settings import load_settings
from stack.errors import StackError
from stack.home import MIN_FREE_BYTES, Home


def add_run(parser: argparse.ArgumentParser, *, day: bool = True) -> None:
    """Add what names an archived run, and a day of it."""
    parser.add_argument("--run", default="", help="a run's name (default: the last)")
    parser.add_argument("--json", action="store_true", help="JSON instead of text")
    add_run_strategies(parser)
    if day:
        parser.add_argument("--day", default="", help="session day, YYYY-MM-DD")


def add_run_strategies(parser: argparse.ArgumentParser) -> None:
    """Add what lets an archive's strategies run: whoever wrote it may have named any program."""
    parser.add_argument(
        "--run-strategies", action="store_true",
        help="let strategies of your own that the archive names run, if the settings name them too",
    )  # fmt: skip


def add_as_child(parser: argparse.ArgumentParser) -> None:
    """Add what the API starts a command with: progress as lines, and an end with the starter's."""
    parser.add_argument("--as-child", type=int, default=0, metavar="PID", help=argparse.SUPPRESS)


def add_keep_in(parser: argparse.ArgumentParser) -> None:
    """Add the run, by its directory, whose database takes the result; the API names its own."""
    parser.add_argument("--keep-in", type=Path, metavar="RUN", help=argparse.SUPPRESS)


def home_of(options: argparse.Namespace) -> Home:
    """Return the home that a command line names, or the setting's, whatever room is in it.

    Raises:
        StackError: it cannot be made.
    """
    return Home(home_path(options))


def home_to_fill(options: argparse.Namespace) -> Home:
    """Return that home for a command that starts servers in it.

    Raises:
        StackError: it cannot be written, or the disk is nearly full.
    """
    return Home(home_path(options), MIN_FREE_BYTES)


def home_path(options: argparse.Namespace) -> Path:
    """Return the directory of that home, which need not exist."""
    return Path(options.home or load_settings().home)


def at_least(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return what reads a whole number that is no smaller than one, and no larger than another."""
    allowed = f"of at least {least}" if most is None else f"from {least} to {most}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            reason = f"{text}: use a whole number {allowed}"
            raise argparse.ArgumentTypeError(reason)
        return number

    return read


def writable(option: str, file: Path) -> Path:
    """Return a file that a command is to write, before the work that fills it is done.

    Raises:
        StackError: it is a directory, or lies where nothing can be written.
    """
    if file.is_dir():
        reason = f"{option} {file} is a directory: name a file in it."
        raise StackError(reason)
    if not file.parent.is_dir():
        reason = f"{option} {file}: there is no directory {file.parent}; make it first."
        raise StackError(reason)
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        reason = f"{option} {file} cannot be written: name another file."
        raise StackError(reason)
    return file
