"""Canonical JSON in the narrow profile on which any JSON library agrees (protocol 1, RFC 8785).

Keys `[a-z][a-z0-9_]*`; values printable ASCII strings, integers 0…2^53-1, booleans, arrays and
objects; no null, no float; depth at most 8. For this profile sorted keys and compact separators
are exactly RFC 8785.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, NoReturn, TypeAlias

import msgspec

from placet.errors import InvalidInputError

Value: TypeAlias = "bool | int | str | list[Value] | dict[str, Value]"
Object: TypeAlias = dict[str, Value]

LIMIT_BYTES = 16 * 1024
PLAN_LIMIT_BYTES = 256 * 1024
ENTRY_LIMIT_BYTES = 65_535
_MAX_DEPTH = 8
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_MOST_SEEN = 1024
_LONGEST_SEEN = 64
_SEEN_KEYS: set[str] = set()
"""Keys that were found well-formed, none of them long: the same few hundred stand in all our objects."""
_CONTAINERS = frozenset({dict, list})
_NO_VALUE = f"a value is null, a float, out of range, nested deeper than {_MAX_DEPTH}, or no JSON at all"
_CONTROL = re.compile(rb'\\[^"]')
"""An escape that is none of a quote, where no backslash is escaped."""


class NotCanonicalError(InvalidInputError):
    """The text is valid in the profile, but is not its one canonical spelling."""


def encode(value: Object, *, limit: int = LIMIT_BYTES) -> bytes:
    """Return the one canonical spelling of `value`.

    Raise `InvalidInputError` (`JSON_INVALID`) for anything outside the profile or longer than
    `limit` bytes. Guarantees that `decode(encode(v)) == v`.
    """
    try:
        encoded = _ENCODER.encode(value)
        _check_length(encoded, limit)
        read = _DECODER.decode(encoded)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidInputError("JSON_INVALID", _NO_VALUE) from error
    if read != value:
        _refuse(_NO_VALUE)
    _check_keys(read, encoded)
    _check_text(encoded)
    return encoded


def decode(encoded: bytes, *, limit: int = LIMIT_BYTES) -> Object:
    """Return the object that `encoded` spells canonically.

    Raise `InvalidInputError` (`JSON_INVALID`) for anything outside the profile (duplicate keys,
    floats, null, other text than printable ASCII, depth, size), and `NotCanonicalError`
    (`JSON_NOT_CANONICAL`) for another spelling of a valid object. Guarantees that
    `encode(decode(b)) == b`.
    """
    _check_length(encoded, limit)
    try:
        parsed: Object = _DECODER.decode(encoded)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("JSON_INVALID", f"the bytes are no JSON object, or {_NO_VALUE}") from error
    _check_keys(parsed, encoded)
    spelled = _ENCODER.encode(parsed)
    _check_text(spelled)
    if spelled != encoded:
        _refuse_twice_named(encoded)
        raise NotCanonicalError("JSON_NOT_CANONICAL", "the object is not in its canonical spelling")
    return parsed


def _profile() -> Any:  # noqa: ANN401 - a type that is made, level by level
    """Return the type of an object in the profile: what its values may be, and how deep they may lie."""
    plain = bool | Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)] | str
    value: Any = plain
    for _ in range(_MAX_DEPTH - 1):
        value = plain | list[value] | dict[str, value]
    return dict[str, value]


_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_profile())


def _check_length(encoded: bytes, limit: int) -> None:
    if len(encoded) > limit:
        _refuse(f"the object has {len(encoded)} bytes, {limit} are allowed")


def _check_keys(value: Object, encoded: bytes) -> None:
    """Refuse a key that is not in the grammar: what else the profile says of values, the decoder has seen to."""
    if encoded.count(b"{") == 1 and _SEEN_KEYS.issuperset(value):  # no object inside: there are no other keys
        return
    containers: list[Any] = [value]
    for container in containers:
        members = container
        if type(container) is dict:
            if not _SEEN_KEYS.issuperset(container):
                _learn_keys(container)
            members = container.values()
        containers += [member for member in members if type(member) in _CONTAINERS]


def _learn_keys(keys: dict[str, Value]) -> None:
    for key in keys:
        if _KEY.fullmatch(key) is None:
            _refuse("a key is not [a-z][a-z0-9_]*")
        if len(key) <= _LONGEST_SEEN:
            _SEEN_KEYS.add(key)
    if len(_SEEN_KEYS) > _MOST_SEEN:  # strangers' keys: ours come again
        _SEEN_KEYS.clear()


def _check_text(encoded: bytes) -> None:
    """Refuse a spelling with other text than printable ASCII in it: as it is, or escaped."""
    if not encoded.isascii() or b"\x7f" in encoded:
        _refuse("a string holds something else than printable ASCII")
    if b"\\" in encoded and _CONTROL.search(encoded.replace(b"\\\\", b"")):
        _refuse("a string holds a control character")


def _refuse_twice_named(encoded: bytes) -> None:
    """Refuse what names a key twice, of which the decoder takes the last. No such text is canonical."""
    json.loads(encoded, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Value]]) -> Object:
    members = dict(pairs)
    if len(members) != len(pairs):
        _refuse("an object names a key twice")
    return members


def _refuse(reason: str) -> NoReturn:
    raise InvalidInputError("JSON_INVALID", reason)
