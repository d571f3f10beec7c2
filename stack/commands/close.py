"""`tidewire close TICKER`: close one position."""

import argparse

from stack.commands import controls
from stack.commands.listings import ticker


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("ticker", type=ticker, help="whose position to close")
    controls.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Close the position; returns 1 where it is not closed.

    Raises:
        StackError: nothing is up, or the run has ended.
        BrokerUnavailable: the broker does not take it.
    """
    return controls.obey(options, "close_position", options.ticker)
