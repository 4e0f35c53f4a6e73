"""A17: text that looks like other text is refused in receipts and plans, even under a valid MAC."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.authorization.checks import _form_is_strict
from placet.domain.authorization.plan import parse_plan
from placet.domain.authorization.receipt import compact, mac
from placet.domain.encoding.canonical import decode
from placet.errors import DeniedError, InvalidInputError
from support.forging import members_of, payload_of, sealed
from support.governance import a_plan
from support.intents import a_publication
from support.world import World

TEXTS = {
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301",
    "right to left": "1.0.0\u202e",
    "isolate": "\u2066npm\u2069",
    "zero width": "np\u200bm",
    "joiner": "np\u200dm",
    "word joiner": "npm\u2060",
    "byte order mark": "\ufeffnpm",
    "cyrillic": "\u0440rod",
    "full width": "\uff4e\uff50\uff4d",
    "arabic digits": "\u0661\u0660\u0660",
    "surrogate": "\ud800",
    "emoji": "\U0001f4e6",
    "line separator": "a\u2028b",
    "control": "a\x1b[2Jb",
    "new line": "a\nb",
    "nul": "a\0b",
    "delete": "a\x7fb",
    "c1 control": "a\x9bb",
}
MEMBERS = ["policy_version", "issuer", "certificate_id", "audience", "run_id", "mode", "receipt_id"]
FOREIGN = st.characters(exclude_characters="".join(map(chr, range(0x20, 0x7F))))


@cache
def the_members() -> dict[str, Any]:
    return dict(members_of(World().ready()[1]))


def spelled(members: dict[str, Any], *, escaped: bool) -> bytes:
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=escaped)
    return text.encode("utf-8", "surrogatepass")


def code_of(payload: bytes) -> str:
    with pytest.raises(DeniedError) as caught:
        _form_is_strict(compact(payload, mac(b"", payload)))
    return caught.value.code


@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "raw"])
@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("text", TEXTS)
def test_no_member_of_a_receipt_holds_anything_but_printable_ascii(text: str, member: str, escaped: bool) -> None:
    assert code_of(spelled({**the_members(), member: TEXTS[text]}, escaped=escaped)) == "RECEIPT_MALFORMED"


@pytest.mark.parametrize("text", ["decomposed", "right to left", "zero width", "surrogate", "byte order mark", "nul"])
def test_a_validly_signed_receipt_with_such_text_is_refused_and_recorded(text: str) -> None:
    world = World()
    plan, token = world.ready()
    payload = spelled({**members_of(token), "policy_version": TEXTS[text]}, escaped=True)

    with world.refusing("RECEIPT_MALFORMED"):
        world.present(plan, sealed(world, payload))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-7"])
def test_another_encoding_of_the_whole_is_refused(encoding: str) -> None:
    world = World()
    plan, token = world.ready()
    payload = payload_of(token).decode().encode(encoding)

    if payload != payload_of(token):
        with world.refusing("RECEIPT_MALFORMED"):
            world.present(plan, sealed(world, payload))


@given(FOREIGN, st.booleans())
def test_one_foreign_character_anywhere_in_a_text_spoils_a_receipt(character: str, escaped: bool) -> None:
    members = {**the_members(), "approvers": [f"person:ali{character}ce"]}

    assert code_of(spelled(members, escaped=escaped)) == "RECEIPT_MALFORMED"


@given(FOREIGN)
def test_one_foreign_character_in_a_name_of_a_member_spoils_a_receipt(character: str) -> None:
    assert code_of(spelled({**the_members(), f"nonce{character}": "x"}, escaped=True)) == "RECEIPT_MALFORMED"


@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "raw"])
@pytest.mark.parametrize("text", TEXTS)
def test_no_plan_holds_such_text(text: str, escaped: bool) -> None:
    members: dict[str, Any] = dict(decode(a_plan().encode()))
    members["operations"][0]["params"]["title"] = TEXTS[text]

    with pytest.raises(InvalidInputError) as caught:
        parse_plan(spelled(members, escaped=escaped))

    assert caught.value.code == "JSON_INVALID"


@pytest.mark.parametrize("text", ["decomposed", "right to left", "surrogate", "new line"])
def test_a_plan_with_such_text_is_never_stored(text: str) -> None:
    world = World()

    with pytest.raises(InvalidInputError):
        world.plan(a_publication(params={"dist_tag": TEXTS[text], "access": ""}))

    assert world.entries("plan.created") == []
