"""One guarded connection for a library that opens its own: same addresses, same last check, same cut (protocol 5).

The library is told to connect to a port of this process, and gets bytes through to a checked
address of the provider; it never resolves a name and never reaches another host. TLS stays
between the library and the provider (the port speaks `CONNECT`), so certificates are verified
as ever. One tunnel carries one connection: a library that would send again, cannot.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from placet.adapters.egress.addresses import Address
from placet.adapters.egress.endpoint import Endpoint
from placet.adapters.egress.messages import BeforeFirstByte, Caps
from placet.errors import PlacetError

_CHUNK_BYTES = 64 * 1024


class Tunnel:
    """A connection that is not there yet, and then what became of it."""

    def __init__(self, endpoint: Endpoint, caps: Caps, before_first_byte: BeforeFirstByte | None) -> None:
        """Take where it leads, how much may come back, and what to ask before the first byte leaves."""
        self._endpoint = endpoint
        self._caps = caps
        self._before_first_byte = before_first_byte
        self._taken = False
        self._answered = False
        self.port = 0
        self.refusal: PlacetError | None = None
        self.may_be_sent = False

    @property
    def url(self) -> str:
        """Return the address of this process's port."""
        return f"http://127.0.0.1:{self.port}"

    async def carry(self, addresses: list[Address], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry the one connection; a second one is closed at once."""
        if self._taken:
            writer.close()
            return
        self._taken = True
        async with contextlib.AsyncExitStack() as closing:
            closing.callback(writer.close)
            with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                if self._endpoint.scheme == "https":
                    await self._read_connect(reader)
                upstream_reader, upstream_writer = await self._connect(addresses)
                closing.callback(upstream_writer.close)
                if self._endpoint.scheme == "https":
                    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await self._both_ways((reader, upstream_writer), (upstream_reader, writer))

    async def _read_connect(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        host = f"[{self._endpoint.host}]" if ":" in self._endpoint.host else self._endpoint.host
        if not head.startswith(f"CONNECT {host}:{self._endpoint.port} HTTP/1.1\r\n".encode("ascii")):
            raise ValueError("the library asked for another host")

    async def _connect(self, addresses: list[Address]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for address in addresses[:-1]:
            with contextlib.suppress(OSError):
                return await self._connect_to(address)
        return await self._connect_to(addresses[-1])

    async def _connect_to(self, address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(self._caps.connect_seconds):
            return await asyncio.open_connection(str(address), self._endpoint.port)

    async def _both_ways(
        self,
        out: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        back: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        directions = [asyncio.ensure_future(self._outwards(*out)), asyncio.ensure_future(self._back(*back))]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)

    async def _outwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(_CHUNK_BYTES):
            await self._ask()
            writer.write(chunk)
            await writer.drain()
        await asyncio.Event().wait()  # the library said all: the provider's end decides

    async def _ask(self) -> None:
        """Ask before the first byte of a request; with TLS a greeting goes first, which holds none of it."""
        if self.may_be_sent or (self._endpoint.scheme == "https" and not self._answered):
            return
        if self._before_first_byte is not None:
            try:
                await self._before_first_byte()
            except PlacetError as error:
                self.refusal = error
                raise ValueError("not allowed to send") from error
        self.may_be_sent = True

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = self._caps.answer_bytes
        while chunk := await reader.read(_CHUNK_BYTES):
            self._answered = True
            left -= len(chunk)
            if left < 0:
                return
            writer.write(chunk)
            await writer.drain()


@contextlib.asynccontextmanager
async def tunnel_to(
    endpoint: Endpoint, addresses: list[Address], caps: Caps, before_first_byte: BeforeFirstByte | None = None
) -> AsyncIterator[Tunnel]:
    """Open a port of this process that leads to one of `addresses`, which were checked; closed on leaving.

    On leaving, `may_be_sent` tells whether bytes of a request may have left, `refusal` holds what
    `before_first_byte` raised. After `caps.seconds` every socket is closed and `TimeoutError` is raised.
    """
    tunnel, carrying = Tunnel(endpoint, caps, before_first_byte), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(tunnel.carry(addresses, reader, writer))
        carrying.add(task)
        await asyncio.wait([task])

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1)
    tunnel.port = server.sockets[0].getsockname()[1]
    try:
        async with asyncio.timeout(caps.seconds):
            yield tunnel
    finally:
        server.close()
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
