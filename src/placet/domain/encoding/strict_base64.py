"""Base64 with one spelling: the standard alphabet, padded, no junk, no stray trailing bits."""

from __future__ import annotations

import base64
import binascii

from placet.errors import InvalidInputError


def encode_base64(content: bytes) -> str:
    """Return `content` in padded standard base64 without line breaks."""
    return base64.b64encode(content).decode()


def decode_base64(text: str) -> bytes:
    """Return the bytes that `text` spells, or raise `InvalidInputError` (`BASE64_INVALID`).

    Guarantees that `encode_base64(decode_base64(t)) == t`: the standard decoder alone ignores
    junk, and accepts trailing bits that no encoder writes.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidInputError("BASE64_INVALID", "the text is not base64") from error
    if encode_base64(content) != text:
        raise InvalidInputError("BASE64_INVALID", "the text is not the one base64 spelling of its bytes")
    return content
