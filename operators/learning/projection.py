"""The nearest weights that keep the guardrails: a projection, in whole numbers.

Given proposed weights p, bounds l <= u and a sum S that they can reach, the weights nearest to p in
Euclidean distance are clip(p - t, l, u) for the one t that makes them sum to S. (The projection on
a simplex, with bounds: Held, Wolfe and Crowder, 1974.) In whole numbers the t that comes nearest
leaves less than one unit per weight to give back, which is taken from the first that can give.
"""

from collections.abc import Sequence


def project(
    proposed: Sequence[int], low: Sequence[int], high: Sequence[int], total: int
) -> list[int]:
    """Return the weights nearest to the proposed ones within their bounds, with a given sum.

    Raises:
        ValueError: no weights within the bounds have that sum.
    """
    if not sum(low) <= total <= sum(high):
        reason = f"no weights from {sum(low)} to {sum(high)} in all sum to {total}"
        raise ValueError(reason)
    bounds = list(zip(proposed, low, high, strict=True))

    def shifted(t: int) -> list[int]:
        return [min(max(p - t, least), most) for p, least, most in bounds]

    below = min(p - most for p, _, most in bounds)  # all at their upper bounds
    above = max(p - least for p, least, _ in bounds)  # all at their lower bounds
    while above - below > 1:
        middle = (below + above) // 2
        if sum(shifted(middle)) >= total:
            below = middle
        else:
            above = middle
    found, lower = shifted(below), shifted(above)
    rest = sum(found) - total
    for n, least in enumerate(lower):
        if rest and found[n] > least:
            found[n] -= 1
            rest -= 1
    return found
