"""The people of a live run: who there is, what they may, and shutting somebody out."""

from typing import Any

from pydantic import model_validator

from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.routes.passkeys import Role, registrar_of
from api.values import Answer, Asked, Moment, not_allowed


class PersonAnswer(Answer):
    """Somebody, and when a passkey of theirs was used last; who is not active is shut out."""

    id: str
    name: str
    role: Role
    active: bool
    created_at: Moment
    passkeys: int
    last_used_at: Moment | None


class PeopleAnswer(Answer):
    """Everybody, the first first."""

    people: list[PersonAnswer]


class PersonChanged(Asked):
    """Another role, or whether they are let in."""

    role: Role | None = None
    active: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "PersonChanged":
        if self.role is None and self.active is None:
            reason = "say role or active"
            raise not_allowed(reason)
        return self


def people(api: Api, call: Call[NoQuery, Any]) -> PeopleAnswer:
    """Everybody who may sign in, and who is shut out."""
    found = registrar_of(api).people.all()
    return PeopleAnswer(people=[PersonAnswer(**row) for row in found])


def change_person(api: Api, call: Call[NoQuery, PersonChanged]) -> PeopleAnswer:
    """Give somebody another role, or shut them out; their sign-ins and sockets end at once."""
    registrar, id_, asked = registrar_of(api), call.path["id"], call.body
    for session in registrar.people.change(id_, role=asked.role, active=asked.active):
        api.access.sessions.shut(session)
        api.live.end_session(session)
    registrar.people.log(
        call.person.id, "change person", "done", call.peer, target=id_, role=asked.role,
        active=asked.active,
    )  # fmt: skip
    return people(api, call)


ENDPOINTS = (
    Endpoint("GET", "/auth/people", people, "owner", PeopleAnswer, session=True, problems=(409,)),
    Endpoint("PATCH", "/auth/people/{id}", change_person, "owner", PeopleAnswer,
             body=PersonChanged, session=True, rate=30, problems=(404, 409)),
)  # fmt: skip
