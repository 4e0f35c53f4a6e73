"""JSON in the one spelling of RFC 8785, for documents whose form others fixed: in-toto statements.

Wider than our own canonical profile (any ASCII key, any Unicode text, null), but no number other
than an integer of 53 bits. For ASCII keys, sorting by code point is RFC 8785's order.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from placet.domain.encoding.canonical import Object
from placet.errors import InvalidInputError

LIMIT_BYTES = 32 * 1024 * 1024
_MOST_INTEGER = 2**53 - 1


def encode_jcs(value: Object) -> bytes:
    """Return the one spelling of `value`; `InvalidInputError` (`JSON_INVALID`) for lone surrogates."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError("JSON_INVALID", "a text holds half a character") from error


def decode_jcs(encoded: bytes) -> Object:
    """Return the object that `encoded` spells.

    Raise `InvalidInputError`: `JSON_INVALID` for anything that is no such object (duplicate keys,
    floats, too deep, over 32 MiB), `JSON_NOT_CANONICAL` for another spelling of one.
    """
    if len(encoded) > LIMIT_BYTES:
        _refuse(f"the document has {len(encoded)} bytes, {LIMIT_BYTES} are allowed")
    try:
        parsed = json.loads(
            encoded.decode(),
            object_pairs_hook=_unique,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            parse_int=_integer,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("JSON_INVALID", "the bytes are not JSON in UTF-8") from error
    if not isinstance(parsed, dict):
        _refuse("the JSON text is not an object")
    if encode_jcs(parsed) != encoded:
        raise InvalidInputError("JSON_NOT_CANONICAL", "the object is not in its canonical spelling")
    return parsed


def _unique(pairs: list[tuple[str, Any]]) -> Object:
    members = dict(pairs)
    if len(members) != len(pairs):
        _refuse("an object names a key twice")
    if not all(key.isascii() for key in members):
        _refuse("a key is not ASCII")
    return members


def _integer(digits: str) -> int:
    if len(digits) > len(str(_MOST_INTEGER)) or not 0 <= int(digits) <= _MOST_INTEGER:
        _refuse("an integer is out of range")
    return int(digits)


def _refuse_number(text: str) -> NoReturn:
    _refuse(f"the number {text[:20]} is not an integer")


def _refuse(reason: str) -> NoReturn:
    raise InvalidInputError("JSON_INVALID", reason)
