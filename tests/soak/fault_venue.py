"""The stand-in in a process of its own, always open, and a hand that moves its market."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from threading import Thread
from typing import Any, Final

import httpx
import msgspec

from connectors.broker.simulated.rules import ExchangeRules
from connectors.broker.stand_in.app import StandIn, Terms
from connectors.broker.stand_in.keys import Keys
from connectors.broker.stand_in.server import bound, server_of
from connectors.broker.values import MarketBar
from messages.units import HOUR_US, UNITS_PER_DOLLAR
from operators.params import FillParams
from operators.trading.sessions import SessionTable
from tests.broker.served import KEY, SECRET

CASH: Final = 100_000  # dollars
TICKERS: Final = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH")
RULES: Final = ExchangeRules(participation_bps=100)  # of a bar's volume: many fills come in parts
STARTS_WITHIN_S: Final = 60.0


def open_all_day() -> SessionTable:
    """Return a session around now, and one that comes later."""
    now = time.time_ns() // 1_000
    return SessionTable(
        (now - HOUR_US, now + 24 * HOUR_US), (now + 12 * HOUR_US, now + 36 * HOUR_US)
    )


def serve(journal: Path, parent: Connection) -> None:
    """Be a stand-in for as long as the parent is there; it may be killed."""
    socket = bound()
    terms = Terms(
        keys=Keys(KEY, SECRET), journal=journal, clock=lambda: datetime.now(UTC), per_minute=0,
        tickers=TICKERS, cash=CASH * UNITS_PER_DOLLAR, rules=RULES, sessions=open_all_day(),
        fills=FillParams(commission_per_share=0),
    )  # fmt: skip
    server = server_of(StandIn(terms))

    def wait_for_the_end() -> None:
        with suppress(EOFError):
            parent.recv()
        server.should_exit = True

    Thread(target=wait_for_the_end, daemon=True).start()
    parent.send(socket.getsockname()[1])  # it listens already
    server.run([socket])


@contextmanager
def a_stand_in(context: ForkServerContext, journal: Path) -> Iterator[int]:
    """Have a stand-in; returns its port."""
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(journal, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        assert ours.poll(STARTS_WITHIN_S), "no stand-in"
        yield ours.recv()
    finally:
        process.terminate()
        process.join()
        ours.close()


class Hand:
    """What is done to a stand-in by hand."""

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}/stand-in", timeout=60)

    def bars(self, bars: Sequence[MarketBar]) -> None:
        self._post("bars", {"bars": bars})

    def halt(self, ticker: str, *, halted: bool) -> None:
        self._post("halt", {"ticker": ticker, "halted": halted})

    def faults(self, named: str, seed: int = 0) -> None:
        self._post("faults", {"faults": named, "seed": seed})

    def close(self) -> None:
        self._client.close()

    def _post(self, path: str, body: Any) -> None:
        self._client.post(path, content=msgspec.json.encode(body)).raise_for_status()
