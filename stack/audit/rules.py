"""What a rule of the audit says when it is broken."""

from collections.abc import Iterable

from messages.errors import TidewireError


class NotAccounted(TidewireError):
    """Something does not add up; the message names the rule and the first id."""


def require(holds: bool, rule: str, first: str) -> None:
    """Hold a rule against one thing.

    Raises:
        NotAccounted: it does not hold.
    """
    if not holds:
        message = f"{rule}: {first}"
        raise NotAccounted(message)


def none(ids: Iterable[str], rule: str) -> None:
    """See that nothing breaks a rule.

    Raises:
        NotAccounted: there are ids; the first is named.
    """
    for first in sorted(ids):
        require(False, rule, first)
