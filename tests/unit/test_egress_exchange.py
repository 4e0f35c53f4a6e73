from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import pytest

from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import AmbiguousError, Answer, Caps, NothingSentError, Request
from placet.errors import ConfigurationError, EffectError
from placet.ports.effects import Secret
from support.raw_server import Answering, RawServer, exactly, raw_server, silent, whole

GET = Request(method="GET", path="/thing")
PUT = Request(method="PUT", path="/thing", body=b"content", bearer=Secret("word"))
CAPS = Caps(seconds=5, answer_bytes=1000)


def exchange(answering: Answering, request: Request = GET, caps: Caps = CAPS) -> tuple[Answer | EffectError, RawServer]:
    """Make one exchange with a server that answers so, and return the answer or the error."""

    async def run() -> tuple[Answer | EffectError, RawServer]:
        async with raw_server(answering) as server:
            try:
                return await Egress().exchange(parse_endpoint(server.url), request, caps), server
            except EffectError as error:
                return error, server

    return asyncio.run(run())


def test_an_answer_has_status_headers_in_lower_case_and_the_whole_body() -> None:
    answer, _ = exchange(whole(b"body", status="404 Not Found", headers="X-Thing: 1\r\n"))

    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers["x-thing"], answer.body) == (404, "1", b"body")


def test_the_request_goes_out_with_host_and_credential_on_a_connection_of_its_own() -> None:
    answer, server = exchange(whole(b""), PUT)

    head, _, body = server.received[0].partition(b"\r\n\r\n")
    assert isinstance(answer, Answer)
    assert head.startswith(b"PUT /thing HTTP/1.1\r\n")
    assert {b"authorization: bearer word", b"connection: close", b"content-length: 7"} <= set(
        head.lower().split(b"\r\n")
    )
    assert f"host: 127.0.0.1:{server.port}".encode() in head.lower()
    assert body == b"content"


def test_a_redirect_is_an_answer_like_any_other() -> None:
    answer, server = exchange(whole(b"", status="302 Found", headers="location: http://127.0.0.1:1/\r\n"))

    assert isinstance(answer, Answer)
    assert (answer.status, server.connections) == (302, 1)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 2", id="half a status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", id="half a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", id="half a chunk"),
        pytest.param(b"SSH-2.0-OpenSSH_9.9\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", id="two lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 30_000, id="endless headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n" + b"x" * 1001, id="larger than allowed"),
        pytest.param(b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\nabc", id="an upgrade nobody asked for"),
    ],
)
def test_no_whole_answer_is_ambiguous_once_bytes_were_sent(content: bytes) -> None:
    error, server = exchange(exactly(content), PUT, Caps(seconds=1, answer_bytes=1000))

    assert isinstance(error, AmbiguousError)
    assert (error.code, server.connections) == ("PROVIDER_AMBIGUOUS", 1)


def test_the_deadline_covers_the_whole_exchange_however_slowly_bytes_drip() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        while not writer.transport.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0)

    error, _ = exchange(drip, PUT, Caps(seconds=0.3, answer_bytes=10**9))

    assert isinstance(error, AmbiguousError)


def test_the_socket_is_closed_at_the_deadline() -> None:
    async def run() -> bool:
        left = asyncio.Event()

        async def answering(writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while not writer.transport.is_closing():
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    await writer.drain()
                    await asyncio.sleep(0)
            left.set()

        async with raw_server(answering) as server:
            with pytest.raises(AmbiguousError):
                await Egress().exchange(parse_endpoint(server.url), PUT, Caps(seconds=0.2))
            await asyncio.wait_for(left.wait(), 5)
            return left.is_set()

    assert asyncio.run(run())


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    async def run() -> None:
        async with raw_server(silent) as server:
            gone = server.url
        await Egress().exchange(parse_endpoint(gone), PUT, CAPS)

    with pytest.raises(NothingSentError) as caught:
        asyncio.run(run())
    assert caught.value.code == "PROVIDER_UNREACHABLE"


def test_a_name_that_cannot_be_resolved_means_that_nothing_was_sent() -> None:
    async def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    async def empty(_host: str, _port: int) -> Sequence[str]:
        return []

    for resolver in (nowhere, empty):
        with pytest.raises(NothingSentError):
            asyncio.run(Egress(resolver=resolver).exchange(parse_endpoint("http://localhost:1"), PUT, CAPS))


def test_the_next_address_is_tried_only_while_nothing_was_sent() -> None:
    async def both(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async def run() -> tuple[Answer, int]:
        async with raw_server(whole(b"ok")) as server:
            endpoint = parse_endpoint(f"http://localhost:{server.port}")
            return await Egress(resolver=both).exchange(endpoint, PUT, CAPS), server.connections

    answer, connections = asyncio.run(run())

    assert (answer.body, connections) == (b"ok", 1)


def test_after_the_first_byte_no_other_address_is_tried() -> None:
    async def twice(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1", "127.0.0.1"]

    async def run() -> int:
        async with raw_server(exactly(b"HTTP/1.1 2")) as server:
            with pytest.raises(AmbiguousError):
                await Egress(resolver=twice).exchange(parse_endpoint(f"http://localhost:{server.port}"), PUT, CAPS)
            return server.connections

    assert asyncio.run(run()) == 1


def test_what_the_last_check_raises_stops_the_request_before_its_first_byte() -> None:
    async def refuse() -> None:
        raise EffectError("FENCE_LOST", "not ours")

    async def run() -> list[bytes]:
        async with raw_server(whole(b"ok")) as server:
            with pytest.raises(EffectError, match="FENCE_LOST"):
                await Egress().exchange(parse_endpoint(server.url), PUT, CAPS, refuse)
            return server.received

    assert asyncio.run(run()) == []


def test_a_check_that_takes_too_long_means_that_nothing_was_sent() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    async def run() -> list[bytes]:
        async with raw_server(whole(b"ok")) as server:
            with pytest.raises(NothingSentError):
                await Egress().exchange(parse_endpoint(server.url), PUT, Caps(seconds=0.2), hang)
            return server.received

    assert asyncio.run(run()) == []


@pytest.mark.parametrize("secret", ["two words", "line\nbreak", "line\r\nx-injected: 1", "", "é"])
def test_a_credential_that_is_no_word_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        exchange(whole(b""), Request(method="GET", path="/thing", bearer=Secret(secret)))

    assert caught.value.code == "CREDENTIAL_INVALID"
    assert caught.value.__cause__ is None
    assert not secret or secret not in str(caught.value)
