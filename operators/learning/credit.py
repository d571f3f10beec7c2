"""Credit: how the profit of a trade is shared over the strategies behind its entry."""

from collections.abc import Sequence

UNATTRIBUTED = "unattributed"


def credit_shares(backing: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return each strategy's share, in order; the shares sum to 1.

    Args:
        backing: (strategy, weight x strength) of those that voted the entry's way.

    Returns:
        `unattributed` with all of it, where nobody did.
    """
    strong = [(strategy, part) for strategy, part in backing if part > 0.0]
    total = sum(part for _, part in strong)
    if not strong:
        return [(UNATTRIBUTED, 1.0)]
    return [(strategy, min(1.0, part / total)) for strategy, part in strong]


def split_profit(profit: int, backing: Sequence[tuple[str, float]]) -> list[int]:
    """Return each share of a profit in whole units, in the order of `credit_shares`.

    Each is rounded to the nearest unit; the last takes the rest, so that they add up exactly.
    """
    strong = [part for _, part in backing if part > 0.0]
    if not strong:
        return [profit]
    total = sum(strong)
    parts = [round(profit * part / total) for part in strong]
    parts[-1] = profit - sum(parts[:-1])
    return parts
