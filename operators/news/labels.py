"""What a score means in a word: the same thresholds for every tier.

positive: score >= 0.25; negative: score <= -0.25; neutral in between.
"""

from typing import Final, Literal

Label = Literal["positive", "negative", "neutral"]
THRESHOLD: Final = 0.25


def label_of(score: float) -> Label:
    """Return the label of a score in -1..1.

    >>> label_of(0.25), label_of(-0.31), label_of(0.0)
    ('positive', 'negative', 'neutral')
    """
    if score >= THRESHOLD:
        return "positive"
    return "negative" if score <= -THRESHOLD else "neutral"
