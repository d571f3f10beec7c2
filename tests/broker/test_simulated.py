"""The simulated broker does what every broker does, with both fill models."""

from datetime import UTC, datetime

import pytest

from connectors.broker.base import Broker, MarketData
from connectors.broker.simulated.broker import SimulatedBroker
from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.simulated.rules import ExchangeRules, listed
from connectors.market.calendar import new_york_sessions
from messages.market import Bar, bar_id
from messages.units import to_dollars
from operators.params import FillParams
from tests.broker.contract import BrokerContract
from tests.broker.contract_brackets import BracketContract
from tests.broker.venue import CASH, HUNDRED, MINUTE, OTHER, TICKER

BEGINS = datetime(2025, 3, 12, 14, 0, tzinfo=UTC)
CLOSES = datetime(2025, 3, 12, 20, 0, tzinfo=UTC)


class SimulatedVenue:
    """A market that is moved by feeding the broker itself."""

    def __init__(self, params: FillParams, rules: ExchangeRules) -> None:
        self._broker = SimulatedBroker(
            SimulatedExchange(params, CASH, new_york_sessions(), listed(TICKER, OTHER), rules)
        )
        self.broker: Broker = self._broker
        self.data: MarketData = self._broker
        self.now, self.closes = BEGINS - MINUTE, CLOSES
        for ticker in (TICKER, OTHER):
            self.now = BEGINS - MINUTE
            self.bar(HUNDRED, HUNDRED, HUNDRED, HUNDRED, ticker=ticker)

    def bar(
        self, opening: int, high: int, low: int, close: int, volume: int = 1_000_000,
        ticker: str = TICKER,
    ) -> None:  # fmt: skip
        start, self.now = self.now, self.now + MINUTE
        self._broker.bar(
            Bar(
                id=bar_id(ticker, start, "1m"), event_time=self.now, ticker=ticker, start=start,
                interval="1m", open=to_dollars(opening), high=to_dollars(high),
                low=to_dollars(low), close=to_dollars(close), volume=volume, source="test",
            )
        )  # fmt: skip

    def halt(self, ticker: str) -> None:
        self._broker.halt(ticker, self.now, "T1", "news pending")

    def resume(self, ticker: str) -> None:
        self._broker.resume(ticker, self.now)

    def at(self, moment: datetime) -> None:
        self.now = moment
        self._broker.advance(moment)


@pytest.fixture(params=["close", "next_open"])
def params(request: pytest.FixtureRequest) -> FillParams:
    return FillParams(model=request.param, slippage_bps=0, commission_per_share=0)


class TestCashAccount(BracketContract, BrokerContract):
    @pytest.fixture
    def venue(self, params: FillParams) -> SimulatedVenue:
        return SimulatedVenue(params, ExchangeRules(participation_bps=1_000))


class TestMarginAccount(BracketContract, BrokerContract):
    @pytest.fixture
    def venue(self) -> SimulatedVenue:
        params = FillParams(slippage_bps=0, commission_per_share=0)
        return SimulatedVenue(params, ExchangeRules(participation_bps=1_000, short=True))
