"""The stand-in for Alpaca on a loopback port, with a clock that a test moves; and keys for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
from pydantic import SecretStr

from connectors.broker.alpaca.streaming import StreamTimes
from connectors.broker.params import BrokerParams
from connectors.broker.simulated.rules import ExchangeRules
from connectors.broker.stand_in.app import StandIn, Terms
from connectors.broker.stand_in.keys import Keys
from connectors.broker.stand_in.server import bound, server_of
from connectors.broker.values import MarketBar
from connectors.market.calendar import new_york_sessions
from operators.params import FillParams
from tests.broker.venue import CASH, OTHER, TICKER
from tests.waiting import eventually

KEY, SECRET = "PK-OF-A-TEST-1234", "a-secret-that-nobody-may-see-5678"
QUICK = StreamTimes(
    open_s=30, ping_s=5, pong_s=30, back_off_s=0.02, max_back_off_s=0.1, steady_s=5
)  # fmt: skip


def params_for(port: int, **more: Any) -> BrokerParams:
    """Return settings for a server on loopback."""
    given: dict[str, Any] = {
        "kind": "alpaca", "key": SecretStr(KEY), "secret": SecretStr(SECRET),
        "trading_url": f"http://127.0.0.1:{port}", "data_url": f"http://127.0.0.1:{port}",
        "stream_url": f"ws://127.0.0.1:{port}", "timeout_seconds": 60, "per_minute": 10_000,
    }  # fmt: skip
    return BrokerParams(**(given | more))


class Served:
    """A stand-in that is running, and what a test does to it."""

    def __init__(self, port: int, now: datetime) -> None:
        self.port, self.now = port, now
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}/stand-in", timeout=60)

    def bars(self, *bars: MarketBar) -> None:
        self._post("bars", {"bars": bars})

    def past(self, *bars: MarketBar) -> None:
        self._post("past", {"bars": bars})

    def halt(self, ticker: str, *, halted: bool = True) -> None:
        self._post("halt", {"ticker": ticker, "halted": halted})

    def faults(self, named: str, seed: int = 0) -> None:
        self._post("faults", {"faults": named, "seed": seed})

    def cut(self, stream: str) -> None:
        self._post(f"cut/{stream}", {})

    def followed(self) -> dict[str, Any]:
        found: dict[str, Any] = self._client.get("/followed").json()
        return found

    def close(self) -> None:
        self._client.close()

    def _post(self, path: str, body: object) -> None:
        self._client.post(path, content=msgspec.json.encode(body)).raise_for_status()


@contextmanager
def stand_in(journal: Path, now: datetime, rules: ExchangeRules) -> Iterator[Served]:
    """Serve a stand-in whose time is what `Served.now` says."""
    socket = bound()
    served = Served(socket.getsockname()[1], now)
    terms = Terms(
        keys=Keys(KEY, SECRET), journal=journal, clock=lambda: served.now, per_minute=0,
        tickers=(TICKER, OTHER), cash=CASH, rules=rules, sessions=new_york_sessions(),
        fills=FillParams(slippage_bps=0, commission_per_share=0),
    )  # fmt: skip
    server = server_of(StandIn(terms))
    thread = threading.Thread(target=server.run, args=([socket],), name="stand-in")
    thread.start()
    eventually(lambda: server.started, what="a stand-in that serves")
    try:
        yield served
    finally:
        served.close()
        server.should_exit = True
        thread.join(60)
        socket.close()
        assert not thread.is_alive()
