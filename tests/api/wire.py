"""A listener on /ws, and a hand that writes a run's topics as its flows do."""

import json
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Producer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from connectors.kafka.headers import RecordHeaders
from connectors.kafka.layout import Layout, create_topics
from messages.base import Message
from messages.codec import encode
from messages.topics import EVERY_TOPIC, Topic
from tests.api.served import Served
from tests.waiting import eventually


class Hand:
    """Writes records with the run's headers, numbered as a flow's sink does, from a number on."""

    def __init__(self, layout: Layout, begun: int = 0) -> None:
        self.layout = layout
        self._begun = begun
        create_topics(layout, EVERY_TOPIC)
        self._producer = Producer(layout.access.settings())
        self._headers = RecordHeaders(layout.run_id)
        self._next: dict[tuple[str, int], int] = {}

    def write(self, topic: Topic[Any], bodies: Iterable[Message], partition: int = 0) -> None:
        for body in bodies:
            seq = self.seq(topic, partition)
            self.put(topic, encode(body), self._headers(seq, seq, body.id), partition)
        self._producer.flush(60)

    def seq(self, topic: Topic[Any], partition: int = 0) -> int:
        """Return the next number of a partition, and use it up."""
        found = self._next.get((topic.name, partition), self._begun)
        self._next[topic.name, partition] = found + 1
        return found

    def put(self, topic: Topic[Any], value: bytes, headers: Any, partition: int = 0) -> None:
        """Write one record as it is told."""
        self._producer.poll(0)
        name = self.layout.name(topic)
        self._producer.produce(name, value, b"", partition, headers=headers)

    def flush(self) -> None:
        self._producer.flush(60)


def ticket(web: Served, headers: dict[str, str] | None = None) -> str:
    answer = web.client.post(
        "/api/ws-ticket", json={}, headers=headers or web.bearer("viewer")
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["ticket"]
    return found


def opened(web: Served, **more: Any) -> ClientConnection:
    """Return a socket that has said nothing yet."""
    more.setdefault("origin", web.origin.public)
    return connect(f"ws://localhost:{web.origin.port}/ws", open_timeout=60, legacy=True, **more)


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def closed(socket: ClientConnection) -> tuple[int, str]:
    """Hear until the socket is closed; returns code and reason, (0, "") without a word."""
    try:
        while True:
            socket.recv(60)
    except ConnectionClosed as told:
        return (told.rcvd.code, told.rcvd.reason) if told.rcvd else (0, "")


def hear(socket: ClientConnection, timeout: float = 60) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(socket.recv(timeout))
    return found


def listening(
    web: Served, *channels: str, headers: dict[str, str] | None = None, cursor: str = ""
) -> tuple[ClientConnection, dict[str, Any]]:
    """Return a socket behind its welcome, and the welcome; the tail is at the topics' end then."""
    eventually(lambda: web.api.live._ready)
    socket = opened(web)
    say(socket, type="hello", ticket=ticket(web, headers), channels=channels, cursor=cursor)
    return socket, hear(socket)


def events(socket: ClientConnection, count: int) -> list[dict[str, Any]]:
    """Hear a number of events; heartbeats between them are left out."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        message = hear(socket)
        if message["type"] == "event":
            found.append(message)
    return found
