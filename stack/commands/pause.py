"""`tidewire pause`: enter nothing new until `resume`; exits go on."""

import argparse

from stack.commands.controls import add_arguments, obey

__all__ = ["add_arguments", "run"]


def run(options: argparse.Namespace) -> int:
    """Command it; returns 1 where it did not come to its end.

    Raises:
        StackError: nothing is up, or the run has ended.
        BrokerUnavailable: the broker does not take it.
    """
    return obey(options, "pause")
