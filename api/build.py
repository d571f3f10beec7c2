"""An `Api` made of a run, and its server."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any, Final

import psycopg
import uvicorn
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from api.access.challenges import Challenges
from api.access.database_sessions import SessionsInDatabase
from api.access.idempotency import Idempotency, KeysInDatabase, KeysInFile
from api.access.links import DIRECTORY, Links
from api.access.origin import Origin
from api.access.passkeys import Ceremonies
from api.access.people import People
from api.access.registrar import Registrar
from api.access.sessions import SessionsInMemory
from api.access.tickets import Tickets
from api.access.tokens import Tokens
from api.app import application
from api.broker_look import BrokerLook
from api.context import Access, Api, Rows
from api.jobs.jobs import Jobs
from api.jobs.tasks import Start
from api.live.hub import Hub
from api.live.tail import Tail
from api.pulse import Pulse
from api.vitals import FeedVitals, FlowVitals
from api.watch import Watch
from connectors.kafka.command_writer import CommandWriter
from connectors.kafka.layout import Layout
from connectors.kafka.levels import Levels
from connectors.runs import Run
from connectors.storage.access import SCHEMA as PEOPLE
from connectors.storage.connection import WAIT_S
from messages.topics import EVERY_TOPIC

CONNECTIONS: Final = 8
SLOWEST_MS: Final = 10_000
LIVE: Final = "live"  # audience of a live run's tokens; the key is this installation's
JOBS: Final = "jobs"  # directory of a run
KEYS: Final = "idempotency.jsonl"  # file of a run that is played
PARENT_LOOK_S: Final = 1.0
STOP_S: Final = 3
LARGEST_HEAD: Final = 65_536
LARGEST_MESSAGE: Final = 65_536


@dataclass(frozen=True, slots=True)
class Serving:
    """What an API process is told.

    Attributes:
        run: that it shows.
        layout: of the run, for the principal `api`.
        origin: where browsers find it.
        key: that access tokens are signed with.
        flows, feeds: how they are, asked with each request.
        start: starts the process of a job.
        dashboard: where its built files are, or will be.
        trusted: networks of proxies whose headers count.
    """

    run: Run
    layout: Layout
    origin: Origin
    key: bytes
    flows: Callable[[], Sequence[FlowVitals]]
    feeds: Callable[[], Sequence[FeedVitals]]
    start: Start
    dashboard: Path
    trusted: Sequence[str] = ()


def utc_now() -> datetime:
    """Return the wall clock."""
    return datetime.now(UTC)


@contextmanager
def api_of(serving: Serving, now: Callable[[], datetime] = utc_now) -> Iterator[Api]:
    """Give an API over open connections.

    The database may be away: connections are made when they can be.
    """
    run, links = serving.run, Links(serving.run.path(DIRECTORY), now)
    rows = _pool(run.database_url, run.schema, reads_only=True)
    with ExitStack() as stack:
        stack.enter_context(rows)
        keys: Idempotency
        if run.live:
            people = stack.enter_context(_pool(run.database_url, PEOPLE, reads_only=False))
            access, keys = _of_people(serving, people, links, now), KeysInDatabase(people, now)
        else:
            sessions, keys = SessionsInMemory(now), KeysInFile(run.path(KEYS), now)
            tokens = Tokens(serving.key, f"run:{run.run_id}", sessions, now)
            access = Access(serving.origin, tokens, sessions, links, Tickets(now))
        hub = Hub(run.run_id, now, access.sessions.alive)
        tail = Tail(serving.layout, hub)
        tail.start()
        stack.callback(tail.stop)
        levels, pulse = Levels(serving.layout, EVERY_TOPIC), Pulse(run.database_url)
        watch = Watch(levels.read, close=levels.close)
        for thread in (watch, pulse):
            thread.start()
            stack.callback(thread.stop)
        look = BrokerLook(rows, run.rules.account.name)
        if run.spec.mode == "broker":
            look.start()
            stack.callback(look.stop)
        jobs = Jobs(run.path(JOBS), serving.start, hub.say, now, serving.origin.public)
        stack.callback(jobs.close)
        writer = CommandWriter(serving.layout)
        yield Api(
            run, rows, access, keys, writer.write, hub, lambda: tail.good, lambda: pulse.good,
            jobs, watch, tail.delays, serving.flows, serving.feeds, look.newest, now,
            serving.dashboard,
        )  # fmt: skip


def _of_people(
    serving: Serving, pool: "ConnectionPool[Rows]", links: Links, now: Callable[[], datetime]
) -> Access:
    """Return the access of a live run: people with passkeys."""
    origin, sessions = serving.origin, SessionsInDatabase(pool, now)
    registrar = Registrar(
        People(pool, now), Challenges(pool, now), Ceremonies(origin.public, origin.site)
    )  # fmt: skip
    tokens = Tokens(serving.key, LIVE, sessions, now)
    return Access(origin, tokens, sessions, links, Tickets(now), registrar)


def _pool(url: str, schema: str, *, reads_only: bool) -> "ConnectionPool[Rows]":
    """Return a pool of connections to a schema; they are made when they can be."""
    options = f"-c search_path={schema} -c timezone=UTC -c statement_timeout={SLOWEST_MS}"
    return ConnectionPool(
        url, min_size=1, max_size=CONNECTIONS, timeout=WAIT_S, open=False,
        configure=_reads_only if reads_only else None, check=ConnectionPool.check_connection,
        kwargs={"row_factory": dict_row, "connect_timeout": WAIT_S, "options": options},
    )  # fmt: skip


def server_of(api: Api, trusted: Sequence[str] = ()) -> uvicorn.Server:
    """Return the server of an API; `trusted`: networks of proxies whose headers count."""
    config = uvicorn.Config(
        application(api), lifespan="off", log_config=None, access_log=False, server_header=False,
        date_header=False, proxy_headers=bool(trusted), forwarded_allow_ips=list(trusted),
        timeout_graceful_shutdown=STOP_S, h11_max_incomplete_event_size=LARGEST_HEAD,
        ws="websockets-sansio", ws_max_size=LARGEST_MESSAGE, ws_per_message_deflate=False,
    )  # fmt: skip
    return uvicorn.Server(config)


def serve(serving: Serving, sockets: list[socket.socket], parent: int) -> None:
    """Serve until SIGTERM or SIGINT, or until the process that started this one has gone.

    Args:
        serving: what is served.
        sockets: that listen.
        parent: the process that started this one.
    """
    with api_of(serving) as api:
        server = server_of(api, serving.trusted)
        Thread(target=_stop_without_parent, args=(server, parent), daemon=True).start()
        server.run(sockets)


def _stop_without_parent(server: uvicorn.Server, parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_LOOK_S)
    server.should_exit = True


def _reads_only(connection: "psycopg.Connection[Any]") -> None:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True


def key_file(home: Path) -> Path:
    """Return where a home's key is kept."""
    return home / "api" / "session.key"
