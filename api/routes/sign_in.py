"""Signing in, staying signed in, and leaving."""

from typing import Any

from starlette.responses import JSONResponse, Response

from api.access.person import Person
from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.problems import Forbidden, NotSignedIn
from api.values import Answer, Asked

DEMO_NAME = "whoever holds the link"


class LinkUsed(Asked):
    """The token of a one-time link, from behind its `#`."""

    token: str


class Nothing(Asked):
    """An empty object."""


class SignedIn(Answer):
    """An access token and whose it is."""

    access_token: str
    expires_in: int
    name: str
    role: str


class Ticket(Answer):
    """A ticket, and for how many seconds it is good."""

    ticket: str
    expires_in: int


class Me(Answer):
    """Who is signed in, and on which run."""

    name: str
    role: str
    run: str
    live: bool


def use_link(api: Api, call: Call[NoQuery, LinkUsed]) -> Response:
    """Sign in by a one-time link, which is used up."""
    access = api.access
    access.origin.must_be_ours(call.request)
    if access.registrar is not None:
        detail = "A live run has people: register a passkey with this link's token."
        raise Forbidden("REGISTER_INSTEAD", detail)
    if not access.origin.links:
        raise Forbidden("LINKS_OFF", "Links are off behind a proxy: sign in with a passkey.")
    if not access.links.take(call.body.token):
        raise NotSignedIn("LINK_USED", "This link was used or is too old: `tidewire access link` "
                                "gives another.")  # fmt: skip
    person, token = access.sessions.begin(f"link:{api.run.run_id}", DEMO_NAME, "owner")
    return signed_in(api, person, token)


def refresh(api: Api, call: Call[NoQuery, Nothing]) -> Response:
    """Take the refresh token in the cookie for an access token, and for the next cookie."""
    origin = api.access.origin
    origin.must_be_ours(call.request)
    token = call.request.cookies.get(origin.cookie, "")
    person, following = api.access.sessions.rotate(token)
    return signed_in(api, person, following)


def logout(api: Api, call: Call[NoQuery, Nothing]) -> Response:
    """End the sign-in; its tokens are good for nothing more."""
    origin = api.access.origin
    origin.must_be_ours(call.request)
    ended = api.access.sessions.end(call.request.cookies.get(origin.cookie, ""))
    if ended:
        api.live.end_session(ended)
    response = Response(status_code=204)
    origin.forget(response)
    return response


def me(api: Api, call: Call[NoQuery, None]) -> Me:
    """Who is signed in."""
    return Me(name=call.person.name, role=call.person.role, run=api.run.run_id, live=api.run.live)


def ws_ticket(api: Api, call: Call[NoQuery, Nothing]) -> Ticket:
    """A ticket for the first message on /ws, good once."""
    tickets = api.access.tickets
    return Ticket(ticket=tickets.give(call.person), expires_in=tickets.lasts_s)


def signed_in(api: Api, person: Person, token: str) -> Response:
    """Return the answer to whoever has signed in: an access token, and the cookie."""
    body: dict[str, Any] = SignedIn(
        access_token=api.access.tokens.of(person), expires_in=api.access.tokens.lasts_s,
        name=person.name, role=person.role,
    ).model_dump(mode="json")  # fmt: skip
    response = JSONResponse(body)
    api.access.origin.keep(response, token)
    return response


ENDPOINTS = (
    Endpoint("POST", "/auth/link", use_link, None, SignedIn, body=LinkUsed, rate=20,
             problems=(401, 403)),
    Endpoint("POST", "/auth/refresh", refresh, None, SignedIn, body=Nothing, rate=60,
             problems=(401, 403)),
    Endpoint("POST", "/auth/logout", logout, None, None, body=Nothing, status=204, rate=60,
             problems=(403,)),
    Endpoint("POST", "/api/ws-ticket", ws_ticket, "viewer", Ticket, body=Nothing, session=True,
             rate=120),
    Endpoint("GET", "/auth/me", me, "viewer", Me, session=True),
)  # fmt: skip
