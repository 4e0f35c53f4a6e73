"""A11: the key's record says which algorithm is meant; nothing in a message can."""

from __future__ import annotations

import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from placet.domain.authorization.receipt import PAYLOAD_TYPE, compact, mac
from placet.domain.encoding.canonical import encode
from placet.domain.encoding.dsse import pae
from support.forging import base64url, desk_of, forged, members_of, payload_of, refusal_at, sealed
from support.governance import key_of
from support.ledgers import SIGNING_KEY
from support.world import World

PUBLIC_KEY = SIGNING_KEY.public_key()
CONFUSED = {
    "checkpoint key, raw": PUBLIC_KEY.public_bytes_raw(),
    "checkpoint key, PEM": PUBLIC_KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "checkpoint key, DER": PUBLIC_KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    "approver's key, blob": key_of("alice").blob,
    "approver's key, line": key_of("alice").line.encode(),
    "nothing": b"",
    "the word none": b"none",
}
ALGORITHMS = ["none", "None", "NONE", "HS256", "HS512", "RS256", "EdDSA", "ES256", ""]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("name", ["alg", "typ2", "kid", "jwk", "jku", "x5u", "crit"])
def test_a_receipt_that_names_an_algorithm_is_malformed_even_if_validly_signed(name: str, algorithm: str) -> None:
    world = World()
    plan, token = world.ready()

    more: dict[str, Any] = {name: algorithm}

    assert refusal_at(desk_of(world), plan, forged(world, token, **more)) == "RECEIPT_MALFORMED"


@pytest.mark.parametrize("secret", CONFUSED)
def test_no_public_key_works_as_the_secret(secret: str) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("SIGNATURE_INVALID"):
        world.present(plan, sealed(world, payload_of(token), secret=CONFUSED[secret]))


def test_every_pair_of_named_algorithm_and_key_is_refused() -> None:
    world = World()
    plan, token = world.ready()
    desk, members = desk_of(world), members_of(token)
    answers = set()

    for algorithm in ALGORITHMS:
        for secret in (*CONFUSED.values(), world.secret):
            payload = encode({**members, "alg": algorithm})
            answers.add(refusal_at(desk, plan, compact(payload, mac(secret, payload))))
            answers.add(refusal_at(desk, plan, compact(payload, b"")))

    assert answers == {"RECEIPT_MALFORMED"}


@pytest.mark.parametrize("hash_name", ["md5", "sha1", "sha224", "sha384", "sha512", "sha3_256"])
def test_the_right_secret_under_another_hash_does_not_hold(hash_name: str) -> None:
    world = World()
    plan, token = world.ready()
    tag = hmac.digest(world.secret, pae(PAYLOAD_TYPE, payload_of(token)), hash_name)

    with world.refusing("SIGNATURE_INVALID"):
        world.present(plan, compact(payload_of(token), tag))


def test_a_signature_of_the_log_s_own_key_is_no_mac() -> None:
    world = World()
    plan, token = world.ready()
    signature = SIGNING_KEY.sign(pae(PAYLOAD_TYPE, payload_of(token)))

    with world.refusing("SIGNATURE_INVALID"):
        world.present(plan, compact(payload_of(token), signature))


def test_a_json_web_token_is_no_receipt() -> None:
    world = World()
    plan, token = world.ready()
    header = base64url(b'{"alg":"none","typ":"JWT"}')

    with world.refusing("RECEIPT_MALFORMED"):
        world.present(plan, f"{header}.{base64url(payload_of(token))}.")
