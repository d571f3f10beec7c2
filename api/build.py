"""An `Api` made of a run, and its server."""

import errno
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg
import uvicorn
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from api.access.idempotency import Idempotency
from api.access.links import DIRECTORY, Links
from api.access.origin import Origin
from api.access.sessions import SessionsInMemory
from api.access.tokens import Tokens
from api.app import application
from api.context import Access, Api, Rows
from connectors.kafka.command_writer import CommandWriter
from connectors.kafka.layout import Layout
from connectors.runs import Run
from connectors.storage.connection import WAIT_S

CONNECTIONS: Final = 8
SLOWEST_MS: Final = 10_000
BACKLOG: Final = 2_048
STOP_S: Final = 3


@dataclass(frozen=True, slots=True)
class Serving:
    """What an API process is told.

    Attributes:
        run: that it shows.
        layout: of the run, for the principal `api`.
        origin: where browsers find it.
        key: that access tokens are signed with.
        flows: the flows' names and states, asked with each request.
        trusted: networks of proxies whose headers count.
    """

    run: Run
    layout: Layout
    origin: Origin
    key: bytes
    flows: Callable[[], dict[str, str]]
    trusted: Sequence[str] = ()


def utc_now() -> datetime:
    """Return the wall clock."""
    return datetime.now(UTC)


@contextmanager
def api_of(serving: Serving, now: Callable[[], datetime] = utc_now) -> Iterator[Api]:
    """Give an API over open connections.

    The database may be away: connections are made when they can be.
    """
    run, origin = serving.run, serving.origin
    sessions = SessionsInMemory(now)
    access = Access(
        origin, Tokens(serving.key, f"run:{run.run_id}", sessions, now), sessions,
        Links(run.path(DIRECTORY), now),
    )  # fmt: skip
    pool: ConnectionPool[Rows] = ConnectionPool(
        run.database_url, min_size=1, max_size=CONNECTIONS, timeout=WAIT_S, open=False,
        configure=_reads_only, check=ConnectionPool.check_connection,
        kwargs={
            "row_factory": dict_row, "connect_timeout": WAIT_S,
            "options": f"-c search_path={run.schema} -c timezone=UTC "
                       f"-c statement_timeout={SLOWEST_MS}",
        },
    )  # fmt: skip
    with pool:
        writer = CommandWriter(serving.layout)
        yield Api(run, pool, access, Idempotency(now), writer.write, serving.flows, now)


def serve(serving: Serving, sockets: list[socket.socket]) -> None:
    """Serve until SIGTERM or SIGINT."""
    with api_of(serving) as api:
        config = uvicorn.Config(
            application(api), lifespan="off", log_config=None, access_log=False,
            server_header=False, date_header=False, proxy_headers=bool(serving.trusted),
            forwarded_allow_ips=list(serving.trusted), timeout_graceful_shutdown=STOP_S,
            backlog=BACKLOG, h11_max_incomplete_event_size=65_536,
        )  # fmt: skip
        uvicorn.Server(config).run(sockets)


def bound(host: str, port: int) -> list[socket.socket]:
    """Return the sockets to listen on; `localhost` is every loopback that the machine has.

    Raises:
        OSError: the port is taken, or the address is none of this machine's.
    """
    if host != "localhost":
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return [_bound(family, host, port)]
    found = [_bound(socket.AF_INET, "127.0.0.1", port)]
    try:
        found.append(_bound(socket.AF_INET6, "::1", port))
    except OSError as error:
        # Without IPv6 there is one loopback; but where somebody else listens on the other one,
        # browsers would find them under our name.
        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise
    return found


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    found = socket.socket(family)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    found.bind((host, port))
    return found


def _reads_only(connection: "psycopg.Connection[Any]") -> None:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True


def key_file(home: Path) -> Path:
    """Return where a home's key is kept."""
    return home / "api" / "session.key"
