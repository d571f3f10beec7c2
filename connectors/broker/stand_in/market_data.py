"""The routes of the market: clock, calendar, assets, bars and news."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.broker.stand_in.asked import (
    BEGIN,
    choice_in,
    day_in,
    moment_in,
    number_in,
    page_of,
    symbols_in,
)
from connectors.broker.stand_in.hours import clock_at, days_between
from connectors.broker.stand_in.market_shapes import Shape, article_shape, bar_shape
from connectors.broker.stand_in.numbers import asset_id
from connectors.broker.stand_in.problems import Refusal, invalid, not_found
from connectors.broker.stand_in.shapes import asset_shape, clock_shape, day_shape
from connectors.broker.stand_in.tape import Tape
from connectors.broker.stand_in.venue import Venue
from connectors.market.calendar import NEW_YORK
from messages.market import Interval
from operators.trading.sessions import SessionTable

TIMEFRAMES: Final[dict[str, Interval]] = {
    "1Min": "1m", "1T": "1m", "5Min": "5m", "5T": "5m", "1Hour": "1h", "1H": "1h", "60Min": "1h",
    "1Day": "1d", "1D": "1d",
}  # fmt: skip
BARS_LIMIT: Final = (1_000, 10_000)
NEWS_LIMIT: Final = (10, 50)
FEW_DAYS: Final = timedelta(days=7)


class MarketRoutes:
    """Answers about the market."""

    def __init__(
        self, venue: Venue, tape: Tape, sessions: SessionTable, clock: Callable[[], datetime]
    ) -> None:  # fmt: skip
        """Answer from a venue, from what its market has shown, and from the calendar."""
        self._venue, self._tape, self._sessions, self._clock = venue, tape, sessions, clock

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/v2/clock", self.clock),
            Route("/v2/calendar", self.calendar),
            Route("/v2/assets", self.assets),
            Route("/v2/assets/{symbol}", self.asset),
            Route("/v2/stocks/bars", self.bars),
            Route("/v1beta1/news", self.news),
        ]

    async def clock(self, _request: Request) -> Response:
        """Return the exchange's time."""
        return JSONResponse(clock_shape(clock_at(self._sessions, self._clock())))

    async def calendar(self, request: Request) -> Response:
        """Return sessions."""
        today = self._clock().astimezone(NEW_YORK).date()
        first = day_in(request, "start", today)
        try:
            default = max(today, first) + FEW_DAYS
        except OverflowError:
            reason = f"invalid start: {first}"
            raise invalid(reason) from None
        last = day_in(request, "end", default)
        days = days_between(self._sessions, first, last)
        return JSONResponse([day_shape(day) for day in days])

    async def assets(self, _request: Request) -> Response:
        """Return every ticker that may be traded."""
        return JSONResponse([asset_shape(asset) for asset in self._venue.assets()])

    async def asset(self, request: Request) -> Response:
        """Return a ticker, by symbol or id."""
        symbol = request.path_params["symbol"]
        for asset in self._venue.assets():
            if symbol in (asset.ticker, asset_id(asset.ticker)):
                return JSONResponse(asset_shape(asset))
        reason = f"asset {symbol}"
        raise not_found(reason)

    async def bars(self, request: Request) -> Response:
        """Return bars, by ticker and time."""
        interval = TIMEFRAMES.get(request.query_params.get("timeframe", ""))
        symbols = symbols_in(request)
        if interval is None or not symbols:
            reason = "invalid timeframe" if symbols else "symbols is required"
            raise Refusal(400, 0, reason)
        since, until = self._span(request)
        found = self._tape.between(symbols, since, until, interval)
        if choice_in(request, "sort", ("asc", "desc")) == "desc":
            found.reverse()
        limit = number_in(request, "limit", *BARS_LIMIT)
        page, following = page_of(found, request.query_params.get("page_token"), limit)
        bars: dict[str, list[Shape]] = {}
        for bar in page:
            bars.setdefault(bar.ticker, []).append(bar_shape(bar))
        return JSONResponse({"bars": bars, "next_page_token": following})

    async def news(self, request: Request) -> Response:
        """Return articles, by the time of their last change, the newest first by default."""
        since, until = self._span(request)
        symbols = set(symbols_in(request))
        found = sorted(
            (
                article for article in self._tape.articles.values()
                if since <= article.updated_at <= until
                and (not symbols or symbols & set(article.symbols))
            ),
            key=lambda article: (article.updated_at, article.number),
            reverse=choice_in(request, "sort", ("desc", "asc")) == "desc",
        )  # fmt: skip
        limit = number_in(request, "limit", *NEWS_LIMIT)
        page, following = page_of(found, request.query_params.get("page_token"), limit)
        shapes = [article_shape(article) for article in page]
        if request.query_params.get("include_content", "").lower() != "true":
            shapes = [shape | {"content": ""} for shape in shapes]
        return JSONResponse({"news": shapes, "next_page_token": following})

    def _span(self, request: Request) -> tuple[datetime, datetime]:
        until = moment_in(request, "end", self._clock())
        return moment_in(request, "start", BEGIN), until
