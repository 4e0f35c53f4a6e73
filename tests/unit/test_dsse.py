"""A DSSE envelope has one spelling and gives its payload out to whoever verified it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from placet.domain.encoding.dsse import LIMIT_BYTES, Envelope, pae, parse_envelope, seal
from placet.errors import InvalidInputError, VerificationError

TYPE = "application/example"


def sealed() -> Envelope:
    return seal(TYPE, b"payload", keyid="k", sign=lambda message: message[::-1])


def check(signature: bytes, message: bytes) -> None:
    if signature != message[::-1]:
        raise VerificationError("SIGNATURE_INVALID", "no")


def refusal(encoded: bytes) -> str:
    with pytest.raises(InvalidInputError) as refused:
        parse_envelope(encoded)
    return refused.value.code


def members(**changes: Any) -> bytes:
    return json.dumps({**json.loads(sealed().encode()), **changes}, sort_keys=True, separators=(",", ":")).encode()


def test_the_signed_bytes_are_those_of_the_specification() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_a_verified_envelope_gives_its_payload() -> None:
    assert parse_envelope(sealed().encode()).opened(TYPE, keyid="k", verify=check) == b"payload"


def test_an_envelope_whose_signature_does_not_hold_gives_nothing() -> None:
    forged = Envelope(payload_type=TYPE, _payload=b"other", keyid="k", signature=sealed().signature)

    with pytest.raises(VerificationError):
        forged.opened(TYPE, keyid="k", verify=check)


def test_an_envelope_of_another_type_gives_nothing() -> None:
    with pytest.raises(InvalidInputError, match="not other"):
        sealed().opened("other", keyid="k", verify=check)


def test_an_envelope_that_names_another_key_gives_nothing() -> None:
    with pytest.raises(InvalidInputError, match="names the key"):
        sealed().opened(TYPE, keyid="other", verify=check)


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"[]",
        b"\xff",
        b'"' + b"[" * 100_000,
        b"[" * 100_000,
        members(payload="cGF5bG9hZA"),
        members(payload="cGF5bG9hZA=\n="),
        members(payload=7),
        members(payloadType=None),
        members(signatures=[]),
        members(signatures=json.loads(sealed().encode())["signatures"] * 2),
        members(signatures=[7]),
        members(signatures=[{"sig": "QQ=="}]),
        members(signatures=[{"sig": "QQ==", "keyid": "k", "more": ""}]),
        members(more=""),
        sealed().encode() + b"\n",
        sealed().encode().replace(b"{", b'{"payload":"QQ==",', 1),
        base64.b64encode(sealed().encode()),
    ],
)
def test_any_other_spelling_is_refused(encoded: bytes) -> None:
    assert refusal(encoded) == "ENVELOPE_MALFORMED"


def test_an_envelope_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidInputError, match="are allowed"):
        parse_envelope(b" " * (LIMIT_BYTES + 1))
    with pytest.raises(InvalidInputError, match="not a DSSE envelope"):
        parse_envelope(b" " * LIMIT_BYTES)
