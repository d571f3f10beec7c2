"""What each ticker is worth: its last price before a moment."""

from collections.abc import Iterable
from decimal import Decimal

from stack.audit.topic_reader import TopicRecord


def marks_of(
    bars: Iterable[TopicRecord], fills: Iterable[TopicRecord], until: int
) -> dict[str, Decimal]:
    """Return ticker -> dollars a share.

    That is the last close (of first versions only, in order of their start), or the price of a
    fill since then.

    Args:
        bars: as they lie in their topic.
        fills: executions that move the price; none on paper, which fills at a bar's price.
        until: what comes at this stamp or later does not count.
    """
    known = [(r.stamp, 1, r.partition, r.offset, r.body) for r in bars]
    known += [(r.stamp, 0, r.partition, r.offset, r.body) for r in fills]
    starts: dict[str, str] = {}
    last: dict[str, Decimal] = {}
    for stamp, is_bar, *_, body in sorted(known, key=lambda k: k[:4]):
        ticker = body["ticker"]
        if stamp >= until:
            break
        if not is_bar:
            if body["price"] is not None:
                last[ticker] = Decimal(str(body["price"]))
        elif not body.get("revision") and body["start"] > starts.get(ticker, ""):
            starts[ticker], last[ticker] = body["start"], Decimal(str(body["close"]))
    return last
