"""A10: base64 with unused bits, junk, padding or another alphabet is refused though it decodes alike."""

from __future__ import annotations

import base64
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.authorization.checks import _form_is_strict
from placet.domain.authorization.receipt import PREFIX, compact, split_compact
from placet.errors import DeniedError
from support.forging import desk_of, payload_of, raw, refusal_at, tag_of
from support.world import World

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
JUNK = st.characters().filter(lambda character: character not in ALPHABET)


@cache
def a_token() -> str:
    return World().ready()[1]


def texts() -> tuple[str, str]:
    payload, tag = a_token().removeprefix(PREFIX).split(".")
    return payload, tag


def test_the_unused_bits_at_the_end_must_be_zero() -> None:
    world = World()
    plan, token = world.ready()
    text = token.removeprefix(PREFIX).split(".")[1]
    last = ALPHABET.index(text[-1])
    twins = [text[:-1] + letter for letter in ALPHABET[last - last % 4 : last - last % 4 + 4] if letter != text[-1]]
    assert {base64.urlsafe_b64decode(twin + "=") for twin in twins} == {tag_of(token)}

    for twin in twins:
        with world.refusing("RECEIPT_MALFORMED"):
            world.present(plan, token.replace(text, twin))


@given(st.data())
def test_one_junk_character_anywhere_spoils_it(data: st.DataObject) -> None:
    payload, tag = texts()
    place = data.draw(st.integers(0, len(payload)))
    junk = data.draw(JUNK)

    with pytest.raises(DeniedError) as caught:
        split_compact(raw(payload[:place] + junk + payload[place:], tag))

    assert caught.value.code == "RECEIPT_MALFORMED"


@given(st.sampled_from(["=", "==", "===", "\n", "\r\n", " ", "\t", "\0", "%3D", "\ufeff", "\u200b", "."]))
def test_nothing_may_stand_behind_or_before_either_part(more: str) -> None:
    payload, tag = texts()

    for told in (
        raw(payload + more, tag),
        raw(payload, tag + more),
        raw(more + payload, tag),
        more + raw(payload, tag),
        raw(payload, more + tag),
    ):
        with pytest.raises(DeniedError) as caught:
            split_compact(told)
        assert caught.value.code == "RECEIPT_MALFORMED"


@given(st.binary(max_size=200), st.binary(max_size=64))
def test_bytes_have_one_compact_form(payload: bytes, tag: bytes) -> None:
    assert split_compact(compact(payload, tag)) == (payload, tag)


@given(st.text(alphabet=ALPHABET + ".=", max_size=60))
def test_whatever_is_split_is_spelled_in_its_one_way(text: str) -> None:
    try:
        payload, tag = split_compact(PREFIX + text)
    except DeniedError as denied:
        assert denied.code == "RECEIPT_MALFORMED"  # noqa: PT017 - most texts are refused, some are not
    else:
        assert compact(payload, tag) == PREFIX + text


@pytest.mark.parametrize(
    "told",
    [
        "x",
        PREFIX,
        PREFIX + ".",
        PREFIX + "..",
        PREFIX + "A.",
        PREFIX + "AAAAA.AAAA",
        "PLACET_RCPT_AAAA.AAAA",
        "placet-rcpt-AAAA.AAAA",
        "Bearer " + PREFIX + "AAAA.AAAA",
        PREFIX + "A" * 30_000 + ".AAAA",
        PREFIX + "+/+/.AAAA",
        "\ud800",
        "\u0660" * 20,
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_what_does_not_have_the_form_of_a_receipt_is_refused_and_recorded(told: str) -> None:
    world = World()
    plan = world.approved(world.plan())

    with world.refusing("RECEIPT_MALFORMED"):
        world.present(plan, told)


def test_the_longest_receipt_is_read_and_one_that_is_longer_is_not() -> None:
    payload = b"x" * (16 * 1024)

    assert split_compact(compact(payload, bytes(32)))[0] == payload
    with pytest.raises(DeniedError):
        split_compact(compact(payload + b"x" * 256, bytes(32)))


def test_a_longer_payload_than_any_receipt_s_is_refused_by_the_parser() -> None:
    world = World()
    plan, token = world.ready()
    padded = payload_of(token)[:-1] + b" " * 16_000 + b"}"

    assert refusal_at(desk_of(world), plan, compact(padded, tag_of(token))) == "RECEIPT_MALFORMED"
    with pytest.raises(DeniedError):
        _form_is_strict(compact(padded, tag_of(token)))
