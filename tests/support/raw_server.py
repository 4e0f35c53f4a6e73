"""A server that answers a connection with whatever bytes a test gives it, on a free loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

from msgspec import Struct, field

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


class RawServer(Struct):
    """What arrived, and whether each client has gone away."""

    port: int = 0
    connections: int = 0
    received: list[bytes] = field(default_factory=list)
    closed_by_client: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def raw_server(answering: Answering, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Serve: read one request head and its body, let `answering` write, then close or wait for the client."""
    state = RawServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            state.received.append(head + await reader.readexactly(_body_length(head)))
            await answering(writer)
            await writer.drain()
            if writer.is_closing():
                return
            writer.write_eof() if writer.can_write_eof() else writer.close()
            if await reader.read(1) == b"":
                state.closed_by_client.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()


def whole(content: bytes, *, status: str = "200 OK", headers: str = "") -> Answering:
    """Answer with `content` and its length."""
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(content)}\r\n{headers}\r\n".encode()

    async def answering(writer: asyncio.StreamWriter) -> None:
        writer.write(head + content)

    return answering


def exactly(content: bytes) -> Answering:
    """Answer with these bytes, which need be no HTTP, and then nothing more."""

    async def answering(writer: asyncio.StreamWriter) -> None:
        writer.write(content)

    return answering


async def silent(_: asyncio.StreamWriter) -> None:
    """Never answer: wait until the client goes."""
    await asyncio.Event().wait()


def _body_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0
