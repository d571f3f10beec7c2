"""`tidewire down`: stop what `tidewire up` started."""

import argparse
import sys

from stack.commands.options import home_of
from stack.runtime.live import stop


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: there are no options."""


def run(options: argparse.Namespace) -> int:
    """Stop the live run; its next `up` goes on where it was.

    Raises:
        StackError: nothing is up.
    """
    sys.stdout.write(f"run {stop(home_of(options))} is down; `tidewire up` goes on with it\n")
    return 0
