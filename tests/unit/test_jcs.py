"""Documents of others are read in their one spelling, that of RFC 8785."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.encoding.canonical import Object
from placet.domain.encoding.jcs import LIMIT_BYTES, decode_jcs, encode_jcs
from placet.errors import InvalidInputError

pytestmark = pytest.mark.thorough

KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LEAVES = TEXTS | st.booleans() | st.integers(0, 2**53 - 1)
DOCUMENTS = st.dictionaries(
    KEYS, st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
)


@given(DOCUMENTS)
def test_the_spelling_is_that_of_the_reference_implementation(document: Object) -> None:
    assert encode_jcs(document) == rfc8785.dumps(document)


@given(DOCUMENTS)
def test_what_was_written_is_read_back(document: Object) -> None:
    assert decode_jcs(encode_jcs(document)) == document


@pytest.mark.parametrize(
    ("encoded", "code"),
    [
        (b'{"a":1,"a":1}', "JSON_INVALID"),
        (b'{"a":1.0}', "JSON_INVALID"),
        (b'{"a":NaN}', "JSON_INVALID"),
        (b'{"a":-1}', "JSON_INVALID"),
        (b'{"a":9007199254740992}', "JSON_INVALID"),
        (b'{"a":99999999999999999999999999}', "JSON_INVALID"),
        (b"[]", "JSON_INVALID"),
        (b"{", "JSON_INVALID"),
        (b'{"a":"\xff"}', "JSON_INVALID"),
        (b'{"a":' + b"[" * 100_000, "JSON_INVALID"),
        ('{"\u00e9":1}'.encode(), "JSON_INVALID"),
        (b'{"a":"\\ud800"}', "JSON_INVALID"),
        (b'{"a": 1}', "JSON_NOT_CANONICAL"),
        (b'{"b":1,"a":1}', "JSON_NOT_CANONICAL"),
        (b'{"a":"\\u0041"}', "JSON_NOT_CANONICAL"),
        (b'{"a":1}\n', "JSON_NOT_CANONICAL"),
        (b"\xef\xbb\xbf{}", "JSON_INVALID"),
    ],
)
def test_any_other_spelling_is_refused(encoded: bytes, code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        decode_jcs(encoded)

    assert refused.value.code == code


def test_a_document_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidInputError, match="are allowed"):
        decode_jcs(b" " * (LIMIT_BYTES + 1))
    with pytest.raises(InvalidInputError, match="not JSON"):
        decode_jcs(b" " * LIMIT_BYTES)
