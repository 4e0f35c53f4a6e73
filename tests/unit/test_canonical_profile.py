"""Canonical JSON: the profile, and its one spelling."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.encoding import canonical
from placet.domain.encoding.canonical import NotCanonicalError, Object, decode, encode
from placet.errors import InvalidInputError

TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
LEAVES = TEXTS | st.booleans() | st.integers(0, 2**53 - 1)


def nested(leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=12
    )


OBJECTS = st.dictionaries(KEYS, nested(LEAVES, KEYS), max_size=4)
DEEPEST = '{"a":' * 7 + "[]" + "}" * 7


def accepted(value: Any) -> bool:
    try:
        encode(value)
    except InvalidInputError:
        return False
    return True


def code_of(text: bytes) -> str:
    try:
        decode(text)
    except InvalidInputError as error:
        return error.code
    return "accepted"


@given(OBJECTS)
def test_the_spelling_is_that_of_rfc_8785_and_reads_back(value: Object) -> None:
    if accepted(value):
        assert encode(value) == rfc8785.dumps(value)
        assert decode(encode(value)) == value


@given(OBJECTS, st.data())
def test_no_other_spelling_of_an_object_is_accepted(value: Object, data: st.DataObject) -> None:
    if not accepted(value):
        return
    encoded = encode(value)
    at = data.draw(st.integers(0, len(encoded) - 1))
    other = encoded[:at] + bytes([data.draw(st.integers(0, 255))]) + encoded[at + 1 :]
    if code_of(other) == "accepted":
        assert encode(decode(other)) == other


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'"a"',
        b"1",
        b"null",
        b'{"a":null}',
        b'{"a":1.5}',
        b'{"a":1e3}',
        b'{"a":-1}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":9007199254740992}',
        b'{"a":10000000000000000}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":1}}',
        b'{"A":1}',
        b'{"1":1}',
        b'{"":1}',
        b'{"a b":1}',
        b'{"a":"\\n"}',
        b'{"a":"\\u0041\\u0000"}',
        b'{"a":"\\u00e9"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\x7f"}',
        b'{"a":"\x01"}',
        '{"a":"é"}'.encode(),
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":1}x',
        b"[" * 100_000,
        (DEEPEST[:35] + '{"a":[]}' + DEEPEST[37:]).encode(),
    ],
)
def test_what_is_outside_the_profile_is_invalid(text: bytes) -> None:
    assert code_of(text[:16_384] if len(text) > 16_384 else text) == "JSON_INVALID"


WILD_LEAVES = LEAVES | st.none() | st.floats() | st.integers() | st.sampled_from(["\x7f", "\n", '"\\', "\u00e9"])
WILD_OBJECTS = st.dictionaries(KEYS, nested(WILD_LEAVES, KEYS | st.text(max_size=4)), max_size=4)


@given(WILD_OBJECTS)
def test_reading_accepts_exactly_what_walking_through_the_value_does(value: Any) -> None:
    """`decode` looks at the text, `encode` walks through the value: they must agree on everything."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    assert (code_of(text) == "accepted") == accepted(value)


@pytest.mark.parametrize("text", ['{"a":' * 3000, '{"a":"' + "\\\\" * 3000, '{"a":' + "[" * 4000, '{"a":' + "1" * 4000])
def test_long_nonsense_is_refused_at_once(text: str) -> None:
    assert code_of(text.encode()) == "JSON_INVALID"


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1}',
        b' {"a":1}',
        b'{"a":1}\n',
        b'{"b":1,"a":1}',
        b'{"a":01}'.replace(b"01", b"1 "),
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"\\u0061":1}',
    ],
)
def test_another_spelling_is_told_from_another_value(text: bytes) -> None:
    with pytest.raises(NotCanonicalError) as refused:
        decode(text)
    assert refused.value.code == "JSON_NOT_CANONICAL"


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b'{"a":9007199254740991}',
        b'{"a":0,"a_1":true,"b":false}',
        b'{"a":"{\\"b\\":[\\\\\\"]}"}',
        b'{"a":"true,null,-1.5"}',
        b'{"a":["b:","\\":"]}',
        DEEPEST.encode(),
    ],
)
def test_what_is_within_the_profile_reads_back_byte_by_byte(text: bytes) -> None:
    assert encode(decode(text)) == text
    assert decode(text) == json.loads(text)


@pytest.mark.parametrize("value", [{"a": object()}, {"a": {1}}, {"a": b""}, {1: 2, "a": 3}, {"a": 10**5000}])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    assert not accepted(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    value: Any = {}
    value["a"] = value
    assert not accepted(value)


def test_a_tuple_is_no_array() -> None:
    assert not accepted({"a": (1,)})


@pytest.mark.parametrize("act", [lambda: encode({"a": "xx"}, limit=9), lambda: decode(b'{"a":"xx"}', limit=9)])
def test_a_longer_text_than_allowed_is_refused(act: Any) -> None:
    with pytest.raises(InvalidInputError) as refused:
        act()
    assert refused.value.code == "JSON_INVALID"
    assert "10 bytes" in refused.value.message
    assert encode({"a": "xx"}, limit=10) == b'{"a":"xx"}'


def test_keys_of_strangers_are_not_kept_for_ever() -> None:
    for number in range(3000):
        encode({f"stranger_{number}": 1, f"long_{number}_{'a' * 8000}": 1})

    assert len(canonical._SEEN_KEYS) <= canonical._MOST_SEEN
    assert max(len(key) for key in canonical._SEEN_KEYS) <= canonical._LONGEST_SEEN
