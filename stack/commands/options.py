"""Options that several commands share."""

import argparse
from pathlib import Path

from connectors.settings import load_settings
from stack.home import Home


def add_run(parser: argparse.ArgumentParser, *, day: bool = True) -> None:
    """Add what names an archived run, and a day of it."""
    parser.add_argument("--run", default="", help="a run's name (default: the last)")
    parser.add_argument("--json", action="store_true", help="JSON instead of text")
    if day:
        parser.add_argument("--day", default="", help="session day, YYYY-MM-DD")


def home_of(options: argparse.Namespace) -> Home:
    """Return the home that a command line names, or the setting's.

    Raises:
        StackError: it cannot be written, or the disk is nearly full.
    """
    return Home(home_path(options))


def home_path(options: argparse.Namespace) -> Path:
    """Return the directory of that home, which need not exist."""
    return Path(options.home or load_settings().home)
