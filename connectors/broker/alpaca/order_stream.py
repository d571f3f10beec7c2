"""What becomes of orders, as it happens, by alpaca-py's trading stream."""

import logging
from collections.abc import Sequence
from typing import Any, Final

from alpaca.trading.stream import TradingStream

from connectors.broker.alpaca.fills import update_of
from connectors.broker.alpaca.keys import Access
from connectors.broker.alpaca.numbers import read_json
from connectors.broker.alpaca.orders import MANY_TICKERS
from connectors.broker.alpaca.streaming import KeptStream, StreamTimes, let_go
from connectors.broker.errors import BrokerAnswerUnusable, BrokerAway
from connectors.broker.values import OrderUpdate

log = logging.getLogger(__name__)

UPDATES: Final = "trade_updates"


async def _nobody(_: Any) -> None:
    """Be the handler without which the SDK does not ask for updates."""


class OrderLine(TradingStream):
    """One connection of the SDK's; read here, so that every frame is judged."""

    _ws: Any

    def __init__(self, access: Access, times: StreamTimes) -> None:
        """Prepare; nothing is opened."""
        super().__init__(
            access.key, access.secret, raw_data=True, url_override=access.orders,
            websocket_params=times.socket,
        )  # fmt: skip
        self.subscribe_trade_updates(_nobody)
        self._early: list[OrderUpdate] = []

    async def open(self) -> None:
        """Connect, be let in, and be told that updates will come."""
        try:
            await self._start_ws()  # type: ignore[no-untyped-call]
        except ValueError as error:
            reason = f"Alpaca does not let it in: {error}"
            raise BrokerAway(reason) from None
        while not self._granted(frame := read_json(await self._ws.recv())):
            self._early += _updates(frame)

    async def receive(self) -> Sequence[OrderUpdate]:
        """Return the updates of the next frame."""
        if self._early:
            early, self._early = self._early, []
            return early
        return _updates(read_json(await self._ws.recv()))

    async def drop(self) -> None:
        """Let go of the connection."""
        await let_go(self._ws)

    def _granted(self, frame: Any) -> bool:
        """Tell whether a frame says that updates will come."""
        stream, data = _parts(frame)
        if stream != "listening":
            return False
        streams = data.get("streams") if isinstance(data, dict) else None
        if not isinstance(streams, list) or UPDATES not in streams:
            reason = f"Alpaca does not give updates: {data!r:.80}"
            raise BrokerAway(reason)
        return True


class AlpacaOrderStream(KeptStream[OrderUpdate, OrderLine]):
    """What becomes of the account's orders; repeats and disorder are possible."""

    def __init__(self, access: Access, times: StreamTimes) -> None:
        """Start to listen."""
        super().__init__(
            "alpaca-orders", lambda: OrderLine(access, times), times, access.hide
        )  # fmt: skip


def _parts(frame: Any) -> tuple[Any, Any]:
    return (frame.get("stream"), frame.get("data")) if isinstance(frame, dict) else (None, None)


def _updates(frame: Any) -> list[OrderUpdate]:
    """Return the update of a frame; none for a frame of another kind.

    Raises:
        BrokerAway: an update means nothing. What it would have said is asked for by whoever
            sees the stream come up again.
    """
    stream, data = _parts(frame)
    if stream == "authorization" or (isinstance(data, dict) and "error" in data):
        reason = f"Alpaca ends it: {data!r:.120}"
        raise BrokerAway(reason)
    if stream != UPDATES:
        return []
    if isinstance(data, dict) and isinstance(data.get("order"), dict):  # noqa: SIM102
        if data["order"].get("order_class") == MANY_TICKERS:
            return []
    try:
        update = update_of(data)
    except BrokerAnswerUnusable as error:
        log.warning("an update of Alpaca's cannot be used: %s", error)
        raise BrokerAway(str(error)) from None
    return [] if update is None else [update]
