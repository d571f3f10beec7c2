"""One run under one fault: the real desk and connector at a stand-in, then the books compared."""

import random
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from connectors.broker.stand_in.faults import Kind
from connectors.broker.stand_in.journal import Books
from connectors.broker.values import MarketBar
from messages.control import CommandKind
from messages.market import INTERVALS
from messages.trading import TradeSignal
from messages.units import SECOND_US, to_datetime, to_dollars
from tests.soak.fault_books import Outcome, no_end, outcome
from tests.soak.fault_desk import ClosedLoop
from tests.soak.fault_venue import TICKERS, Hand
from tests.waiting import eventually

ROUNDS: Final = 15  # seconds with a bar of every ticker, and signals
CALM_WITHIN_S: Final = 90.0
# The share of requests or events that is struck: so that each is met many times in a run.
RATES: Final[dict[Kind, float]] = {
    "accepted_504": 0.3, "dropped": 0.2, "html": 0.2, "storms": 0.1, "duplicates": 0.3,
    "delays": 0.3, "reordering": 0.3, "disconnects": 0.1, "unknown_words": 0.2, "revisions": 0.3,
    "split_fills": 0.5, "late_cancels": 0.7,
}  # fmt: skip
# What stops entries, by round, with some of them on their way; the next round begins with `resume`.
STOPS: Final[dict[int, CommandKind]] = {
    3: "reduce",
    5: "halt",
    8: "reduce",
    11: "halt",
    13: "reduce",
}
# At the exchange a ticker is halted meanwhile, so that its orders stay open.
HALTED: Final = {2: True, 6: False, 7: True, 13: False}


class Scenario:
    """A market and opinions, by a seed."""

    def __init__(self, kind: Kind, seed: int, loop: ClosedLoop, hand: Hand) -> None:
        self._dice = random.Random(f"{kind}/{seed}")
        self._loop, self._hand = loop, hand
        self._prices = {t: 1_000_000 + 10_000 * n for n, t in enumerate(TICKERS)}
        self._second = loop.clock.now() // SECOND_US

    def play(self) -> None:
        eventually(self._begun, CALM_WITHIN_S, "a broker that is reconciled once", step=0)
        for number in range(ROUNDS):
            self._bars(moving=True)
            if number in HALTED:
                self._hand.halt(TICKERS[number % 2], halted=HALTED[number])
            self._wait(0.3)
            if number - 1 in STOPS:
                self._loop.turn(self._loop.command("resume"))
            self._loop.turn(*self._signals())
            if number in STOPS:
                self._wait(0.3 + self._dice.choice((0.0, 0.02, 0.05, 0.5)))
                self._loop.turn(self._loop.command(STOPS[number]))
            elif number == ROUNDS - 1:
                self._loop.turn(self._loop.command("close_position", TICKERS[2]))

    def _begun(self) -> bool:
        self._loop.go_on(self._loop.clock.now() + SECOND_US // 10)
        return any(event.kind == "reconciled" for event in self._loop.said)

    def quiet_second(self) -> None:
        """Show bars at prices that stand, so that what is open is filled."""
        self._bars(moving=False)
        self._wait(0.9)

    def _bars(self, *, moving: bool) -> None:
        """Wait for a whole second, and show the minute that ends with it."""
        self._second = max(self._second + 1, self._loop.clock.now() // SECOND_US)
        self._loop.go_on(self._second * SECOND_US)
        start = to_datetime(self._second * SECOND_US) - INTERVALS["1m"]
        bars = []
        for ticker, last in self._prices.items():
            price = last + (self._dice.randrange(-60, 61) * 100 if moving else 0)
            self._prices[ticker] = price
            volume = self._dice.randrange(2_000, 20_000) if moving else 1_000_000
            bars.append(
                MarketBar(
                    ticker=ticker,
                    start=start,
                    interval="1m",
                    open=to_dollars(last),
                    high=to_dollars(max(last, price) + 500),
                    close=to_dollars(price),
                    low=to_dollars(min(last, price) - 500),
                    volume=volume,
                )
            )
        self._hand.bars(bars)

    def _wait(self, seconds: float) -> None:
        self._loop.go_on(self._second * SECOND_US + int(seconds * SECOND_US))

    def _signals(self) -> Iterator[TradeSignal]:
        held = self._loop.desk.account.positions
        for ticker in TICKERS:
            if self._dice.random() < 0.6:
                yield self._loop.signal(ticker, "SHORT" if ticker in held else "LONG")


def run(kind: Kind, seed: int, port: int, journal: Path, *, brackets: bool = False) -> Outcome:
    """Trade under a fault, then without it until nothing is open but legs; compare.

    Raises:
        AssertionError: it does not come to rest.
    """
    began = time.monotonic()
    hand, loop = Hand(port), ClosedLoop(port, brackets=brackets)
    try:
        scenario = Scenario(kind, seed, loop, hand)
        hand.faults(f"{kind}:{RATES[kind]}", seed)
        scenario.play()
        hand.faults("")
        for ticker in TICKERS:
            hand.halt(ticker, halted=False)
        if seed % 2:
            loop.turn(loop.command("flatten"))
        calm = loop.clock.now()

        def at_rest() -> bool:
            scenario.quiet_second()
            return loop.settled(calm + SECOND_US)

        eventually(at_rest, CALM_WITHIN_S, lambda: _open(loop), step=0)
        return outcome(kind, seed, loop, Books(journal), time.monotonic() - began)
    finally:
        loop.close()
        hand.close()


def _open(loop: ClosedLoop) -> str:
    machine = loop.machine()
    lives = [life for life in machine.lives if not life.ended_at]
    said = [e for e in loop.said if e.kind in ("drift", "reconciled", "stream_down")][-3:]
    return f"open {lives}, desk {loop.desk.snapshot().orders}, ready {machine.ready}, {said}"


def run_and_tell(
    kind: Kind, seed: int, port: int, journal: Path, parent: Connection, brackets: bool
) -> None:
    """Run in a process of its own; an error is what came of it, too."""
    try:
        found = run(kind, seed, port, journal, brackets=brackets)
    except Exception as error:
        found = no_end(kind, seed, f"{type(error).__name__}: {error}")
    parent.send(found)
