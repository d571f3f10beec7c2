"""The API on a real socket, over a run that has been played, with a clock of the test's own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace as replace_struct

from api.access.origin import Origin
from api.build import Serving, api_of, server_of
from api.context import Api
from api.jobs.tasks import Start
from api.vitals import FlowVitals
from connectors.kafka.layout import Layout
from connectors.runs import Run
from stack.home import free_port
from stack.jobs import starting
from stack.listening import listening
from stack.servers.principals import API
from stack.servers.services import Services
from tests.waiting import eventually

KEY = b"0123456789abcdef0123456789abcdef"


class Clock:
    """A wall clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def pass_(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass(slots=True)
class Served:
    """An API that is up.

    Attributes:
        flows: what it is told of the run's flows.
    """

    api: Api
    origin: Origin
    clock: Clock
    client: httpx.Client
    flows: dict[str, str] = field(default_factory=dict)

    @property
    def ours(self) -> dict[str, str]:
        """Return the headers of a page of ours."""
        return {"Origin": self.origin.public, "X-Tidewire": "1"}

    def forget_calls(self) -> None:
        """Let everybody call as if they had not yet."""
        self.api.access.limits._limiter.storage.reset()

    def token(self, role: str = "owner", name: str = "somebody") -> str:
        """Return the access token of a new sign-in."""
        person, _ = self.api.access.sessions.begin(f"user-{name}", name, role)
        return self.api.access.tokens.of(person)

    def bearer(self, role: str = "owner", name: str = "somebody") -> dict[str, str]:
        """Return the header of a new sign-in."""
        return {"Authorization": f"Bearer {self.token(role, name)}"}

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Ask as a viewer."""
        return self.client.get(path, headers=self.bearer("viewer"), **more)

    def sign_in(self) -> dict[str, Any]:
        """Use a link up; the client keeps the cookie."""
        link = self.api.access.links.give()
        answer = self.client.post("/auth/link", json={"token": link}, headers=self.ours)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def served(
    run: Run, layout: Layout, start: Start | None = None, *, dashboard: Path | None = None,
    **more: Any,
) -> Iterator[Served]:  # fmt: skip
    """Serve a run's API in a thread; its jobs are real ones, or what `start` starts.

    Without a dashboard the built-in page is shown.
    """
    port, clock, flows = free_port(), Clock(), dict[str, str]()
    origin = Origin(f"http://localhost:{port}", port, "tidewire_test", **more)
    start = start or starting(home_of_run(run), run)
    files = dashboard or run.path("no dashboard")

    def vitals() -> list[FlowVitals]:
        return [FlowVitals(flow=name, state=state, clock=clock()) for name, state in flows.items()]

    serving = Serving(run, layout, origin, KEY, vitals, list, start, files)
    with api_of(serving, clock) as api:
        sockets = listening("localhost", port)
        server = server_of(api)
        thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
        thread.start()
        eventually(lambda: server.started)
        with httpx.Client(base_url=origin.public, timeout=60) as client:
            yield Served(api, origin, clock, client, flows)
        server.should_exit = True
        thread.join(30)
        for opened in sockets:
            opened.close()


def as_live(run: Run) -> Run:
    """Return a played run as if it were live: it has people then."""
    return replace_struct(run, spec=replace_struct(run.spec, inputs=()))


def home_of_run(run: Run) -> Path:
    """Return the home that a run of the tests lies in."""
    return Path(run.directory).parent.parent


def as_api(services: Services, run: Run) -> Layout:
    """Return a run's place on the broker for the principal `api`."""
    return replace(run.layout, access=services.access_of(API))
