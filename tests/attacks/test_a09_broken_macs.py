"""A09: a MAC of any other length, spelling or case than the one that was computed is refused."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from placet.domain.authorization.receipt import compact
from support.forging import base64url, desk_of, payload_of, raw, refusal_at, tag_of
from support.world import World


def test_every_length_from_nothing_to_sixty_four_bytes_is_refused() -> None:
    world = World()
    plan, token = world.ready()
    payload, tag, desk = payload_of(token), tag_of(token), desk_of(world)

    cut = [refusal_at(desk, plan, compact(payload, tag[:length])) for length in range(32)]
    extended = [refusal_at(desk, plan, compact(payload, (tag + tag)[:length])) for length in range(33, 65)]

    assert cut == ["SIGNATURE_MISSING"] + ["SIGNATURE_INVALID"] * 31
    assert extended == ["SIGNATURE_INVALID"] * 32
    assert refusal_at(desk, plan, compact(payload, tag)) == ""


SPELLINGS: dict[str, Callable[[bytes], str]] = {
    "hex": lambda tag: base64url(tag.hex().encode()),
    "upper-case hex": lambda tag: base64url(tag.hex().upper().encode()),
    "hex as text": lambda tag: tag.hex(),
    "spaced hex": lambda tag: tag.hex(" "),
    "trailing space": lambda tag: base64url(tag) + " ",
    "leading space": lambda tag: " " + base64url(tag),
    "new line": lambda tag: base64url(tag) + "\n",
    "padding": lambda tag: base64.urlsafe_b64encode(tag).decode(),
    "standard alphabet": lambda tag: base64.b64encode(tag).rstrip(b"=").decode().replace("-", "+"),
    "other case": lambda tag: base64url(tag).swapcase(),
    "reversed": lambda tag: base64url(tag[::-1]),
    "twice": lambda tag: base64url(tag) + base64url(tag),
    "another dot": lambda tag: base64url(tag) + ".",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_other_spelling_of_the_right_mac_is_the_mac(spelling: str) -> None:
    world = World()
    plan, token = world.ready()
    while not {"-", "_"} & set(base64url(tag_of(token))):  # both alphabets would write it alike
        plan, token = world.ready()
    told = raw(base64url(payload_of(token)), SPELLINGS[spelling](tag_of(token)))

    assert refusal_at(desk_of(world), plan, told) in {"SIGNATURE_INVALID", "RECEIPT_MALFORMED"}


@pytest.mark.parametrize(
    ("length", "code"), [(0, "SIGNATURE_MISSING"), (1, "SIGNATURE_INVALID"), (31, "SIGNATURE_INVALID")]
)
def test_a_truncated_mac_is_on_record_and_sends_nothing(length: int, code: str) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing(code):
        world.present(plan, compact(payload_of(token), tag_of(token)[:length]))


@pytest.mark.parametrize("text", ["placet_rcpt_{}.", "placet_rcpt_{}. ", "placet_rcpt_{}"])
def test_a_receipt_without_its_mac_is_none(text: str) -> None:
    world = World()
    plan, token = world.ready()
    code = "SIGNATURE_MISSING" if text.endswith(".") else "RECEIPT_MALFORMED"

    with world.refusing(code):
        world.present(plan, text.format(base64url(payload_of(token))))
