"""What a broker holds beside what follows from the fills that it told."""

from collections.abc import Mapping
from decimal import Decimal

from messages.broker import Difference

NONE = Decimal(0)
Shares = dict[str, Decimal]  # ticker -> signed; a fraction is possible


def unexplained(there: Mapping[str, Decimal], held: Mapping[str, int]) -> Shares:
    """Return what is there beyond our own fills.

    >>> unexplained({"AAA": Decimal(7), "BBB": Decimal(2)}, {"BBB": 2, "CCC": 1})
    {'AAA': Decimal('7'), 'CCC': Decimal('-1')}
    """
    rest = {t: there.get(t, NONE) - held.get(t, 0) for t in {*there, *held}}
    return {t: q for t, q in sorted(rest.items()) if q}


def differences(
    before: Mapping[str, Decimal], held: Mapping[str, int], there: Mapping[str, Decimal]
) -> list[Difference]:
    """Return where other shares are there than were before our fills, and came by them."""
    expected = {t: before.get(t, NONE) + held.get(t, 0) for t in {*before, *held, *there}}
    return [
        Difference(t, wanted, there.get(t, NONE))
        for t, wanted in sorted(expected.items())
        if wanted != there.get(t, NONE)
    ]
