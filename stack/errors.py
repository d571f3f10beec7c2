"""Errors of running the system; each says in one sentence what is wrong and what to do."""

from messages.errors import TidewireError


class StackError(TidewireError):
    """Something outside the program stops it.

    The command line prints the message alone, without a traceback, and exits with 2.

    Operator action: see the message.
    """


class MissingTool(StackError):
    """A program that the stack needs is not installed.

    Operator action: install it; the message names it.
    """


class CannotStart(StackError):
    """A server or a flow did not come up.

    Operator action: correct what its last log line, quoted in the message, says; start again.
    """


def shown(text: str) -> str:
    r"""Return a text as a terminal may have it: what would move it is written as an escape.

    >>> shown("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text
    )
