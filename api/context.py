"""What an API process has, and what a handler is told of a request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from psycopg import Connection
from psycopg_pool import ConnectionPool
from starlette.requests import Request

from api.access.idempotency import Idempotency
from api.access.limits import Limits
from api.access.links import Links
from api.access.origin import Origin
from api.access.person import Person
from api.access.registrar import Registrar
from api.access.sessions import Sessions
from api.access.tickets import Tickets
from api.access.tokens import Tokens
from api.jobs.jobs import Jobs
from api.live.delays import Delays
from api.live.hub import Hub
from api.vitals import FeedVitals, FlowVitals
from api.watch import Watch
from connectors.runs import Run
from connectors.storage.broker import BrokerNow
from messages.control import Command

Q = TypeVar("Q")
B = TypeVar("B")
Rows = Connection[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in, and how.

    Attributes:
        registrar: of people; None for a run that is played, which links alone sign in to.
    """

    origin: Origin
    tokens: Tokens
    sessions: Sessions
    links: Links
    tickets: Tickets
    registrar: Registrar | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Api:
    """One API process: a run, and the ways to it.

    Attributes:
        run: that it shows.
        pool: connections to the run's schema, which only read.
        access: who may come in.
        keys: of requests that are to have their effect once.
        write: writes a command to the run's control topic, with the trace that it belongs to.
        live: tells what happens to whoever listens.
        tailing: whether the broker answers the tail; stored: whether the database answers.
        jobs: backtests and proofs.
        watch: how the topics grow; delays: how long a record takes to be there.
        flows, feeds: how they are.
        broker: what it said last; None on paper, and before the first look.
        now: the wall clock, UTC.
        dashboard: where its built files are, or will be.
    """

    run: Run
    pool: "ConnectionPool[Rows]" = field(repr=False)
    access: Access = field(repr=False)
    keys: Idempotency = field(repr=False)
    write: Callable[[Command, str], None]
    live: Hub = field(repr=False)
    tailing: Callable[[], bool]
    stored: Callable[[], bool]
    jobs: Jobs = field(repr=False)
    watch: Watch = field(repr=False)
    delays: Delays = field(repr=False)
    flows: Callable[[], Sequence[FlowVitals]]
    feeds: Callable[[], Sequence[FeedVitals]]
    broker: Callable[[], BrokerNow | None]
    now: Callable[[], datetime]
    dashboard: Path

    @property
    def ended(self) -> bool:
        """Tell whether the run has been played to its end."""
        states = [flow.state for flow in self.flows()]
        return bool(states) and all(state == "ended" for state in states)


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """One request, read and allowed.

    Attributes:
        query, body: as the endpoint's models.
        path: parameters of the path.
        person: who is signed in; nobody where everybody may call.
        peer: address it comes from.
    """

    query: Q
    body: B
    path: dict[str, str]
    person: Person
    peer: str
    request: Request
