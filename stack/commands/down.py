"""`tidewire down`: stop what `tidewire up` started."""

import argparse
import sys

from stack.commands.options import home_of
from stack.runtime.live import AT_A_STAND_IN, LIVE, stop


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: there are no options."""


def run(options: argparse.Namespace) -> int:
    """Stop the live run; its next `up` goes on where it was.

    Raises:
        StackError: nothing is up.
    """
    name = stop(home_of(options))
    again = f"tidewire up --run {name}" if name != LIVE else "tidewire up"
    then = f"`{again}` goes on with it"
    if name.startswith(AT_A_STAND_IN):
        then = "its stand-in forgets it: `tidewire up --stand-in` begins another"
    sys.stdout.write(f"run {name} is down; {then}\n")
    return 0
