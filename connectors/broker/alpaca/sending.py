"""One request over HTTP that knows whether it was sent, and ends in time.

A connection tells the attempt under way when the first byte leaves: what goes wrong before that
(names, refused connections, TLS) changed nothing, whatever the library calls it. Afterwards
nobody knows. A clock cuts the connection when the attempt's time is over, also where the other
side sends a byte now and then; one whose time was over before it was sent is never sent.
"""

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from threading import Timer
from typing import Any, Final

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

MAX_BODY: Final = 64_000_000
CHUNK: Final = 65_536
CONNECTIONS: Final = 16
NO_CONTENT: Final = 204
_UNDER_WAY = threading.local()


class Attempt:
    """One request on its way.

    Attributes:
        sent: some of it has left, so it may be carried out.
        cut: its time was over and its connection was closed.
    """

    def __init__(self, timeout_s: float) -> None:
        """Start its clock."""
        self.sent = self.cut = False
        self._deadline = time.monotonic() + timeout_s
        self._socket: Any = None
        self._lock = threading.Lock()
        self._timer = Timer(timeout_s, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Attempt":
        _UNDER_WAY.attempt = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._socket = None
        _UNDER_WAY.attempt = None

    def leaving(self, connected: Any) -> None:
        """Hear that bytes are about to leave by this socket.

        Raises:
            TimeoutError: they must not any more.
        """
        with self._lock:
            if not self.sent and time.monotonic() >= self._deadline:
                reason = "its time was over before it could be sent"
                raise TimeoutError(reason)
            self.sent, self._socket = True, connected

    def _cut(self) -> None:
        with self._lock:
            if self._socket is not None:
                self.cut = True
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


def _leaving(connection: HTTPConnection) -> None:
    if connection.sock is None:
        connection.connect()
    attempt: Attempt | None = getattr(_UNDER_WAY, "attempt", None)
    if attempt is not None:
        attempt.leaving(connection.sock)


class _Connection(HTTPConnection):
    def send(self, data: Any) -> None:
        _leaving(self)
        super().send(data)


class _SafeConnection(HTTPSConnection):
    _tunnelling = False

    def _tunnel(self) -> None:
        """Ask a proxy for a way to Alpaca: nothing of the request leaves by that."""
        self._tunnelling = True
        try:
            super()._tunnel()
        finally:
            self._tunnelling = False

    def send(self, data: Any) -> None:
        if not self._tunnelling:
            _leaving(self)
        super().send(data)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SafePool(HTTPSConnectionPool):
    ConnectionCls = _SafeConnection


class _Adapter(HTTPAdapter):
    """Connections that tell the attempt; nothing is tried twice."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _telling(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return _telling(super().proxy_manager_for(*args, **kwargs))


class _DirectAdapter(_Adapter):
    """Connections that no proxy stands between."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        return super().send(request, *args, **{**kwargs, "proxies": None})


def _telling(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SafePool}
    return manager


def mount(session: Session, *, local: bool) -> None:
    """Have a session's connections tell the attempt under way.

    Nothing of a .netrc is sent, and a server on this machine is asked without a proxy.
    """
    session.auth = _as_it_is
    made = _DirectAdapter if local else _Adapter
    for scheme in ("http://", "https://"):
        session.mount(scheme, made(pool_maxsize=CONNECTIONS, max_retries=0))


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    return request


def answer(
    session: Session, attempt: Attempt, method: str, url: str, timeout_s: float, **options: Any
) -> tuple[int, Mapping[str, str], bytes]:
    """Send a request, once, and return status, headers and the whole body.

    Raises:
        Exception: of many kinds; `attempt.sent` says what is known afterwards.
    """
    with attempt, session.request(
        method, url, timeout=timeout_s, stream=True, **options
    ) as response:  # fmt: skip
        body = bytearray()
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > MAX_BODY:
                reason = f"the answer is larger than {MAX_BODY:,} bytes"
                raise OSError(reason)
        # An answer without a length ends where it was cut, and looks whole.
        if attempt.cut or not (body or response.status_code == NO_CONTENT or _framed(response)):
            reason = "the answer was cut"
            raise TimeoutError(reason)
        return response.status_code, response.headers, bytes(body)


def _framed(response: Response) -> bool:
    """Tell whether an answer says where it ends."""
    return not response.headers.keys().isdisjoint(("content-length", "transfer-encoding"))
