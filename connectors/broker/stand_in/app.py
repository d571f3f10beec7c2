"""The stand-in put together: one value from one factory, and nothing is opened before that."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.simulated.rules import ExchangeRules, listed
from connectors.broker.stand_in.account import Account
from connectors.broker.stand_in.by_hand import ByHand
from connectors.broker.stand_in.connections import Connections
from connectors.broker.stand_in.data_stream import NEWS, STOCKS, DataStream
from connectors.broker.stand_in.faults import FaultPlan, Faults, Kind
from connectors.broker.stand_in.gate import Gate
from connectors.broker.stand_in.journal import Journal, Row
from connectors.broker.stand_in.keys import Keys
from connectors.broker.stand_in.limiter import DEFAULT_PER_MINUTE, Limiter
from connectors.broker.stand_in.market import Market
from connectors.broker.stand_in.market_data import MarketRoutes
from connectors.broker.stand_in.orders import Orders
from connectors.broker.stand_in.outbox import OVERTAKEN_S
from connectors.broker.stand_in.problems import Refusal, answer_of
from connectors.broker.stand_in.trade_stream import TradeStream
from connectors.broker.stand_in.venue import Venue
from connectors.market.calendar import new_york_sessions
from messages.units import UNITS_PER_DOLLAR
from operators.params import FillParams
from operators.trading.sessions import SessionTable

CASH: Final = 100_000 * UNITS_PER_DOLLAR
TICK_S: Final = 0.5
NO_COSTS: Final = FillParams(commission_per_share=0)  # Alpaca takes none
log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
Task = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a stand-in is like.

    Attributes:
        journal: file of what is accepted.
        tickers: that may be traded from the beginning; those of bars are added.
        cash: units.
        per_minute: requests of each API; 0 for any number.
        fills: the fill model and costs.
        rules: what the exchange allows.
        plans: faults.
        overtaken_s: seconds that an update waits for the next one to overtake it.
    """

    keys: Keys
    journal: Path
    clock: Clock
    tickers: Sequence[str] = ()
    cash: int = CASH
    per_minute: int = DEFAULT_PER_MINUTE
    fills: FillParams = NO_COSTS
    rules: ExchangeRules = field(default_factory=ExchangeRules)
    sessions: SessionTable = field(default_factory=new_york_sessions)
    plans: Mapping[Kind, FaultPlan] = field(default_factory=dict)
    overtaken_s: float = OVERTAKEN_S


class StandIn:
    """A server's parts, ready to be served.

    Attributes:
        asgi: the application.
        connections: uvicorn is to tell of its connections there.
        market: where bars and news go in.
        tasks: run while the server does; add to them before that.
    """

    def __init__(self, terms: Terms) -> None:
        """Open the account and its journal."""
        self._journal = Journal(terms.journal)
        self._clock = terms.clock
        faults = Faults(terms.plans, self._noted)
        trades = TradeStream(terms.keys, faults, terms.overtaken_s)
        data = {name: DataStream(name, STOCKS, terms.keys, faults) for name in ("iex", "sip")}
        news = DataStream("news", NEWS, terms.keys, faults)
        exchange = SimulatedExchange(
            terms.fills, terms.cash, terms.sessions, listed(*terms.tickers), terms.rules
        )
        self._venue = Venue(exchange, self._journal, faults, terms.clock, trades.publish)
        self.market = Market(self._venue, list(data.values()), news, faults, terms.clock)
        routes = [
            *Orders(self._venue, faults).routes(),
            *Account(self._venue).routes(),
            *MarketRoutes(self._venue, self.market.tape, terms.sessions, terms.clock).routes(),
            *ByHand(self.market, trades, {**data, "news": news}, faults).routes(),
            WebSocketRoute("/stream", trades.serve),
            *(WebSocketRoute(f"/v2/{name}", stream.serve) for name, stream in data.items()),
            WebSocketRoute("/v1beta1/news", news.serve),
        ]
        app = Starlette(
            routes=routes, lifespan=self._lifespan, exception_handlers={Refusal: answer_of}
        )  # fmt: skip
        trading, bars = (Limiter(terms.per_minute, terms.clock) for _ in range(2))
        self.connections = Connections()
        self.asgi = Gate(
            app, terms.keys, trading, bars, faults, self.connections, terms.clock
        )  # fmt: skip
        self.tasks: list[Task] = [self._tick]

    def _noted(self, kind: Kind, what: str) -> None:
        row = Row(what="fault", at=self._clock(), reason=kind, client_order_id=what)
        self._journal.write(row)

    async def _tick(self) -> None:
        while True:
            self._venue.advance()
            await asyncio.sleep(TICK_S)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        running = [asyncio.create_task(_told_of(task)) for task in self.tasks]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self._journal.close()


async def _told_of(task: Task) -> None:
    """Run a task; what goes wrong with it is logged, and the server goes on."""
    try:
        await task()
    except Exception:
        log.exception("the stand-in goes on without one of its tasks")
