"""Executions beside those of a backtest of the same input.

In paper mode account and broker are one operator and the two are equal, byte for byte. With a
broker they differ by what the broker did: these differences are what is listed.
"""

from typing import NamedTuple

from flows.replay.window import ReplayWindow
from messages.codec import encode
from messages.trading import TradeExecution


class Difference(NamedTuple):
    """An order that ended otherwise than in the backtest; None where it did not exist."""

    order_id: str
    recorded: TradeExecution | None
    backtest: TradeExecution | None


def differences(window: ReplayWindow) -> tuple[int, list[Difference]]:
    """Run the closed loop over a window and compare its executions with the recorded ones.

    Returns:
        How many were compared, and those that differ, in the order of the log.
    """
    played = window.play(window.loop())
    made = {e.body.id: e.body for e in played if isinstance(e.body, TradeExecution)}
    found = {e.id: e for e in window.executions()}
    listed = [
        Difference((old or new).order_id, old, new)  # type: ignore[union-attr]  # one is there
        for old, new in ((found.get(i), made.get(i)) for i in dict.fromkeys([*found, *made]))
        if old is None or new is None or encode(old) != encode(new)
    ]
    return len(found), listed
