"""Faults of the updates of orders: each takes frames and gives frames, so that they are chained."""

from dataclasses import dataclass, replace
from typing import Any, Final

from connectors.broker.stand_in.faults import Faults

LATEST_S: Final = 1.0
UNKNOWN_EVENT: Final = "reviewed_by_desk"
UNKNOWN_STATUS: Final = "pending_audit"


@dataclass(frozen=True, slots=True)
class Frame:
    """What is to be sent, and how.

    Attributes:
        body: of the frame; None only ends the connection.
        wait_s: seconds that it and all behind it are held back.
        overtaken: it is sent after the next one.
        cut: the connection ends with it.
    """

    body: Any
    wait_s: float = 0.0
    overtaken: bool = False
    cut: bool = False


def with_faults(body: dict[str, Any], faults: Faults) -> list[Frame]:
    """Return the frames that an update becomes."""
    frames = [Frame(body)]
    for change in (unknown_words, duplicates, reordering, delays, disconnects):
        frames = [after for frame in frames for after in change(frame, faults)]
    return frames


def unknown_words(frame: Frame, faults: Faults) -> list[Frame]:
    """Put a word that nobody knows in: a status, or an event of its own before this one."""
    number = faults.strikes("unknown_words", _name(frame))
    if number is None:
        return [frame]
    data = frame.body["data"]
    if faults.draw("unknown_words", number, "where") < 1 / 2:
        odd = {**data, "order": {**data["order"], "status": UNKNOWN_STATUS}}
        return [replace(frame, body={**frame.body, "data": odd})]
    kept = {k: v for k, v in data.items() if k not in ("price", "qty", "position_qty")}
    extra = {**kept, "event": UNKNOWN_EVENT, "execution_id": data["execution_id"]}
    return [Frame({**frame.body, "data": extra}), frame]


def duplicates(frame: Frame, faults: Faults) -> list[Frame]:
    """Say it twice."""
    return [frame, frame] if faults.strikes("duplicates", _name(frame)) is not None else [frame]


def reordering(frame: Frame, faults: Faults) -> list[Frame]:
    """Let the next one overtake it."""
    return [replace(frame, overtaken=faults.strikes("reordering", _name(frame)) is not None)]


def delays(frame: Frame, faults: Faults) -> list[Frame]:
    """Hold it back, up to a second."""
    number = faults.strikes("delays", _name(frame))
    if number is None:
        return [frame]
    return [replace(frame, wait_s=LATEST_S * faults.draw("delays", number, "how long"))]


def disconnects(frame: Frame, faults: Faults) -> list[Frame]:
    """Cut the stream, before it or after it."""
    number = faults.strikes("disconnects", _name(frame))
    if number is None:
        return [frame]
    if faults.draw("disconnects", number, "when") < 1 / 2:
        return [replace(frame, body=None, cut=True)]
    return [replace(frame, cut=True)]


def _name(frame: Frame) -> str:
    data = frame.body["data"]
    return f"{data['event']} of {data['order']['client_order_id']}"
