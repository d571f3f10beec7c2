"""The API's process beside a run's flows: started with them, restarted, and never their undoing."""

import errno
import socket
import time
from typing import Final

from connectors.api_params import ApiParams
from connectors.runs import Run
from connectors.settings import Settings
from stack.errors import StackError
from stack.home import Home
from stack.listening import listening
from stack.runtime.supervisor import CrashLoop, FlowProcess, Supervisor

AGAIN_S: Final = 60.0
TRIES: Final = 5


class Front:
    """Keeps the API of one run up; its trouble stops no flow.

    Attributes:
        origin: where browsers find it; empty where it is off.
    """

    def __init__(self, home: Home, run: Run, settings: Settings) -> None:
        """Listen; nothing is started. Who connects meanwhile, or between two starts, waits.

        Raises:
            StackError: the settings' address is none of this machine's.
        """
        self._supervisor: Supervisor | None = None
        self._sockets: list[socket.socket] = []
        self._again = 0.0
        self.origin = ""
        if settings.api.on:
            port, self._sockets = _listen(home, settings.api)
            numbers = tuple(opened.fileno() for opened in self._sockets)
            inherited = (word for number in numbers for word in ("--fd", str(number)))
            arguments = ("--port", str(port), "--home", str(home.path), *inherited)
            self.origin = origin_of(settings.api, port)
            process = FlowProcess("api", arguments, "api", numbers)
            self._supervisor = Supervisor(run.path(), [process])

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
                child.barren = 0

    def stop(self) -> None:
        """Stop it."""
        if self._supervisor is not None:
            self._supervisor.stop()
        for opened in self._sockets:
            opened.close()


def _listen(home: Home, params: ApiParams) -> tuple[int, list[socket.socket]]:
    """Return the port that was free, and the sockets that listen on it."""
    for left in range(TRIES, 0, -1):
        port = home.port_from("api", params.port)
        try:
            return port, listening(params.host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or left == 1:
                reason = (
                    f"The API cannot listen on {params.host}:{port} ({error.strerror}): choose "
                    "another with TIDEWIRE_API__HOST or TIDEWIRE_API__PORT."
                )
                raise StackError(reason) from error
    raise AssertionError  # the last try returns or raises


def origin_of(params: ApiParams, port: int) -> str:
    """Return what browsers call the API; a name, as passkeys belong to names."""
    return params.public_origin or f"http://localhost:{port}"
