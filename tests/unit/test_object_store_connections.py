"""The way of the object store's library to its store: through the tunnel of the egress guard, and no other."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import ssl
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import Caps
from placet.adapters.egress.tunnel import tunnel_to
from placet.adapters.objectstore.bucket import Answered, Bucket, Sent, UnclearError
from placet.adapters.objectstore.place import key_pair_of, parse_place
from placet.errors import EffectError
from placet.ports.effects import Provider
from support.effects import GivenCredentials
from support.raw_server import RawServer, exactly, raw_server, silent, whole
from support.seaweed import KEY_ID, SECRET
from support.tls_server import server_context

CREATED = whole(b"", headers='etag: "0"\r\n')
PROVIDER = Provider(provider_id="objects", kind="s3", url="", credential="env:S3")


def bucket(url: str, egress: Egress | None = None) -> Bucket:
    provider = replace(PROVIDER, url=f"{url}/objects/pre")
    return Bucket(egress or Egress(), parse_place(provider), key_pair_of(provider, GivenCredentials()))


async def put(server: RawServer, url: str, egress: Egress | None = None, *, seconds: float = 5) -> tuple[Sent, int]:
    """Send one object; return how it ended, and how many bytes had arrived when leave to send was asked for."""
    arrived = -1

    async def permit() -> None:
        nonlocal arrived
        assert arrived == -1, "asked twice"
        arrived = sum(map(len, server.received))

    sent = await bucket(url, egress).create("key", b"content", seconds=seconds, before_first_byte=permit)
    return sent, arrived


def test_a_request_is_signed_create_only_with_its_checksum_and_leave_is_asked_first() -> None:
    async def run() -> tuple[Sent, int, list[bytes]]:
        async with raw_server(CREATED) as server:
            return *await put(server, server.url), server.received

    sent, arrived, (request,) = asyncio.run(run())
    head = request.lower()

    assert (sent.answered, arrived) == (Answered.CREATED, 0)
    assert head.startswith(b"put /objects/pre/key http/1.1\r\n")
    assert b"if-none-match: *\r\n" in head
    checksum = base64.b64encode(hashlib.sha256(b"content").digest())
    assert b"x-amz-checksum-sha256: " + checksum.lower() in head
    assert f"credential={KEY_ID}/".lower().encode() in head
    assert SECRET.encode() not in request
    assert request.endswith(b"content")


def test_tls_is_with_the_store_itself_and_leave_is_asked_after_its_certificate_was_seen(tmp_path: Path) -> None:
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server_tls = server_context(tmp_path, "store.localhost")
    trusting.load_verify_locations(cafile=tmp_path / "certificate.pem")

    async def resolver(host: str, _: int) -> Sequence[str]:
        return {"store.localhost": ["127.0.0.1"]}[host]

    async def run() -> tuple[Sent, int, list[bytes]]:
        async with raw_server(CREATED, tls=server_tls) as server:
            url = f"https://store.localhost:{server.port}"
            return *await put(server, url, Egress(resolver=resolver, tls=trusting)), server.received

    sent, arrived, (request,) = asyncio.run(run())

    assert (sent.answered, arrived) == (Answered.CREATED, 0)
    assert b"host: store.localhost:" in request.lower()


@pytest.mark.parametrize("host", ["localhost", "other.example.com"])
def test_a_certificate_that_is_not_trusted_means_that_no_request_arrives(tmp_path: Path, host: str) -> None:
    async def run() -> tuple[Sent, int, list[bytes]]:
        async with raw_server(CREATED, tls=server_context(tmp_path, host)) as server:
            return *await put(server, f"https://localhost:{server.port}"), server.received

    sent, _, received = asyncio.run(run())

    assert sent.answered in {Answered.UNCLEAR, Answered.UNSENT}
    assert received == []


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1"])
def test_a_name_that_leads_inside_is_denied_before_anything_is_opened(address: str) -> None:
    async def resolver(_: str, __: int) -> Sequence[str]:
        return [address]

    store = bucket("https://s3.example.com", Egress(resolver=resolver))

    async def run() -> None:
        with pytest.raises(EffectError, match="EGRESS_DENIED"):
            await store.create("key", b"", seconds=5)
        with pytest.raises(EffectError, match="EGRESS_DENIED"):
            await store.sha256_of("key", limit=1)
        with pytest.raises(EffectError, match="EGRESS_DENIED"):
            await store.lists("key")

    asyncio.run(run())


def test_a_name_without_an_address_means_that_nothing_was_sent() -> None:
    async def resolver(_: str, __: int) -> Sequence[str]:
        raise OSError

    store = bucket("https://s3.example.com", Egress(resolver=resolver))

    assert asyncio.run(store.create("key", b"", seconds=5)).answered is Answered.UNSENT
    with pytest.raises(UnclearError):
        asyncio.run(store.lists("key"))


def test_at_the_deadline_the_socket_is_closed_and_the_effect_is_in_doubt() -> None:
    async def run() -> Sent:
        async with raw_server(silent) as server:
            return (await put(server, server.url, seconds=0.5))[0]

    assert asyncio.run(run()).answered is Answered.UNCLEAR


def test_an_answer_without_end_is_cut_off() -> None:
    async def run() -> Sent:
        async with raw_server(
            exactly(b"HTTP/1.1 500 No\r\ncontent-length: 99999999\r\n\r\n" + b"x" * 6_000_000)
        ) as server:
            return (await put(server, server.url))[0]

    assert asyncio.run(run()).answered is Answered.UNCLEAR


@pytest.mark.parametrize("status", ["301 Moved", "307 Temporary Redirect"])
def test_a_redirect_is_not_followed(status: str) -> None:
    async def run() -> tuple[Answered, int]:
        async with raw_server(CREATED) as bait:
            location = f"location: {bait.url}/objects/pre/key\r\n"
            async with raw_server(whole(b"", status=status, headers=location)) as server:
                return (await put(server, server.url))[0].answered, bait.connections

    answered, led = asyncio.run(run())

    assert (answered is Answered.CREATED, led) == (False, 0)


def test_a_tunnel_carries_one_connection_and_no_second() -> None:
    async def run() -> tuple[bytes, bytes, int]:
        async with raw_server(whole(b"ok")) as server:
            endpoint = parse_endpoint(server.url)
            async with tunnel_to(endpoint, await Egress().addresses(endpoint), Caps(seconds=5)) as tunnel:
                answers = []
                for _ in range(2):
                    reader, writer = await asyncio.open_connection("127.0.0.1", tunnel.port)
                    writer.write(b"GET / HTTP/1.1\r\n\r\n")
                    answers.append(b"")
                    with contextlib.suppress(ConnectionError):
                        answers[-1] = await reader.read()
                    writer.close()
            return answers[0], answers[1], server.connections

    first, second, connections = asyncio.run(run())

    assert (first.endswith(b"ok"), second, connections) == (True, b"", 1)


@pytest.mark.parametrize("head", [b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\r\n\r\n"])
def test_a_tunnel_leads_to_its_provider_and_nowhere_else(head: bytes) -> None:
    async def run() -> tuple[bytes, int, bool]:
        async with raw_server(whole(b"ok")) as server:
            endpoint = parse_endpoint(f"https://localhost:{server.port}")
            async with tunnel_to(endpoint, await Egress().addresses(endpoint), Caps(seconds=5)) as tunnel:
                reader, writer = await asyncio.open_connection("127.0.0.1", tunnel.port)
                writer.write(head)
                answer = await reader.read()
                writer.close()
            return answer, server.connections, tunnel.may_be_sent

    assert asyncio.run(run()) == (b"", 0, False)


PROGRAM = """
import asyncio, sys
sys.path.insert(0, "tests")
from placet.adapters.egress.exchange import Egress
from placet.adapters.objectstore.bucket import Bucket
from placet.adapters.objectstore.place import key_pair_of, parse_place
from placet.ports.effects import Provider
from support.effects import GivenCredentials
provider = Provider(provider_id="objects", kind="s3", url=sys.argv[1] + "/objects", credential="env:S3")
bucket = Bucket(Egress(), parse_place(provider), key_pair_of(provider, GivenCredentials()))
print(asyncio.run(bucket.create("key", b"content", seconds=5)).answered.name)
"""


def test_nothing_in_the_environment_leads_a_request_elsewhere_or_changes_it() -> None:
    async def run() -> tuple[str, int, list[bytes]]:
        async with raw_server(CREATED) as bait, raw_server(CREATED) as server:
            hostile = {
                **dict.fromkeys(("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"), bait.url),
                **dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "AWS_PROXY_URL"), bait.url),
                **dict.fromkeys(("AWS_SKIP_SIGNATURE", "AWS_ALLOW_INVALID_CERTIFICATES", "AWS_S3_EXPRESS"), "true"),
                **dict.fromkeys(("AWS_UNSIGNED_PAYLOAD", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST"), "true"),
                "AWS_ACCESS_KEY_ID": "canary",
                "AWS_SECRET_ACCESS_KEY": "canary",
                "AWS_SESSION_TOKEN": "canary",
                "AWS_REGION": "canary-1",
                "AWS_CONDITIONAL_PUT": "disabled",
                "AWS_METADATA_ENDPOINT": bait.url,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": bait.url,
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", PROGRAM, server.url,
                stdout=subprocess.PIPE,
                env={"PATH": os.environ["PATH"], **hostile},  # noqa: TID251 - the interpreter is found on it
            )  # fmt: skip
            said, _ = await process.communicate()
            return said.decode().strip(), bait.connections, server.received

    said, led, (request,) = asyncio.run(run())

    assert (said, led) == ("CREATED", 0)
    assert b"canary" not in request
    assert b"if-none-match: *" in request.lower()
    assert b"/us-east-1/s3/aws4_request" in request
