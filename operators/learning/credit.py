"""Credit: how the profit of a trade is shared over the strategies that voted on its entry.

A strategy's part of the entry's score is weight x strength, positive where it voted the entry's
way and negative where it voted against it. Its share of the credit is its part over the sum of all
parts, so that the shares sum to 1, and one that voted against a loss is credited for it.
"""

from collections.abc import Sequence
from typing import Final

from messages.learning import LARGEST_SHARE

UNATTRIBUTED: Final = "unattributed"
# Where the parts nearly cancel, shares of their sum would be huge: their sizes decide.
NEARLY: Final = 1 / LARGEST_SHARE
Parts = Sequence[tuple[str, float]]


def credit_shares(parts: Parts) -> list[tuple[str, float]]:
    """Return each strategy's share, in order; the shares sum to 1, each is within -10 .. 10.

    Args:
        parts: (strategy, signed part of the entry's score) of those that voted; positive the
            entry's way, which the sum is too.

    Returns:
        `unattributed` with all of it, where nobody voted.
    """
    voted = [vote for vote in parts if vote[1]]
    if len(voted) < 2:
        return [(voted[0][0] if voted else UNATTRIBUTED, 1.0)]
    total, size = sum(p for _, p in voted), sum(abs(p) for _, p in voted)
    if total < NEARLY * size:
        return [(strategy, abs(part) / size) for strategy, part in voted]
    return [
        (strategy, max(-LARGEST_SHARE, min(LARGEST_SHARE, part / total)))
        for strategy, part in voted
    ]


def split_profit(profit: int, shares: Sequence[tuple[str, float]]) -> list[int]:
    """Return each share of a profit in whole units, in the order of the shares.

    Each is rounded to the nearest unit; the last takes the rest, so that they add up exactly.
    """
    parts = [round(profit * share) for _, share in shares]
    parts[-1] = profit - sum(parts[:-1])
    return parts
