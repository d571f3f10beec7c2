"""A server of raw sockets that answers as badly as a test wants, and keeps what it was asked."""

import base64
import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
Answer = Callable[[socket.socket, bytes], None]


class Raw:
    """Gives each request to the next answer of a list; the last one stays.

    Attributes:
        asked: first lines of the requests, in order.
        heads: of them, whole.
    """

    def __init__(self, *answers: Answer, context: ssl.SSLContext | None = None) -> None:
        self._answers, self._context = list(answers), context
        self.asked: list[str] = []
        self.heads: list[bytes] = []
        self.ending = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self.ending.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connected in self._open:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while not self.ending.is_set():
            try:
                connected, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(connected)
            thread = threading.Thread(target=self._serve, args=(connected,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connected: socket.socket) -> None:
        if self._context is not None:
            try:
                connected = self._context.wrap_socket(connected, server_side=True)
            except OSError:
                connected.close()
                return
            self._open.append(connected)
        with connected, suppress(OSError):
            while (request := read_request(connected)) is not None:
                self.asked.append(request.split(b"\r\n", 1)[0].decode())
                self.heads.append(request)
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                answer(connected, request)


@contextmanager
def raw(*answers: Answer) -> Iterator[Raw]:
    server = Raw(*answers)
    try:
        yield server
    finally:
        server.close()


def read_request(connected: socket.socket) -> bytes | None:
    """Return a request's head and body; None at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connected.recv(65_536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    named = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    length = int(named[0].split(b":")[1]) if named else 0
    while len(body) < length:
        body += connected.recv(65_536)
    return head + b"\r\n\r\n" + body


def says(status: int, body: bytes, *headers: str, length: int | None = None) -> Answer:
    """Answer with a status and a body; `length` may lie about it."""

    def answer(connected: socket.socket, _: bytes) -> None:
        head = [
            f"HTTP/1.1 {status} X",
            f"Content-Length: {len(body) if length is None else length}",
        ]
        connected.sendall("\r\n".join([*head, *headers, "", ""]).encode() + body)
        if length is not None:
            connected.shutdown(socket.SHUT_RDWR)

    return answer


def sends(data: bytes) -> Answer:
    """Send bytes as they are, and end the connection."""

    def answer(connected: socket.socket, _: bytes) -> None:
        connected.sendall(data)
        connected.shutdown(socket.SHUT_RDWR)

    return answer


def resets(connected: socket.socket, _: bytes) -> None:
    """End the connection with a reset."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connected.close()


def hangs(connected: socket.socket, _: bytes) -> None:
    """Say nothing until the other side goes."""
    while connected.recv(65_536):
        pass


def drips(head: bytes) -> Answer:
    """Send a head, and then a byte now and then, for ever."""

    def answer(connected: socket.socket, _: bytes) -> None:
        connected.sendall(head)
        connected.settimeout(0.05)
        while True:
            with suppress(TimeoutError):
                if not connected.recv(65_536):
                    return
            connected.sendall(b"x")

    return answer


def shakes_hands_and_is_silent(connected: socket.socket, request: bytes) -> None:
    """Open a websocket and never say anything, not even to a ping."""
    shakes_hands_and_says()(connected, request)


def shakes_hands_and_says(*bodies: bytes) -> Answer:
    """Open a websocket, say some things, and nothing any more, not even to a ping."""

    def answer(connected: socket.socket, request: bytes) -> None:
        lines = [line.split(b": ", 1) for line in request.split(b"\r\n") if b": " in line]
        key = next(value for name, value in lines if name.lower() == b"sec-websocket-key")
        accept = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
        connected.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        for body in bodies:
            assert len(body) < 126, "a short frame"
            connected.sendall(b"\x82" + bytes([len(body)]) + body)
        hangs(connected, request)

    return answer
