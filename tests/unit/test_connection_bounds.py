"""One connection's bounds, in this process and with little patience: time, pipelining, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from placet.web.addresses import Networks
from placet.web.server.connection import Connection, House, Patience
from placet.web.server.crowd import Crowd
from placet.web.server.refusal import refusing

SECONDS = 0.2
ASKING = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Work = Callable[["Place"], Awaitable[None]]


class Place:
    """A listener in this process, its application, and what was told of refusals."""

    def __init__(self, *, most: int = 100, content: bytes = b"yes", **patience: Any) -> None:
        self.told: list[tuple[str, str, int, str]] = []
        self.targets: list[bytes] = []
        self.headers: list[list[tuple[bytes, bytes]]] = []
        self.content = content
        self.house = House(
            config=uvicorn.Config(
                self._application,
                interface="asgi3",
                proxy_headers=False,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
            ),
            state=ServerState(),
            crowd=Crowd(most=most, trusted=Networks()),
            refuse=refusing([(b"x-frame-options", b"DENY")], lambda *told: self.told.append(told)),
            patience=Patience(**{"seconds": SECONDS, "ending_seconds": SECONDS} | patience),
        )
        self.port = 0

    async def _application(self, scope: Any, _: object, send: Any) -> None:
        self.targets.append(scope["raw_path"])
        self.headers.append(scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.content})

    async def connect(self) -> Streams:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def hear(self, *parts: bytes) -> bytes:
        """Send these parts on a connection of their own, and return what came until it ended."""
        reader, writer = await self.connect()
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
        return await until_the_end(reader, writer)


async def until_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    content = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(60):
            while part := await reader.read(1 << 16):
                content += part
    writer.close()
    return content


@contextlib.asynccontextmanager
async def listening(place: Place) -> AsyncIterator[Place]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(place.house), "127.0.0.1", 0)
    place.port = server.sockets[0].getsockname()[1]
    try:
        yield place
    finally:
        server.close()
        async with asyncio.timeout(60):
            while place.house.crowd.size:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)


def at(place: Place, work: Work) -> None:
    async def run() -> None:
        async with listening(place):
            await work(place)

    asyncio.run(run())


def test_a_connection_on_which_nothing_comes_ends() -> None:
    async def work(place: Place) -> None:
        assert await place.hear() == b""
        assert place.told == []

    at(Place(), work)


def test_a_connection_that_idles_after_an_answer_ends() -> None:
    async def work(place: Place) -> None:
        heard = await place.hear(ASKING)
        assert heard.startswith(b"HTTP/1.1 200 OK")
        assert b"connection: close" not in heard

    at(Place(), work)


@pytest.mark.parametrize("part", [b"\r\n", b"a"])
@pytest.mark.parametrize("before", [b"", ASKING, b"GET / HTTP/1.1\r\nX: "])
def test_a_byte_now_and_then_keeps_no_connection_open(before: bytes, part: bytes) -> None:
    async def work(place: Place) -> None:
        reader, writer = await place.connect()
        writer.write(before)

        async def drip() -> None:
            while True:
                writer.write(part)
                await asyncio.sleep(SECONDS / 4)

        dripping = asyncio.create_task(drip())
        await until_the_end(reader, writer)
        dripping.cancel()

    at(Place(), work)


def test_who_does_not_read_is_cut_off() -> None:
    async def work(place: Place) -> None:
        _, writer = await place.connect()
        writer.write(ASKING)
        async with asyncio.timeout(60):
            while not place.targets or place.house.crowd.size:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        writer.close()

    at(Place(content=b"x" * 50_000_000), work)


def test_what_is_still_sent_after_the_answer_is_thrown_away_for_a_while() -> None:
    async def work(place: Place) -> None:
        heard = await place.hear(b"\0" * 100, *[b"x" * 65_536] * 50)

        assert heard.startswith(b"HTTP/1.1 400 ")

    at(Place(ending_seconds=30), work)


def test_who_sends_on_and_on_after_the_answer_is_cut_off() -> None:
    async def work(place: Place) -> None:
        heard = await place.hear(b"\0" * 100, *[b"x" * 1_000_000] * 100)

        assert heard.startswith(b"HTTP/1.1 400 ") or not heard

    at(Place(ending_seconds=30), work)


def test_who_finds_no_room_is_told_to_come_again() -> None:
    async def work(place: Place) -> None:
        _, first = await place.connect()
        first.write(ASKING)
        async with asyncio.timeout(60):
            while not place.targets:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)

        heard = await place.hear()

        assert heard.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nretry-after: 5\r\n" in heard
        assert place.told[0][1:3] == ("BUSY", 503)
        first.close()

    at(Place(most=1, seconds=30), work)


def test_a_few_requests_may_be_sent_ahead_and_are_answered_in_their_order() -> None:
    async def work(place: Place) -> None:
        asked = [b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number for number in range(8)]

        heard = await place.hear(b"".join(asked))

        assert heard.count(b"HTTP/1.1 200 OK") == 8
        assert place.targets == [b"/%d" % number for number in range(8)]

    at(Place(), work)


def test_too_many_that_are_sent_ahead_end_the_connection() -> None:
    async def work(place: Place) -> None:
        assert (await place.hear(ASKING * 1000)).count(b"HTTP/1.1") < 20

    at(Place(), work)


def test_a_connection_answers_so_many_requests_and_then_ends() -> None:
    async def work(place: Place) -> None:
        heard = await place.hear(ASKING * 3)

        assert heard.count(b"HTTP/1.1 200 OK") == 2
        assert heard.count(b"connection: close") == 1

    at(Place(requests=2, seconds=30), work)


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
def test_what_two_servers_could_read_differently_is_refused_and_reaches_nothing(raw: bytes) -> None:
    async def work(place: Place) -> None:
        heard = await place.hear(raw)

        assert heard.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"\r\nx-frame-options: DENY\r\n" in heard
        assert b"HTTP/1.1 200" not in heard
        assert place.targets == []

    at(Place(seconds=30), work)


def test_a_chunk_size_that_is_none_reaches_nothing_more() -> None:
    async def work(place: Place) -> None:
        raw = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n" + ASKING

        await place.hear(raw)

        assert len(place.targets) <= 1

    at(Place(seconds=30), work)


@pytest.mark.parametrize("trailer", [b"X-Forwarded-For: 203.0.113.99", b"X-API-Key: k", b"Host: b"])
@pytest.mark.parametrize("count", [1, 70])
def test_what_stands_behind_a_body_is_no_header(trailer: bytes, count: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def work(place: Place) -> None:
        heard = await place.hear(head + b"1\r\na\r\n0\r\n" + (trailer + b"\r\n") * count + b"\r\n" + ASKING)

        assert heard.count(b"HTTP/1.1 200 OK") == 2
        assert place.headers == [[(b"host", b"a"), (b"transfer-encoding", b"chunked")], [(b"host", b"localhost")]]

    at(Place(), work)


def test_what_stands_behind_a_body_is_bounded_with_the_head() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def work(place: Place) -> None:
        await place.hear(head + b"0\r\n" + b"X: y\r\n" * 5000 + b"\r\n" + ASKING)

        assert len(place.targets) <= 1

    at(Place(), work)


UPGRADE = b"Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"


@pytest.mark.parametrize(
    "body", [b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"]
)
def test_who_asks_for_another_protocol_with_a_body_is_told_why_not(body: bytes) -> None:
    async def work(place: Place) -> None:
        heard = await place.hear(b"POST / HTTP/1.1\r\n" + UPGRADE + body)

        assert heard.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"without an Upgrade header" in heard
        assert place.targets == []

    at(Place(seconds=30), work)


@pytest.mark.parametrize("length", [b"", b"Content-Length: 0\r\n"])
def test_who_asks_for_another_protocol_without_a_body_is_answered_in_this_one(length: bytes) -> None:
    async def work(place: Place) -> None:
        heard = await place.hear(b"GET / HTTP/1.1\r\n" + UPGRADE + length + b"\r\n")

        assert heard.startswith(b"HTTP/1.1 200 OK")

    at(Place(), work)
