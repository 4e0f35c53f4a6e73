"""A17, approvals: text that looks like other text is refused even where the signature is good."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.authorization.approval import verify_approval
from placet.domain.encoding.canonical import decode
from placet.errors import DeniedError
from support.governance import NOW, a_person, a_plan, an_approval, key_of, shown

PLAN = a_plan()
KEY = key_of("alice")
MEMBERS = decode(an_approval(PLAN, "alice", KEY.public).encode())
TEXTS = sorted(name for name, value in MEMBERS.items() if isinstance(value, str))


def refused(encoded: bytes) -> str:
    """Return the code for bytes that alice did sign."""
    with pytest.raises(DeniedError) as caught:
        verify_approval(encoded, KEY.sign(encoded), about=shown(PLAN), principal=a_person("alice"), at=NOW)
    return caught.value.code


def spelled(members: dict[str, Any], *, escaped: bool = False) -> bytes:
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=escaped)
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "raw"])
@pytest.mark.parametrize(
    "character",
    [
        "\u00e9",
        "e\u0301",
        "\u202e",
        "\u2066",
        "\u200b",
        "\u00ad",
        "\ufeff",
        "\ud800",
        "\uff41",
        "\u0430",
        "\x00",
        "\x7f",
        "\n",
        "\x1b",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("name", TEXTS)
def test_no_member_holds_anything_but_printable_ascii(name: str, character: str, *, escaped: bool) -> None:
    changed = {**MEMBERS, name: f"{MEMBERS[name]}{character}"}

    assert refused(spelled(changed, escaped=escaped)) == "APPROVAL_INVALID"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_no_other_encoding_is_read(encoding: str) -> None:
    assert refused(spelled(MEMBERS).decode().encode(encoding)) == "APPROVAL_INVALID"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":1.0'),
        (b'"v":1', b'"v":01'),
        (b'"v":1', b'"v":true'),
        (b'"v":1', b'"v": 1'),
        (b'"v":1', b'"v":1e0'),
        (b'"approve"', b'"\\u0061pprove"'),
        (b'"decision":"approve"', b'"decision":"deny","decision":"approve"'),
        (b'{"approver"', b'{"a":1,"approver"'),
    ],
)
def test_no_other_spelling_of_the_same_approval_is_read(old: bytes, new: bytes) -> None:
    encoded = spelled(MEMBERS)
    assert old in encoded

    assert refused(encoded.replace(old, new)) == "APPROVAL_INVALID"


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_nothing_that_somebody_signs_is_an_approval_by_chance(content: bytes) -> None:
    assert refused(content) == "APPROVAL_INVALID"


@given(st.sampled_from(TEXTS), st.text(st.characters(min_codepoint=0x80), min_size=1, max_size=5))
def test_text_beyond_ascii_is_refused_anywhere(name: str, text: str) -> None:
    assert refused(spelled({**MEMBERS, name: text})) == "APPROVAL_INVALID"
