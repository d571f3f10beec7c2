"""The routes of the account: money, positions, and what was filled."""

from decimal import Decimal
from typing import Final
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.broker.stand_in.asked import (
    BEGIN,
    END,
    choice_in,
    moment_in,
    number_in,
    yes_in,
)
from connectors.broker.stand_in.numbers import asset_id, exact
from connectors.broker.stand_in.problems import Refusal, invalid
from connectors.broker.stand_in.shapes import (
    Shape,
    account_shape,
    activity_shape,
    position_shape,
)
from connectors.broker.stand_in.ticket import Ticket
from connectors.broker.stand_in.venue import Venue
from connectors.broker.values import BrokerFill, BrokerPosition, NewOrder
from messages.base import Side

MOST_ACTIVITIES: Final = 100


class Account:
    """Answers about the account."""

    def __init__(self, venue: Venue) -> None:
        """Answer from a venue."""
        self._venue = venue

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = "/v2/positions/{symbol}"
        return [
            Route("/v2/account", self.account, methods=["GET"]),
            Route("/v2/account/activities", self.activities, methods=["GET"]),
            Route("/v2/account/activities/{kind}", self.activities, methods=["GET"]),
            Route("/v2/positions", self.positions, methods=["GET"]),
            Route("/v2/positions", self.close_all, methods=["DELETE"]),
            Route(one, self.position, methods=["GET"]),
            Route(one, self.close, methods=["DELETE"]),
        ]

    async def account(self, _request: Request) -> Response:
        """Return the money."""
        worth = [(p.qty, p.price or 0) for p in self._venue.positions()]
        longs = sum(int(qty) * price for qty, price in worth if qty > 0)
        shorts = sum(int(qty) * price for qty, price in worth if qty < 0)
        account, opened = self._venue.account(), self._venue.opened
        return JSONResponse(account_shape(account, (longs, shorts), opened))

    async def positions(self, _request: Request) -> Response:
        """Return what is held."""
        return JSONResponse([self._shape(p) for p in self._venue.positions()])

    async def position(self, request: Request) -> Response:
        """Return a position."""
        return JSONResponse(self._shape(self._position(request.path_params["symbol"])))

    async def close(self, request: Request) -> Response:
        """Sell a position, or buy it back; a part of it where one is asked for."""
        position = self._position(request.path_params["symbol"])
        ticket = self._venue.submit(self._closing(position, self._part(request, position)))
        return JSONResponse(self._venue.shape(ticket, nested=False))

    async def close_all(self, request: Request) -> Response:
        """Close every position; cancel all orders first where that is asked for."""
        if yes_in(request, "cancel_orders"):
            for waiting in self._venue.cancellable():
                if not waiting.order.ended:
                    self._venue.cancel(waiting)
        return JSONResponse([self._closed(p) for p in self._venue.positions()], 207)

    async def activities(self, request: Request) -> Response:
        """List fills, the newest first by default."""
        kinds = request.path_params.get("kind") or request.query_params.get("activity_types")
        after, until = moment_in(request, "after", BEGIN), moment_in(request, "until", END)
        rows = [] if kinds and "FILL" not in kinds.split(",") else self._venue.fills
        filled: dict[str, int] = {}
        shapes: list[Shape] = []
        for fill in rows:
            before = filled.get(fill.order_id, 0)
            filled[fill.order_id] = before + fill.qty
            if after < fill.at < until:
                shapes.append(activity_shape(fill, self._ticket_of(fill), before))
        if choice_in(request, "direction", ("desc", "asc")) == "desc":
            shapes.reverse()
        token, size = request.query_params.get("page_token"), MOST_ACTIVITIES
        ids = [shape["id"] for shape in shapes]
        if token and token not in ids:
            reason = "invalid page_token"
            raise invalid(reason)
        first = ids.index(token) + 1 if token else 0
        size = number_in(request, "page_size", size, size)
        return JSONResponse(shapes[first : first + size])

    def _ticket_of(self, fill: BrokerFill) -> Ticket:
        return self._venue.tickets[fill.order_id]

    def _position(self, symbol: str) -> BrokerPosition:
        for position in self._venue.positions():
            if symbol in (position.ticker, asset_id(position.ticker)):
                return position
        reason = "position does not exist"
        raise Refusal(404, 40410000, reason)

    def _closed(self, position: BrokerPosition) -> Shape:
        symbol = position.ticker
        try:
            ticket = self._venue.submit(self._closing(position, abs(int(position.qty))))
        except Refusal as refusal:
            return {"symbol": symbol, "status": refusal.status, "body": refusal.body}
        return {"symbol": symbol, "status": 200, "body": self._venue.shape(ticket, nested=False)}

    def _closing(self, position: BrokerPosition, qty: int) -> NewOrder:
        side: Side = "SELL" if position.qty > 0 else "BUY"
        return NewOrder(client_order_id=str(uuid4()), ticker=position.ticker, side=side, qty=qty)

    def _part(self, request: Request, position: BrokerPosition) -> int:
        qty, share = (request.query_params.get(name) for name in ("qty", "percentage"))
        whole = abs(position.qty)
        part = exact(qty or share or 100)
        if part is not None and not qty:
            part = whole * part / 100
        if part is None or not 1 <= part <= whole:
            reason = "qty must be > 0 and no more than the position"
            raise invalid(reason)
        return int(part)

    def _shape(self, position: BrokerPosition) -> Shape:
        side = "SELL" if position.qty > 0 else "BUY"
        held = self._venue.waiting(position.ticker, side)
        return position_shape(position, max(Decimal(0), abs(position.qty) - held))
