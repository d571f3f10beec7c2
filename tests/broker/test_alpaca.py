"""Alpaca does what every broker does: by the real SDK, against the stand-in on real sockets."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.alpaca.market_data import AlpacaMarketData
from connectors.broker.base import Broker, MarketData
from connectors.broker.simulated.rules import ExchangeRules
from connectors.broker.values import MarketBar
from messages.units import to_dollars
from tests.broker.contract import BrokerContract
from tests.broker.contract_brackets import BracketContract
from tests.broker.served import QUICK, Served, params_for, stand_in
from tests.broker.venue import HUNDRED, MINUTE, OTHER, TICKER

BEGINS = datetime(2025, 3, 12, 14, 0, tzinfo=UTC)
CLOSES = datetime(2025, 3, 12, 20, 0, tzinfo=UTC)


class AlpacaVenue:
    """A market that is moved by hand, and Alpaca's connector at it."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._broker = AlpacaBroker(params_for(served.port), QUICK)
        self._data = AlpacaMarketData(params_for(served.port), times=QUICK)
        self.broker: Broker = self._broker
        self.data: MarketData = self._data
        self.closes = CLOSES
        for ticker in (TICKER, OTHER):
            served.now = BEGINS - MINUTE
            self.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED, ticker=ticker)

    @property
    def now(self) -> datetime:
        return self._served.now

    def bar(
        self, opening: int, high: int, low: int, close: int, volume: int = 1_000_000,
        ticker: str = TICKER,
    ) -> None:  # fmt: skip
        start = self._served.now
        self._served.now += MINUTE
        self._served.bars(
            MarketBar(
                ticker=ticker, start=start, interval="1m", open=to_dollars(opening),
                high=to_dollars(high), low=to_dollars(low), close=to_dollars(close),
                volume=volume,
            )
        )  # fmt: skip

    def halt(self, ticker: str) -> None:
        self._served.halt(ticker)

    def resume(self, ticker: str) -> None:
        self._served.halt(ticker, halted=False)

    def at(self, moment: datetime) -> None:
        self._served.now = moment

    def close(self) -> None:
        self._broker.close()
        self._data.close()


class TestAlpaca(BracketContract, BrokerContract):
    @pytest.fixture
    def venue(self, tmp_path: Path) -> Iterator[AlpacaVenue]:
        rules = ExchangeRules(participation_bps=1_000, short=True)
        with stand_in(tmp_path / "journal.jsonl", BEGINS - MINUTE, rules) as served:
            venue = AlpacaVenue(served)
            yield venue
            venue.close()
