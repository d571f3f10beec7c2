"""From a record's append to five hundred listeners on /ws, beside a bare fan-out of the same.

`python -m benchmarks.fan_out CLIENTS ROUNDS` starts the servers, an API, and a bare Starlette
application that consumes the topic and sends each record to every socket. Both are listened to in
turns by as many clients, while ten signals a second are appended; one JSON line has the 50th and
the 99th percentile of milliseconds from append to arrival, of both, and the ratio of the latter.
"""

import asyncio
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import uvicorn
from confluent_kafka import Consumer, Producer, TopicPartition
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect

from api import live_socket
from api.build import api_of, server_of
from benchmarks.bench_run import bench_run, serving
from connectors.kafka.headers import RecordHeaders
from connectors.runs import load_run
from connectors.settings import Settings
from flows.pipeline.start import prepare
from messages.codec import encode
from messages.topics import SIGNALS_GENERATED
from messages.trading import StrategyVote, TradeSignal
from stack.home import Home, free_port
from stack.listening import listening
from stack.servers.services import Services

EVENTS: Final = 100
EVERY_S: Final = 0.1
WARM: Final = 5
REST_S: Final = 5.0
ID: Final = re.compile(r'"id":"(sig-[^"]*)"')


def serve_ours(directory: Path, port: int) -> None:
    """Serve the API of a run; each line of stdin is answered with so many tickets."""
    live_socket.CONNECTS = 1_000_000  # type: ignore[misc]  # all of them come from one machine
    with api_of(serving(load_run(directory), port)) as api:
        server = server_of(api)
        sockets = listening("localhost", port)
        threading.Thread(target=server.run, args=(sockets,), daemon=True).start()
        for line in sys.stdin:
            given = []
            for number in range(int(line)):
                person, _ = api.access.sessions.begin(f"user-{number}", "somebody", "viewer")
                given.append(api.access.tickets.give(person))
            sys.stdout.write(json.dumps(given) + "\n")
            sys.stdout.flush()


def serve_bare(directory: Path, port: int) -> None:
    """Serve a fan-out with nothing around it."""
    run, clients = load_run(directory), set[WebSocket]()
    place = TopicPartition(run.layout.name(SIGNALS_GENERATED), 0)

    async def told(text: str) -> None:
        for client in list(clients):
            with suppress(WebSocketDisconnect, RuntimeError):
                await client.send_text(text)

    def follow(loop: asyncio.AbstractEventLoop) -> None:
        consumer = Consumer(run.layout.access.settings({"group.id": "bare"}))
        place.offset = consumer.get_watermark_offsets(place, timeout=30)[1]
        consumer.assign([place])
        while True:
            record = consumer.poll(1)
            if record is not None and record.error() is None:
                asyncio.run_coroutine_threadsafe(told((record.value() or b"").decode()), loop)

    async def listen(client: WebSocket) -> None:
        await client.accept()
        clients.add(client)
        with suppress(WebSocketDisconnect):
            while True:
                await client.receive_text()
        clients.discard(client)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        threading.Thread(target=follow, args=(loop,), daemon=True).start()
        app = Starlette(routes=[WebSocketRoute("/ws", listen)])
        config = uvicorn.Config(
            app, log_config=None, lifespan="off", ws="websockets-sansio",
            ws_per_message_deflate=False,
        )  # fmt: skip
        await uvicorn.Server(config).serve(listening("localhost", port))

    asyncio.run(main())


class Writer:
    """Appends signals, and remembers when."""

    def __init__(self, directory: Path) -> None:
        run = load_run(directory)
        self._topic = run.layout.name(SIGNALS_GENERATED)
        self._producer = Producer(run.layout.access.settings({"linger.ms": 0}))
        self._headers, self._seq = RecordHeaders(run.run_id), 0
        self.at: dict[str, float] = {}

    def write(self) -> None:
        """Append one."""
        body = TradeSignal(
            id=f"sig-{self._seq:032d}", event_time=datetime.now(UTC), ticker="AAPL",
            direction="LONG", strength=0.5, bar="bar-1",
            strategy_sources=tuple(StrategyVote(n, "LONG", 0.5, 0.33) for n in ("a", "b", "c")),
        )  # fmt: skip
        headers = self._headers(self._seq, self._seq, body.id)
        self.at[body.id] = time.perf_counter()
        self._producer.produce(
            self._topic, encode(body), b"", 0, headers=cast("Any", headers)
        )  # fmt: skip
        self._producer.poll(0)
        self._seq += 1


