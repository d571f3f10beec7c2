"""Messages that were read and that an operator refuses, as dead letters."""

from messages.base import Message, make_id
from messages.codec import encode
from messages.control import DeadLetter
from messages.units import to_datetime


def refusal(
    message: Message, topic: str, stamp: int, reason: str, detail: str, nth: int = 0
) -> DeadLetter:
    """Write down a message that no operator uses.

    Args:
        message: as it was read.
        topic: that it was read from.
        stamp: when; microseconds, or NO_STAMP.
        reason: a code.
        detail: in words.
        nth: tells refusals of the same message at one stamp apart.
    """
    payload = encode(message)
    return DeadLetter(
        id=make_id("dlq", message.id, reason, stamp, nth),
        causes=(message.id,),
        event_time=to_datetime(max(stamp, 0)),
        reason=reason,
        detail=detail,
        topic=topic,
        partition=-1,
        offset=-1,
        payload=payload,
        size=len(payload),
    )
