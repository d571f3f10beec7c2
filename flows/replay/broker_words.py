"""What a broker said, in one line."""

from typing import Any, Final

SAID: Final = {
    "stream_up": "updates of orders are heard", "stream_down": "updates of orders are not heard",
    "reconciled": "everything it holds is accounted for",
    "adopted": "the account began anew with what it holds",
    "drift": "it holds something else than it told of",
}  # fmt: skip


def said(event: dict[str, Any]) -> str:
    """Return a broker event, as plain JSON has it, in one line."""
    if event["kind"] == "fill":
        text = (
            f"{event['side']} {event['qty']} {event['ticker']} at {event['price']:g}, commission "
            f"{event['commission']}, {event['status']}"
        )
    elif event["kind"] == "order":
        text = f"{event['side'] or ''} {event['ticker'] or ''} is {event['status']}".strip()
    else:
        text = SAID.get(event["kind"], event["kind"])
    if event.get("leg"):
        text = f"the {event['leg']} beside {event['leg_of']}: {text}"
    text = f"{event['broker']} said: {text}"
    if event["cash"] is not None:
        text += (
            f"; cash {event['cash']}, equity {event['equity']}, buying power "
            f"{event['buying_power']}"
        )
    differences = [
        f"{d['ticker']} {d['found']} instead of {d['expected']}" for d in event["differences"]
    ]
    rest = [*differences, *(f"besides {each}" for each in event["unmanaged"])]
    if rest:
        text += f" ({', '.join(rest)})"
    return text + (f": {event['reason']}" if event["reason"] else "")
