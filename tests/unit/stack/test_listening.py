"""Sockets to listen on: what is sent goes at once, and a peer that takes nothing is cut off."""

import asyncio
import socket

from stack.home import free_port
from stack.listening import NOT_TAKEN_MS, listening


def test_connections_send_at_once_and_do_not_wait_for_ever() -> None:
    options: list[tuple[int, int]] = []

    async def serve() -> None:
        done = asyncio.Event()

        async def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there = writer.get_extra_info("socket")
            options.append((
                there.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY),
                there.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
            ))  # fmt: skip
            writer.close()
            done.set()

        port = free_port()
        opened = listening("localhost", port)
        servers = [await asyncio.start_server(connected, sock=each) for each in opened]
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await done.wait()
        writer.close()
        for server in servers:
            server.close()

    asyncio.run(serve())
    assert options == [(1, NOT_TAKEN_MS)]
