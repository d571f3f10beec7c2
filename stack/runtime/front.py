"""The API's process beside a run's flows: started with them, restarted, and never their undoing."""

import time
from typing import Final

from connectors.api_params import ApiParams
from connectors.runs import Run
from connectors.settings import Settings
from stack.home import Home
from stack.runtime.supervisor import CrashLoop, FlowProcess, Supervisor

AGAIN_S: Final = 60.0


class Front:
    """Keeps the API of one run up; its trouble stops no flow.

    Attributes:
        origin: where browsers find it; empty where it is off.
    """

    def __init__(self, home: Home, run: Run, settings: Settings) -> None:
        """Choose the port; nothing is started."""
        self._supervisor: Supervisor | None = None
        self._again = 0.0
        self.origin = ""
        if settings.api.on:
            port = home.port_from("api", settings.api.port)
            arguments = ("--port", str(port), "--home", str(home.path))
            self.origin = origin_of(settings.api, port)
            self._supervisor = Supervisor(run.path(), [FlowProcess("api", arguments, "api")])

    def start(self) -> None:
        """Start it."""
        if self._supervisor is not None:
            self._supervisor.start()

    def watch(self) -> None:
        """Look after it once; one that dies again and again is left alone for a minute."""
        if self._supervisor is None or time.monotonic() < self._again:
            return
        try:
            self._supervisor.watch()
        except CrashLoop:
            self._again = time.monotonic() + AGAIN_S
            for child in self._supervisor.children.values():
                child.crashes.clear()

    def stop(self) -> None:
        """Stop it."""
        if self._supervisor is not None:
            self._supervisor.stop()


def origin_of(params: ApiParams, port: int) -> str:
    """Return what browsers call the API; a name, as passkeys belong to names."""
    return params.public_origin or f"http://localhost:{port}"
