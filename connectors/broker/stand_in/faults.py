"""Faults on purpose: which there are, and when each strikes, by seed and number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Literal, get_args

from messages.errors import TidewireError

Kind = Literal[
    "accepted_504", "dropped", "html", "storms", "duplicates", "delays", "reordering",
    "disconnects", "unknown_words", "revisions", "split_fills", "late_cancels",
]  # fmt: skip
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
RATE: Final = 0.1
FaultNoted = Callable[[Kind, str], None]  # told each time that one strikes, and what it struck
WHAT: Final[Mapping[Kind, str]] = {
    "accepted_504": "a change is accepted, and answered with 504",
    "dropped": "a request is carried out, and its connection closed without an answer",
    "html": "a page of HTML with 502, before or after the request was carried out",
    "storms": "some requests in a row are answered with 429",
    "duplicates": "an update of an order is told twice",
    "delays": "an update of an order, and all behind it, come late",
    "reordering": "an update of an order comes after the next one",
    "disconnects": "a stream is cut, before or after an event",
    "unknown_words": "an update, or an answer, says a word that nobody knows",
    "revisions": "a bar is told again with other numbers",
    "split_fills": "a fill comes in parts, the last of them first",
    "late_cancels": "a cancel is confirmed only after the next bar, which may fill the order",
}


class FaultUnknown(TidewireError, ValueError):
    """A fault is named that there is none of. Operator action: see the message."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """When one kind of fault strikes: the same numbers on every machine.

    >>> FaultPlan(7, "duplicates", 1.0).strikes(3), FaultPlan(7, "duplicates", 0.0).strikes(3)
    (True, False)

    Attributes:
        rate: share of the numbers that it strikes, 0..1.
    """

    seed: int
    kind: Kind
    rate: float = RATE

    def strikes(self, number: int) -> bool:
        """Tell whether it strikes an event or request, by its number from 0."""
        return self.draw(number) < self.rate

    def draw(self, number: int, what: str = "") -> float:
        """Return a number in [0, 1) that belongs to an event or request, and to a question."""
        text = f"{self.seed}/{self.kind}/{number}/{what}"
        return int.from_bytes(blake2b(text.encode(), digest_size=6).digest()) / 2**48


@dataclass(slots=True)
class Fault:
    """A plan at work: it counts what comes by, and says what it strikes.

    Attributes:
        noted: told of each strike.
    """

    plan: FaultPlan
    noted: FaultNoted
    _next: int = field(default=0)

    def strikes(self, what: str) -> int | None:
        """Count one more, and return its number if it is struck; `what` is noted."""
        number, self._next = self._next, self._next + 1
        if not self.plan.strikes(number):
            return None
        self.noted(self.plan.kind, what)
        return number


class Faults:
    """The faults of one server, each with its own count.

    A kind that is not planned never strikes.
    """

    def __init__(self, plans: Mapping[Kind, FaultPlan], noted: FaultNoted) -> None:
        """Take the plans, and who is told of each strike."""
        self._noted = noted
        self._faults: dict[Kind, Fault] = {}
        self.plan(plans)

    def plan(self, plans: Mapping[Kind, FaultPlan]) -> None:
        """Take other plans from now on; each begins to count anew."""
        self._faults = {kind: Fault(plan, self._noted) for kind, plan in plans.items()}

    def strikes(self, kind: Kind, what: str = "") -> int | None:
        """Count one more event for a kind, and return its number if it is struck."""
        found = self._faults.get(kind)
        return None if found is None else found.strikes(what)

    def draw(self, kind: Kind, number: int, what: str = "") -> float:
        """Return a number in [0, 1) that belongs to a strike and a question."""
        return self._faults[kind].plan.draw(number, what)


def plans_of(text: str, seed: int) -> dict[Kind, FaultPlan]:
    """Read which faults are wanted: `all`, or names with rates, as `dropped:0.2,html`.

    Raises:
        FaultUnknown: there is no such fault, or a rate is not from 0 to 1.
    """
    found: dict[Kind, FaultPlan] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, rate = part.partition(":")
        kinds = [kind for kind in KINDS if name in ("all", kind)]
        try:
            share = float(rate) if rate else RATE
        except ValueError:
            share = -1.0
        if not kinds or not 0 <= share <= 1:
            reason = f"--faults {part}: use `all` or NAME[:RATE], 0 to 1, of {', '.join(KINDS)}."
            raise FaultUnknown(reason)
        found |= {kind: FaultPlan(seed, kind, share) for kind in kinds}
    return found
