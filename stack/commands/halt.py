"""`tidewire halt`: stop all but stops, targets and closes."""

import argparse

from stack.commands.controls import add_arguments, obey

__all__ = ["add_arguments", "run"]


def run(options: argparse.Namespace) -> int:
    """Command it; returns 1 where it did not come to its end.

    Raises:
        StackError: nothing is up, or the run has ended.
        BrokerUnavailable: the broker does not take it.
    """
    return obey(options, "halt")
