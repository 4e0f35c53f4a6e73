from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import Answer, Caps, NothingSentError, Request
from support.raw_server import raw_server, whole

REQUEST = Request(method="PUT", path="/thing", body=b"content")


def server_context(folder: Path, host: str) -> ssl.SSLContext:
    """Return a server's context with a self-signed certificate for `host`, kept in `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)  # noqa: TID251 - the TLS library looks at the real time
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "certificate.pem").write_bytes(pem)
    (folder / "server.pem").write_bytes(secret + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


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
