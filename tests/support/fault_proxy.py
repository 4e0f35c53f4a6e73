"""A proxy between an executor and its provider that cuts, delays, duplicates and lies.

It reads one whole request of each connection, lets the fault of the moment decide how much of it
goes on and what comes back, and closes. It knows nothing of any provider: what it can do to one,
it can do to all.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import urlsplit

from msgspec import Struct, field

Answering = Callable[[bytes], bytes]
"""Makes the bytes that the executor gets out of those that the provider answered."""
Matching = Callable[[str, int], bool]
"""Tells from its request line and its number, counted from 0, whether a request meets the fault."""


def any_request(_: str, __: int) -> bool:
    return True


def number(wanted: int) -> Matching:
    """Return what matches the request of that number."""
    return lambda _, count: count == wanted


def method(*wanted: str) -> Matching:
    """Return what matches requests of these methods."""
    return lambda line, _: line.split(" ")[0] in wanted


class Fault(Struct, frozen=True, kw_only=True):
    """What befalls each request that matches.

    The request reaches the provider `forwarded` times (0: never, 2: duplicated), up to its byte
    `cut_request`; the executor gets what `answer` makes of the provider's last answer; with
    `silent` it gets nothing and waits. `closes` tells that the connection is closed afterwards.
    """

    matches: Matching = any_request
    forwarded: int = 1
    cut_request: int | None = None
    answer: Answering = field(default=lambda content: content)
    silent: bool = False


NO_FAULT = Fault()


def cut(at: int, matches: Matching = any_request) -> Fault:
    """Cut the answer before its byte `at`, after the provider acted."""
    return Fault(matches=matches, answer=lambda content: content[:at])


def lie(status: str, matches: Matching = any_request, *, body: bytes = b"", forwarded: int = 1) -> Fault:
    """Answer with another status than the provider's, which acted (or, with `forwarded=0`, never heard of it)."""
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
    return Fault(matches=matches, answer=lambda _: head + body, forwarded=forwarded)


def replay(content: bytes, matches: Matching = any_request) -> Fault:
    """Answer with bytes that were an answer once."""
    return Fault(matches=matches, answer=lambda _: content)


class FaultProxy(Struct):
    """A running proxy: set `fault`, read what passed."""

    upstream: str
    port: int = 0
    fault: Fault = NO_FAULT
    lines: list[str] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def expect(self, fault: Fault = NO_FAULT) -> None:
        """Begin to count anew, with another fault."""
        self.fault, self.lines, self.answers = fault, [], []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_message(reader)
        line = request.partition(b"\r\n")[0].decode("latin-1")
        fault = self.fault if self.fault.matches(line, len(self.lines)) else NO_FAULT
        self.lines.append(line)
        place = len(self.answers)
        self.answers.append(b"")
        answer = b""
        for _ in range(fault.forwarded):
            answer = await self._exchange(request[: fault.cut_request])
        self.answers[place] = answer
        if fault.silent:
            await reader.read()  # until the executor goes away
            return
        writer.write(fault.answer(answer))
        await writer.drain()

    async def _exchange(self, request: bytes) -> bytes:
        """Return what the provider answers; nothing where the request was cut, for it waits for the rest."""
        address = urlsplit(self.upstream)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(request)
            await writer.drain()
            whole = await _is_whole(request)
            return await read_message(reader, of=request) if whole else b""
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def fault_proxy(upstream: str) -> AsyncIterator[FaultProxy]:
    """Run a proxy before the server at `upstream`, on a free loopback port."""
    proxy = FaultProxy(upstream)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()


@contextlib.contextmanager
def watching_proxy(upstream: str) -> Iterator[FaultProxy]:
    """Run such a proxy in a thread of its own, before a server that other processes call."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running = fault_proxy(upstream)
    try:
        yield asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def read_message(reader: asyncio.StreamReader, *, of: bytes = b"") -> bytes:
    """Return one whole HTTP message, by its own framing; `of` is the request that it answers."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = _fields(head)
    if of.startswith(b"HEAD ") or head.split(b" ", 2)[1] in {b"204", b"304"}:
        return head
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        return head + await _chunks(reader)
    if b"content-length" in fields:
        return head + await reader.readexactly(int(fields[b"content-length"]))
    return head + (await reader.read() if head.startswith(b"HTTP/") else b"")


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        chunk = await reader.readexactly(int(size, 16) + 2)
        body += size + chunk
        if int(size, 16) == 0:
            return body


async def _is_whole(request: bytes) -> bool:
    """Tell whether these bytes are a whole request."""
    reader = asyncio.StreamReader()
    reader.feed_data(request)
    reader.feed_eof()
    with contextlib.suppress(asyncio.IncompleteReadError):
        await read_message(reader)
        return True
    return False


def _fields(head: bytes) -> dict[bytes, bytes]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
