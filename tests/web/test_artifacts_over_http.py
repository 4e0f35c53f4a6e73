"""Artifacts are uploaded by digest, in pieces, and gone on with where a connection broke (contract 8)."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import time
from urllib.parse import urlencode

import pytest

from placet.ports.blobs import ARTIFACT_LIMIT_BYTES
from support.remote import PUBLISHES, Person, make_key
from support.service import Reply, Service

CONTENT = b"some bytes of an archive " * 20_000


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    return make_key(service.shell, *PUBLISHES, principal="person:local")


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def put(service: Service, key: str, content: bytes, *, of: bytes, offset: int = 0, size: int = 0) -> Reply:
    query = urlencode({"size": size or len(of), "offset": offset})
    return service.ask("PUT", f"/api/v1/artifacts/{digest_of(of)}?{query}", key=key, content=content)


def status(service: Service, key: str, of: bytes) -> dict[str, object]:
    found = service.ask("GET", f"/api/v1/artifacts/{digest_of(of)}?size={len(of)}", key=key)
    document: dict[str, object] = found.document
    return document


def test_pieces_become_an_artifact_when_the_last_of_them_came(service: Service, key: str) -> None:
    content = b"1" + CONTENT
    assert status(service, key, content)["received"] == 0
    first = put(service, key, content[:1000], of=content)
    assert (first.status, first.document["received"], first.document["complete"]) == (200, 1000, False)

    last = put(service, key, content[1000:], of=content, offset=1000)

    assert last.document == {"digest": digest_of(content), "received": len(content), "complete": True}
    assert status(service, key, content) == last.document
    assert put(service, key, content, of=content).document == last.document


def test_an_upload_that_was_cut_in_the_middle_is_gone_on_with(service: Service, key: str) -> None:
    content = b"2" + CONTENT
    half = len(content) // 2
    head = (
        f"PUT /api/v1/artifacts/{digest_of(content)}?size={len(content)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"X-API-Key: {key}\r\nContent-Type: application/octet-stream\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    with contextlib.closing(socket.create_connection(("127.0.0.1", service.port), timeout=30)) as connection:
        connection.sendall(head.encode() + content[:half])
    received = settled(service, key, content)

    assert 0 < received <= half
    done = put(service, key, content[received:], of=content, offset=received)
    assert done.document["complete"] is True


def settled(service: Service, key: str, content: bytes) -> int:
    """Return how much came of an upload that was cut, once the service has noticed."""
    until = time.monotonic() + 30
    while True:
        received = status(service, key, content)["received"]
        assert isinstance(received, int)
        asked = put(service, key, b"", of=content, offset=received)
        if asked.status == 200:
            return received
        assert time.monotonic() < until, asked.content


def test_a_piece_that_does_not_follow_is_refused(service: Service, key: str) -> None:
    content = b"3" + CONTENT
    put(service, key, content[:10], of=content)

    refused = put(service, key, content[20:], of=content, offset=20)

    assert (refused.status, refused.code) == (409, "UPLOAD_OFFSET")
    assert status(service, key, content)["received"] == 10


def test_other_bytes_than_the_digest_says_are_refused_and_forgotten(service: Service, key: str) -> None:
    content = b"4" + CONTENT

    refused = put(service, key, b"5" + CONTENT, of=content)

    assert (refused.status, refused.code) == (409, "DIGEST_MISMATCH")
    assert status(service, key, content)["received"] == 0


def test_what_is_too_large_is_refused_before_its_body(service: Service, key: str) -> None:
    content = b"6" + CONTENT
    too_many = put(service, key, b"", of=content, size=ARTIFACT_LIMIT_BYTES + 1)
    too_long = service.ask(
        "PUT",
        f"/api/v1/artifacts/{digest_of(content)}?size=9",
        key=key,
        headers={"Content-Length": str(ARTIFACT_LIMIT_BYTES + 1)},
    )

    assert (too_many.status, too_many.code) == (413, "ARTIFACT_TOO_LARGE")
    assert (too_long.status, too_long.code) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("digest", ["sha256:" + "A" * 64, "sha512:" + "0" * 64, "tool.tgz"])
def test_what_is_no_digest_is_refused(service: Service, key: str, digest: str) -> None:
    refused = service.ask("PUT", f"/api/v1/artifacts/{digest}?size=1", key=key, content=b"x")

    assert (refused.status, refused.code) == (400, "DIGEST_INVALID")


def test_who_may_publish_nothing_uploads_nothing(service: Service, key: str) -> None:
    del key
    narrow = make_key(service.shell, "certificates:issue=*", principal="person:local")

    refused = put(service, narrow, CONTENT, of=CONTENT)

    assert (refused.status, refused.code) == (403, "SCOPE_INSUFFICIENT")


def test_the_client_goes_on_from_where_the_service_stands(service: Service, key: str) -> None:
    content = b"7" + CONTENT
    put(service, key, content[:12_345], of=content)

    sent = Person(service, "local", key).do(lambda placet: placet.publishing.artifacts.send(content))

    assert sent == digest_of(content)
    assert status(service, key, content)["complete"] is True
