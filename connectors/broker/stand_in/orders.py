"""The routes of orders."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.broker.stand_in.asked import (
    BEGIN,
    END,
    choice_in,
    moment_in,
    number_in,
    symbols_in,
    yes_in,
)
from connectors.broker.stand_in.faults import Faults
from connectors.broker.stand_in.orders_in import body_of, order_in, replacement_in
from connectors.broker.stand_in.problems import Refusal
from connectors.broker.stand_in.shapes import Shape, order_shape
from connectors.broker.stand_in.ticket import Ticket
from connectors.broker.stand_in.update_faults import UNKNOWN_STATUS
from connectors.broker.stand_in.venue import Venue

DEFAULT_LIMIT: Final = 50
MOST_LIMIT: Final = 500


class Orders:
    """Answers about orders.

    Attributes:
        faults: of answers that say a word nobody knows.
    """

    def __init__(self, venue: Venue, faults: Faults) -> None:
        """Answer from a venue."""
        self._venue, self.faults = venue, faults

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = "/v2/orders/{order_id}"
        return [
            Route("/v2/orders", self.submit, methods=["POST"]),
            Route("/v2/orders", self.list, methods=["GET"]),
            Route("/v2/orders", self.cancel_all, methods=["DELETE"]),
            Route("/v2/orders:by_client_order_id", self.by_client_id, methods=["GET"]),
            Route(one, self.get, methods=["GET"]),
            Route(one, self.cancel, methods=["DELETE"]),
            Route(one, self.replace, methods=["PATCH"]),
        ]

    async def submit(self, request: Request) -> Response:
        """Place an order."""
        body = await body_of(request)
        with self._venue.noting_refusals(body.get("client_order_id")):
            ticket = self._venue.submit(order_in(body))
        return self._placed(ticket)

    async def list(self, request: Request) -> Response:
        """List orders, the newest first by default."""
        status = choice_in(request, "status", ("open", "closed", "all"))
        after, until = moment_in(request, "after", BEGIN), moment_in(request, "until", END)
        side, symbols = request.query_params.get("side"), set(symbols_in(request))
        nested = yes_in(request, "nested")

        def wanted(ticket: Ticket) -> bool:
            order = ticket.order
            return (
                status in ("all", "closed" if order.ended else "open")
                and after < (order.submitted_at or ticket.created_at) < until
                and (not symbols or order.ticker in symbols)
                and (not side or order.side.lower() == side)
            )

        found = [ticket for ticket in self._venue.tickets.values() if wanted(ticket)]
        if nested:
            found = rolled_up(found)
        if choice_in(request, "direction", ("desc", "asc")) == "desc":
            found.reverse()
        limit = number_in(request, "limit", DEFAULT_LIMIT, MOST_LIMIT)
        return JSONResponse([self._shape(ticket, nested=nested) for ticket in found[:limit]])

    async def cancel_all(self, _request: Request) -> Response:
        """Ask for the end of every open order."""
        found: list[Shape] = []
        for ticket in self._venue.cancellable():
            if ticket.order.ended:  # with its entry, or with the other leg
                continue
            answer: Shape = {"id": order_shape(ticket)["id"], "status": 200}
            try:
                self._venue.cancel(ticket)
            except Refusal as refusal:
                answer |= {"status": refusal.status, "body": refusal.body}
            found.append(answer)
        return JSONResponse(found, 207)

    async def by_client_id(self, request: Request) -> Response:
        """Return an order by the client's id."""
        client_id = request.query_params.get("client_order_id", "")
        return self._answer(self._venue.ticket_of(client_id), nested=True)

    async def get(self, request: Request) -> Response:
        """Return an order by its id."""
        ticket = self._venue.ticket(request.path_params["order_id"])
        return self._answer(ticket, nested=yes_in(request, "nested"))

    async def cancel(self, request: Request) -> Response:
        """Ask for the end of an order."""
        with self._venue.noting_refusals(request.path_params["order_id"]):
            self._venue.cancel(self._venue.ticket(request.path_params["order_id"]))
        return Response(status_code=204)

    async def replace(self, request: Request) -> Response:
        """Ask for another order in the place of an open one."""
        body = await body_of(request)
        with self._venue.noting_refusals(body.get("client_order_id")):
            old = self._venue.ticket(request.path_params["order_id"])
            ticket = self._venue.replace(old, replacement_in(body))
        return self._placed(ticket)

    def _placed(self, ticket: Ticket) -> Response:
        """Answer before the exchange has said that the order is in its book, as Alpaca does."""
        shape = self._shape(ticket, nested=True)
        early = {"status": "pending_new"} if shape["status"] == "new" else {}
        return JSONResponse(shape | early)

    def _answer(self, ticket: Ticket, *, nested: bool) -> Response:
        return JSONResponse(self._shape(ticket, nested=nested))

    def _shape(self, ticket: Ticket, *, nested: bool) -> Shape:
        shape = self._venue.shape(ticket, nested=nested)
        if self.faults.strikes("unknown_words", f"answer on {shape['client_order_id']}") is None:
            return shape
        return {**shape, "status": UNKNOWN_STATUS}


def rolled_up(tickets: list[Ticket]) -> list[Ticket]:
    """Leave out the legs that are shown with their entry; none vanishes."""
    shown = {leg.id for ticket in tickets for leg in ticket.order.legs}
    return [ticket for ticket in tickets if ticket.order.id not in shown]