async def round_of(port: int, tickets: list[str], writer: Writer) -> list[float]:
    """Let as many listen as there are tickets, and return every delay, milliseconds."""
    delays: list[float] = []
    wanted = EVENTS + WARM
    first = len(writer.at) + WARM

    async def listener(ticket: str, ready: asyncio.Semaphore) -> None:
        url = f"ws://localhost:{port}/ws"
        async with connect(url, compression=None, open_timeout=60, ping_interval=None) as client:
            hello = {"type": "hello", "ticket": ticket, "channels": ["signals"]}
            await client.send(json.dumps(hello))
            ready.release()
            heard = 0
            async for message in client:
                now = time.perf_counter()
                if (found := ID.search(str(message))) is None:
                    continue
                if int(found[1][4:]) >= first:
                    delays.append(1_000 * (now - writer.at[found[1]]))
                heard += 1
                if heard == wanted:
                    return

    ready = asyncio.Semaphore(0)
    tasks = []
    for number, ticket in enumerate(tickets):
        tasks.append(asyncio.create_task(listener(ticket, ready)))
        if number % 20 == 19:
            for _ in range(20):
                await ready.acquire()
    await asyncio.sleep(1)
    for _ in range(wanted):
        writer.write()
        await asyncio.sleep(EVERY_S)
    await asyncio.wait_for(asyncio.gather(*tasks), 60)
    return delays


def given(server: "subprocess.Popen[str]", count: int) -> list[str]:
    """Return so many tickets of our server's."""
    if server.stdin is None or server.stdout is None:
        raise TypeError
    server.stdin.write(f"{count}\n")
    server.stdin.flush()
    found: list[str] = json.loads(server.stdout.readline())
    return found


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)


def measure(home: Path, clients: int, rounds: int) -> dict[str, Any]:
    """Start everything, take turns, and return the figures."""
    with Services(Home(home), Settings()) as services:
        run = bench_run(services)
        prepare(run, services.make_topics)
        directory, writer = Path(run.directory), Writer(Path(run.directory))
        servers, ports = {}, {}
        for kind in ("ours", "bare"):
            ports[kind] = free_port()
            words = ("-m", "benchmarks.fan_out", kind, str(directory), str(ports[kind]))
            servers[kind] = subprocess.Popen(
                [sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )  # fmt: skip
        for port in ports.values():
            wait_for(port)
        given(servers["ours"], 1)
        time.sleep(REST_S)  # the tail is at the topics' end
        found: dict[str, list[list[float]]] = {"ours": [], "bare": []}
        try:
            for _ in range(rounds):
                for kind in ("ours", "bare"):
                    tickets = [""] * clients
                    if kind == "ours":
                        tickets = given(servers["ours"], clients)
                    found[kind].append(asyncio.run(round_of(ports[kind], tickets, writer)))
        finally:
            for server in servers.values():
                server.kill()
                server.wait()
    return figures(found, clients)


def figures(found: dict[str, list[list[float]]], clients: int) -> dict[str, Any]:
    """Return percentiles of each side, and the ratios round by round."""
    p99 = {kind: [float(np.percentile(r, 99)) for r in rounds] for kind, rounds in found.items()}
    p50 = {kind: [float(np.percentile(r, 50)) for r in rounds] for kind, rounds in found.items()}
    return {
        "what": "append to listener on /ws", "clients": clients, "events_per_s": 1 / EVERY_S,
        **{f"{kind}_p50_ms": [round(v, 1) for v in p50[kind]] for kind in found},
        **{f"{kind}_p99_ms": [round(v, 1) for v in p99[kind]] for kind in found},
        "p99_ratio": [round(o / b, 2) for o, b in zip(p99["ours"], p99["bare"], strict=True)],
    }  # fmt: skip


def main(words: list[str]) -> None:
    """Serve one side, or measure both."""
    if words and words[0] in ("ours", "bare"):
        serve = serve_ours if words[0] == "ours" else serve_bare
        serve(Path(words[1]), int(words[2]))
        return
    clients, rounds = (int(word) for word in words or ("500", "3"))
    with tempfile.TemporaryDirectory() as home:
        sys.stdout.write(json.dumps(measure(Path(home), clients, rounds)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
