"""How patient the order machine is."""

from dataclasses import dataclass

from messages.units import DAY_US, MINUTE_US, SECOND_US


@dataclass(frozen=True, slots=True)
class Timings:
    """When the machine goes on by itself, microseconds.

    Attributes:
        back_off: before an order is gone on with that nothing came of: the first time, the second,
            and so on; the last holds from then on.
        settled: after it a request that was sent is there, or lost for good.
        look_again: between two reconciliations while something does not fit.
        looks: reconciliations in a row that differ, before it is called a drift; a number.
        look_back: of a reconciliation, beyond what is known: for clocks that differ.
        remembered: orders that have ended are, for what comes late of them.
    """

    back_off: tuple[int, ...] = (
        SECOND_US, 2 * SECOND_US, 5 * SECOND_US, 15 * SECOND_US, 30 * SECOND_US,
    )  # fmt: skip
    settled: int = 30 * SECOND_US
    look_again: int = 2 * SECOND_US
    looks: int = 3
    look_back: int = 10 * MINUTE_US
    remembered: int = 7 * DAY_US
