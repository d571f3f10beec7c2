"""Routes for tests: bars, news and halts by hand, cut streams, other faults, what is followed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.broker.stand_in.data_stream import DataStream
from connectors.broker.stand_in.faults import FaultPlan, Faults, FaultUnknown, Kind, plans_of
from connectors.broker.stand_in.market import Market
from connectors.broker.stand_in.market_shapes import Article
from connectors.broker.stand_in.problems import invalid, not_found
from connectors.broker.stand_in.trade_stream import TradeStream
from connectors.broker.values import MarketBar
from connectors.market.calendar import calendar_span
from messages.base import Price, Ticker
from messages.errors import UNDECODABLE
from messages.units import to_micros

T = TypeVar("T")
MOST: Final = 2**63 - 1
Moment = Annotated[datetime, Meta(tz=True)]
Shares = Annotated[float, Meta(ge=0, le=2**53)]


class GivenBar(MarketBar, frozen=True, kw_only=True):
    """A bar whose numbers and time can be told again; they need not fit together."""

    ticker: Ticker
    start: Moment
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Shares

    def __post_init__(self) -> None:
        """Refuse a time outside the exchange's calendar."""
        _check(self.start)


class GivenArticle(Article, frozen=True, kw_only=True):
    """An article whose number and times can be told again."""

    number: Annotated[int, Meta(ge=0, le=MOST)]
    created_at: Moment
    updated_at: Moment

    def __post_init__(self) -> None:
        """Refuse times outside the exchange's calendar."""
        _check(self.created_at)
        _check(self.updated_at)


class Bars(Struct):
    """Bars that have ended, in order."""

    bars: list[GivenBar]


class Halted(Struct):
    """A ticker that is halted, or trades again."""

    ticker: str
    halted: bool
    code: str = "T1"
    reason: str = "News pending"


class Planned(Struct):
    """Faults from now on, as the command line names them; none end them."""

    faults: str
    seed: Annotated[int, Meta(ge=-MOST, le=MOST)] = 0


class ByHand:
    """What a test may do to the stand-in; it needs no keys, and no fault strikes it."""

    def __init__(
        self, market: Market, trades: TradeStream, data: Mapping[str, DataStream], faults: Faults
    ) -> None:
        """Take what is driven; `data` are the streams by their paths' last parts."""
        self._market, self._trades, self._data, self._faults = market, trades, data, faults

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/stand-in/bars", self.bars, methods=["POST"]),
            Route("/stand-in/past", self.past, methods=["POST"]),
            Route("/stand-in/news", self.news, methods=["POST"]),
            Route("/stand-in/halt", self.halt, methods=["POST"]),
            Route("/stand-in/advance", self.advance, methods=["POST"]),
            Route("/stand-in/faults", self.faults, methods=["POST"]),
            Route("/stand-in/cut/{stream}", self.cut, methods=["POST"]),
            Route("/stand-in/followed", self.followed, methods=["GET"]),
        ]

    async def bars(self, request: Request) -> Response:
        """Show bars."""
        self._market.bars((await _given(request, Bars)).bars)
        return Response(status_code=204)

    async def past(self, request: Request) -> Response:
        """Keep bars of the past."""
        self._market.remember((await _given(request, Bars)).bars)
        return Response(status_code=204)

    async def news(self, request: Request) -> Response:
        """Show an article."""
        self._market.article(await _given(request, GivenArticle))
        return Response(status_code=204)

    async def halt(self, request: Request) -> Response:
        """Halt a ticker, or let it trade again."""
        asked = await _given(request, Halted)
        self._market.halt(asked.ticker, asked.code, asked.reason, halted=asked.halted)
        return Response(status_code=204)

    async def advance(self, _request: Request) -> Response:
        """Take note that the clock was moved."""
        self._market.advance()
        return Response(status_code=204)

    async def faults(self, request: Request) -> Response:
        """Plan other faults."""
        asked = await _given(request, Planned)
        self._faults.plan(_plans(asked))
        return Response(status_code=204)

    async def cut(self, request: Request) -> Response:
        """End the connections of a stream."""
        streams: dict[str, TradeStream | DataStream] = {"trades": self._trades, **self._data}
        name = request.path_params["stream"]
        if name not in streams:
            reason = f"stream {name}"
            raise not_found(reason)
        streams[name].cut()
        return Response(status_code=204)

    async def followed(self, _request: Request) -> Response:
        """Tell who listens, and to what."""
        found: dict[str, Any] = {name: stream.followed for name, stream in self._data.items()}
        return JSONResponse({"trades": self._trades.listeners, **found})


def _plans(asked: Planned) -> dict[Kind, FaultPlan]:
    try:
        return plans_of(asked.faults, asked.seed)
    except FaultUnknown as error:
        raise invalid(str(error)) from error


def _check(at: datetime) -> None:
    first, last = calendar_span()
    if not first <= to_micros(at) < last:
        reason = "a time lies outside the exchange's calendar"
        raise ValueError(reason)


async def _given(request: Request, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except UNDECODABLE as error:
        raise invalid(str(error)) from error
