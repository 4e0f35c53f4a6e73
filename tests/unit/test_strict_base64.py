"""Base64 is read in its one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.encoding.strict_base64 import decode_base64, encode_base64
from placet.errors import InvalidInputError


@given(st.binary(max_size=64))
def test_bytes_come_back_as_they_were(content: bytes) -> None:
    assert decode_base64(encode_base64(content)) == content


@pytest.mark.parametrize(
    "text", ["QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "QQ==QQ==", "Q-==", "Q\u00e9==", "====", "QUI", "QUJ=", "Q"]
)
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        decode_base64(text)

    assert refused.value.code == "BASE64_INVALID"
