from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import Answer, Caps, NothingSentError, Request
from support.raw_server import raw_server, whole
from support.tls_server import server_context

REQUEST = Request(method="PUT", path="/thing", body=b"content")


def put(egress: Egress, server: ssl.SSLContext) -> tuple[Answer | NothingSentError, list[bytes]]:
    async def run() -> tuple[Answer | NothingSentError, list[bytes]]:
        async with raw_server(whole(b"ok"), tls=server) as running:
            endpoint = parse_endpoint(f"https://localhost:{running.port}")
            try:
                return await egress.exchange(endpoint, REQUEST, Caps(seconds=5)), running.received
            except NothingSentError as error:
                return error, running.received

    return asyncio.run(run())


def test_a_certificate_for_the_name_of_the_record_is_accepted_at_the_checked_address(tmp_path: Path) -> None:
    server = server_context(tmp_path, "localhost")
    trusting = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
    answer, received = put(Egress(tls=trusting), server)

    assert isinstance(answer, Answer)
    assert b"host: localhost:" in received[0].lower()


def test_a_certificate_for_another_name_means_that_nothing_was_sent(tmp_path: Path) -> None:
    server = server_context(tmp_path, "registry.example.com")
    trusting = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
    error, received = put(Egress(tls=trusting), server)

    assert (isinstance(error, NothingSentError), received) == (True, [])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_that_the_system_does_not_trust_means_that_nothing_was_sent(tmp_path: Path, host: str) -> None:
    error, received = put(Egress(), server_context(tmp_path, host))

    assert (isinstance(error, NothingSentError), received) == (True, [])
