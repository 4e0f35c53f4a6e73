"""A12: a key id in a message is compared with those of our few keys, and is never looked up anywhere."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from placet.core.entities.receipts import receipt_key_record_key
from support.forging import desk_of, forged, refusal_at
from support.governance import key_of
from support.installation import KEY_ID
from support.ledgers import LOG_KEY
from support.world import World

HOSTILE = [
    "receipt-2",
    "RECEIPT-1",
    "receipt-1/",
    "../receipt-1",
    "../../../../etc/passwd",
    "receipt-1'--",
    "'OR'1'='1",
    "%00receipt-1",
    "file:///dev/zero",
    "http://example.com/keys",
    "$(id)",
    "*",
    "x" * 64,
]


@pytest.mark.parametrize("key_id", [*HOSTILE, LOG_KEY.vkey()[:60], key_of("alice").public.key_id])
def test_an_unknown_key_id_is_refused_even_under_the_right_secret(key_id: str) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("KEY_UNKNOWN") as refused:
        world.present(plan, forged(world, token, key_id=key_id))

    assert refused.data["receipt_id"] == ""


@pytest.mark.parametrize(
    "key_id", ["", " ", "receipt 1", "x" * 65, "r\u00e9", 1, True, [], {}, ["receipt-1"]], ids=ascii
)
def test_what_cannot_be_a_key_id_is_malformed(key_id: object) -> None:
    world = World()
    plan, token = world.ready()
    try:
        told = forged(world, token, key_id=key_id)
    except Exception:  # noqa: BLE001 - what our encoder refuses cannot even be written; it is spelled by hand
        told = forged(world, token, key_id="x")

    assert refusal_at(desk_of(world), plan, told) in {"RECEIPT_MALFORMED", "KEY_UNKNOWN"}


def test_a_flood_of_key_ids_causes_no_reading_of_any_kind() -> None:
    world = World()
    plan, token = world.ready()
    ours = {receipt_key_record_key(KEY_ID)}
    world.store.loaded.clear()

    for number in range(50):
        with world.refusing("KEY_UNKNOWN"):
            world.present(plan, forged(world, token, key_id=f"flood-{number}"))

    asked = {key for keys in world.store.loaded for key in keys}
    assert asked == ours
    assert len(world.store.loaded) == 50 * 2  # to look at it, and to record the denial
    assert world.double.reads == 0


def test_a_key_that_is_on_record_but_not_in_our_hands_is_unknown() -> None:
    world = World()
    plan, token = world.ready()
    world.rebuild(receipt_secrets={"receipt-9": world.secret})

    with world.refusing("KEY_UNKNOWN"):
        world.present(plan, token)


def test_a_key_in_our_hands_without_a_record_is_unknown() -> None:
    world = World()
    plan, token = world.ready()
    world.write(receipt_key_record_key(KEY_ID), None)

    with world.refusing("KEY_UNKNOWN"):
        world.present(plan, token)


def test_one_generation_s_secret_under_another_s_id_does_not_hold() -> None:
    world = World()
    plan, token = world.ready()
    desk = desk_of(world)
    other = replace(desk.keys[KEY_ID], key_id="receipt-2", secret=b"another generation, 32 bytes long")

    told = forged(world, token, key_id="receipt-2")

    assert refusal_at(replace(desk, keys={**desk.keys, "receipt-2": other}), plan, told) == "SIGNATURE_INVALID"
