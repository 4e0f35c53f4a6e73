"""A15: no receipt with a single bit changed is believed; exhaustively."""

from __future__ import annotations

from collections import Counter

from placet.domain.authorization.receipt import compact
from support.forging import desk_of, payload_of, refusal_at, tag_of
from support.world import World

LISTED = {
    "RECEIPT_MALFORMED",
    "RECEIPT_NOT_CANONICAL",
    "RECEIPT_VERSION_UNSUPPORTED",
    "KEY_UNKNOWN",
    "SIGNATURE_INVALID",
}


def flips(content: bytes) -> list[bytes]:
    """Return every copy of `content` with one bit changed."""
    number, size = int.from_bytes(content, "big"), len(content)
    return [(number ^ 1 << bit).to_bytes(size, "big") for bit in range(8 * size)]


def test_every_bit_of_payload_and_mac_counts() -> None:
    world = World()
    plan, token = world.ready()
    payload, tag, desk = payload_of(token), tag_of(token), desk_of(world)

    answers = Counter(refusal_at(desk, plan, compact(flipped, tag)) for flipped in flips(payload))
    answers += Counter(refusal_at(desk, plan, compact(payload, flipped)) for flipped in flips(tag))

    assert answers.total() == 8 * (len(payload) + 32) > 8000
    assert set(answers) == LISTED


def test_every_bit_of_the_compact_form_counts() -> None:
    world = World()
    plan, token = world.ready()
    desk = desk_of(world)

    answers = {
        refusal_at(desk, plan, flipped.decode("latin-1"))
        for flipped in flips(token.encode())
        if flipped != token.encode()
    }

    assert answers <= LISTED | {"SIGNATURE_MISSING"}


def test_a_flipped_bit_is_refused_on_the_whole_road_too() -> None:
    world = World()
    plan, token = world.ready()

    for place in range(0, 8 * 32, 29):
        flipped = compact(payload_of(token), flips(tag_of(token))[place])
        with world.refusing("SIGNATURE_INVALID"):
            world.present(plan, flipped)
