"""Errors a person meets; each says in one sentence what is wrong and what to do."""


class StackError(Exception):
    """Something outside the program stops it; the message ends with what to do.

    The command line prints the message alone, without a traceback, and exits with 2.
    """


class MissingTool(StackError):
    """A program that the stack needs is not installed."""


class CannotStart(StackError):
    """A server or a flow did not come up; the message quotes its last words."""
