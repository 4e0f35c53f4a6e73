"""Canonical JSON in the narrow profile on which any JSON library agrees (protocol 1, RFC 8785).

Keys `[a-z][a-z0-9_]*`; values printable ASCII strings, integers 0…2^53-1, booleans, arrays and
objects; no null, no float; depth at most 8. For this profile sorted keys and compact separators
are exactly RFC 8785.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, TypeAlias

from placet.errors import InvalidInputError

Value: TypeAlias = "bool | int | str | list[Value] | dict[str, Value]"
Object: TypeAlias = dict[str, Value]

LIMIT_BYTES = 16 * 1024
PLAN_LIMIT_BYTES = 256 * 1024
ENTRY_LIMIT_BYTES = 65_535
_CONTAINERS = (dict, list)
_MAX_DEPTH = 8
_MAX_INTEGER = 2**53 - 1
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_MOST_SEEN = 1024
_SEEN_KEYS: set[str] = set()
"""Keys that were found well-formed: the same few hundred stand in all our objects."""


class NotCanonicalError(InvalidInputError):
    """The text is valid in the profile, but is not its one canonical spelling."""


def encode(value: Object, *, limit: int = LIMIT_BYTES) -> bytes:
    """Return the one canonical spelling of `value`.

    Raise `InvalidInputError` (`JSON_INVALID`) for anything outside the profile or longer than
    `limit` bytes.
    """
    _check(value)
    encoded = _ENCODER.encode(value).encode("ascii")
    if len(encoded) > limit:
        _refuse(f"the object has {len(encoded)} bytes, {limit} are allowed")
    return encoded


def decode(encoded: bytes, *, limit: int = LIMIT_BYTES) -> Object:
    """Return the object that `encoded` spells canonically.

    Raise `InvalidInputError` (`JSON_INVALID`) for anything outside the profile (duplicate keys,
    floats, null, other text than printable ASCII, depth, size), and `NotCanonicalError`
    (`JSON_NOT_CANONICAL`) for another spelling of a valid object. Guarantees that
    `encode(decode(b)) == b`.
    """
    if len(encoded) > limit:
        _refuse(f"the object has {len(encoded)} bytes, {limit} are allowed")
    try:
        text = encoded.decode("ascii")
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("JSON_INVALID", "the bytes are not JSON in printable ASCII") from error
    if not isinstance(parsed, dict):
        _refuse("the JSON text is not an object")
    if encode(parsed, limit=limit) != encoded:
        _refuse_strictly(text)
        raise NotCanonicalError("JSON_NOT_CANONICAL", "the object is not in its canonical spelling")
    return parsed


def _refuse_strictly(text: str) -> None:
    """Refuse what is invalid rather than another spelling, and what the plain parser let through.

    Every such text differs from its canonical spelling, so only those are parsed again.
    """
    json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Value]]) -> Object:
    members = dict(pairs)
    if len(members) != len(pairs):
        _refuse("an object names a key twice")
    return members


def _refuse(reason: str) -> NoReturn:
    raise InvalidInputError("JSON_INVALID", reason)


def _check(value: Object) -> None:
    """Refuse an object that holds anything outside the profile. It is walked level by level, each value once."""
    level: list[Any] = [value]
    texts: list[str] = []
    for _ in range(_MAX_DEPTH):
        below: list[Any] = []
        for container in level:
            members = container
            if isinstance(container, dict):
                _check_keys(container)
                members = container.values()
            for member in members:
                if isinstance(member, str):
                    texts.append(member)
                elif isinstance(member, _CONTAINERS):
                    below.append(member)
                else:
                    _check_number(member)
        if not below:
            _check_texts("".join(texts))
            return
        level = below
    _refuse(f"the object is nested deeper than {_MAX_DEPTH}")


def _check_texts(text: str) -> None:
    if not (text.isascii() and text.isprintable()):
        _refuse("a string holds something else than printable ASCII")


def _check_number(member: object) -> None:
    if not isinstance(member, int):
        _refuse("a value is null, a float, or no JSON at all")
    if not 0 <= member <= _MAX_INTEGER:
        _refuse("an integer is out of range")


def _check_keys(value: dict[Any, Any]) -> None:
    for key in value:
        if key in _SEEN_KEYS:
            continue
        if not isinstance(key, str) or _KEY.fullmatch(key) is None:
            _refuse("a key is not [a-z][a-z0-9_]*")
        if len(_SEEN_KEYS) < _MOST_SEEN:
            _SEEN_KEYS.add(key)
