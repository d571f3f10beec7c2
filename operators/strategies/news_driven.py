"""News-driven: strong and confident news points the way until it fades."""

from messages.trading import SentimentContext
from operators.params import NewsDrivenParams


def opinion(context: SentimentContext, params: NewsDrivenParams) -> float:
    """Return the signed strength: |decayed mean| x confidence beyond the threshold, else 0."""
    if context.confidence <= params.min_confidence:
        return 0.0
    if abs(context.decayed_mean) <= params.threshold:
        return 0.0
    return context.decayed_mean * context.confidence
