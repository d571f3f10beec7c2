"""How the system is: process, readiness, flows, dead letters."""

import base64
from typing import Any, Literal

from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.pages import PageAsked, after_of, cursor_of
from api.problems import Away
from api.values import Answer, Moment
from connectors.storage.pages import Pages
from connectors.version import VERSION


class Good(Answer):
    """All is well."""

    status: Literal["ok"] = "ok"


class Flow(Answer):
    """A flow's process: running, restarting, ended, failed, or silent."""

    flow: str
    state: str


class System(Answer):
    """How the run's processes are."""

    version: str
    run: str
    live: bool
    ended: bool
    flows: list[Flow]


class DeadLetter(Answer):
    """A record that could not be used; `payload` is base64, cut after 64 KiB."""

    id: str
    at: Moment
    reason: str
    detail: str
    topic: str
    partition: int
    offset: int
    size: int
    payload: str


class DeadLetters(Answer):
    """A page of dead letters, newest first."""

    dead_letters: list[DeadLetter]
    cursor: str | None


def health(api: Api, call: Call[NoQuery, None]) -> Good:
    """Whether the process answers."""
    return Good()


def ready(api: Api, call: Call[NoQuery, None]) -> Good:
    """Whether the database and the broker answer, too."""
    with api.pool.connection() as connection:
        connection.execute("SELECT 1")
    if not api.tailing():
        raise Away("broker")
    return Good()


def system(api: Api, call: Call[NoQuery, None]) -> System:
    """How the flows are."""
    flows = [Flow(flow=name, state=state) for name, state in api.flows().items()]
    return System(
        version=VERSION, run=api.run.run_id, live=api.run.live, ended=api.ended, flows=flows
    )


def dead_letters(api: Api, call: Call[PageAsked, None]) -> DeadLetters:
    """What could not be used, and why, newest first."""
    with api.pool.connection() as connection:
        rows = Pages(connection).page(
            "dead_letters", {}, after_of(call.query), call.query.limit
        )  # fmt: skip
    return DeadLetters(
        dead_letters=[_letter(row) for row in rows], cursor=cursor_of(rows, call.query.limit)
    )


def _letter(row: dict[str, Any]) -> DeadLetter:
    plain = {**row, "payload": base64.b64encode(row["payload"]).decode()}
    return DeadLetter(at=row["event_time"], offset=row["record_offset"], **plain)


ENDPOINTS = (
    Endpoint("GET", "/health", health, None, Good, quick=True),
    Endpoint("GET", "/ready", ready, None, Good, problems=(503,)),
    Endpoint("GET", "/api/system", system, "viewer", System),
    Endpoint("GET", "/api/system/dead-letters", dead_letters, "viewer", DeadLetters,
             query=PageAsked),
)  # fmt: skip
