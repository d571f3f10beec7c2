"""An endpoint as a value: its path, who may call it, what it takes and answers.

The table of them is the API: routes, access, limits and the OpenAPI document are made of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import BaseModel

from api.context import Api, Call
from api.values import Asked

Role = Literal["viewer", "trader", "owner"]
ROLES: Final[Sequence[Role]] = ("viewer", "trader", "owner")
Method = Literal["GET", "POST", "PATCH", "DELETE"]
Handler = Callable[[Api, Call[Any, Any]], Any]


class NoQuery(Asked):
    """No query."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation.

    Attributes:
        handle: called in a thread of its own; answers a model, or a Response.
        role: the least that may call it; None: everybody.
        answer: model of the answer; None: no content.
        query, body: models of what it takes.
        status: of a good answer.
        also: media type -> what else it answers with, such as text/csv.
        session: the session behind the token is looked up, not the token's word alone.
        rate: requests a minute of one person, or of one peer where nobody is signed in.
        problems: further statuses that it answers with.
        quick: it waits for nothing, and is called where it is, whatever holds the threads.
    """

    method: Method
    path: str
    handle: Handler
    role: Role | None
    answer: type[BaseModel] | None
    query: type[Asked] = NoQuery
    body: type[Asked] | None = None
    status: int = 200
    also: tuple[str, ...] = ()
    session: bool = False
    rate: int = 600
    problems: tuple[int, ...] = field(default=())
    quick: bool = False

    @property
    def name(self) -> str:
        """Return the operation's id."""
        return self.handle.__name__

    @property
    def tag(self) -> str:
        """Return the family it belongs to."""
        return self.handle.__module__.rsplit(".", 1)[-1]


def may(role: str, least: Role) -> bool:
    """Tell whether a role may do what another one may."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(least)
