"""A01: a receipt that the Core did not sign is refused before anything in it is believed."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from placet.domain.authorization.checks import _signature_holds
from placet.domain.authorization.receipt import compact, mac
from placet.domain.encoding.canonical import encode
from placet.domain.encoding.dsse import pae
from placet.domain.values.digest import sha256
from placet.errors import DeniedError
from support.doubles import Numbered
from support.forging import desk_of, forged, members_of, payload_of, refusal_at, sealed, tag_of, tokens_on_record
from support.installation import KEY_ID
from support.world import World

WRONG_TYPE = "application/vnd.placet.receipt.v2+json"


def test_no_random_mac_of_a_hundred_thousand_holds() -> None:
    world = World()
    _, token = world.ready()
    payload, key, random = payload_of(token), desk_of(world).keys[KEY_ID], Numbered()
    refused = 0

    for _ in range(100_000):
        try:
            _signature_holds(key, payload, random.token(32))
        except DeniedError as denied:
            refused += denied.code == "SIGNATURE_INVALID"

    assert refused == 100_000
    _signature_holds(key, payload, tag_of(token))


def test_no_forgery_of_three_thousand_is_believed() -> None:
    world = World()
    plan, token = world.ready()
    desk, random, members = desk_of(world), Numbered(), members_of(token)
    answers: set[str] = set()

    for number in range(1000):
        payload = encode({**members, "nonce": random.token(16).hex(), "attempt": number + 1})
        forgeries = (
            compact(payload, random.token(32)),
            compact(payload, mac(random.token(32), payload)),
            compact(payload, tag_of(token)),
        )
        answers |= {refusal_at(desk, plan, each) for each in forgeries}

    assert answers == {"SIGNATURE_INVALID"}
    assert refusal_at(desk, plan, token) == ""


def test_only_the_mac_over_the_typed_payload_counts() -> None:
    world = World()
    plan, token = world.ready()
    payload, secret = payload_of(token), world.secret
    tags = {
        "plain": hmac.digest(secret, payload, "sha256"),
        "another type": hmac.digest(secret, pae(WRONG_TYPE, payload), "sha256"),
        "another hash": hmac.digest(secret, pae("application/vnd.placet.receipt.v1+json", payload), "sha512")[:32],
        "prefix hash": hashlib.sha256(secret + payload).digest(),
        "suffix hash": hashlib.sha256(payload + secret).digest(),
        "bare hash": hashlib.sha256(payload).digest(),
        "empty secret": mac(b"", payload),
        "key id as secret": mac(KEY_ID.encode(), payload),
        "zeros": bytes(32),
    }

    assert {
        name: refusal_at(desk_of(world), plan, compact(payload, tag)) for name, tag in tags.items()
    } == dict.fromkeys(tags, "SIGNATURE_INVALID")


@pytest.mark.parametrize("secret", [b"", bytes(32), b"another secret, thirty-two bytes."])
def test_a_forgery_is_refused_recorded_by_its_digest_and_sends_nothing(secret: bytes) -> None:
    world = World()
    plan, token = world.ready()
    forgery = sealed(world, payload_of(token), secret=secret)

    with world.refusing("SIGNATURE_INVALID") as refused:
        world.present(plan, forgery)

    assert refused.data["shown"] == sha256(forgery.encode())
    assert refused.data["receipt_id"] == ""
    assert tokens_on_record(world, [forgery, token]) == []
    assert world.present(plan, token).error_code == ""


def test_nothing_that_a_forgery_says_is_believed_or_written_down() -> None:
    world = World()
    plan, token = world.ready()
    canaries = {"policy_version": "canary-version", "nonce": "c0ffee00" * 4, "approvers": ["person:canary"]}

    with world.refusing("SIGNATURE_INVALID"):
        world.present(plan, forged(world, token, secret=b"x" * 32, **canaries))

    everything = b"".join(world.contents())
    assert [each for each in (b"canary", b"c0ffee00") if each in everything] == []
