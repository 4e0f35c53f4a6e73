"""JSON that others wrote, read only where every reader finds the same object in it.

Our own objects are canonical (`canonical`); a package.json or a statement of another tool is not,
but what we take from it must be what npm, Node and everybody else take from it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, TypeAlias, TypeVar

from placet.errors import InvalidInputError

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, Json]"
Shape = TypeVar("Shape", dict[str, Json], list[Json])

_NAMES: dict[type, str] = {dict: "an object", list: "an array"}
_EXACT = 2**53 - 1  # beyond it JavaScript counts in steps
_MAX_DEPTH = 100
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class _SeveralReadingsError(ValueError):
    """Readers of JSON would differ here."""


def read_foreign_object(text: bytes, *, what: str, code: str) -> JsonObject:
    """Return the object that `text` spells.

    Raise `InvalidInputError` with `code`, naming it `what`, for anything on which readers
    differ: a byte order mark, bytes that are no UTF-8, a key twice or `__proto__` at any depth,
    half a surrogate pair, a number that JavaScript cannot hold, `NaN`, nesting deeper than 100, and
    anything but one object.
    """
    return read_foreign(text, dict, what=what, code=code)


def read_foreign(text: bytes, kind: type[Shape], *, what: str, code: str) -> Shape:
    """Return the object or the array that `text` spells, as `read_foreign_object`."""
    try:
        parsed = _read(text)
        if not isinstance(parsed, kind):
            raise _SeveralReadingsError(f"it is not {_NAMES[kind]}")
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(code, f"{what} has no single reading: {_reason(error)}") from error
    return parsed


def _read(text: bytes) -> Json:
    if text.startswith(_BYTE_ORDER_MARK):
        raise _SeveralReadingsError("it begins with a byte order mark")
    parsed: Json = _DECODER.decode(text.decode())
    _check_depth(parsed)
    json.dumps(parsed, ensure_ascii=False).encode()  # fails at half a surrogate pair
    return parsed


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _SeveralReadingsError("an object names a key twice")
    if "__proto__" in members:
        raise _SeveralReadingsError("an object has the key __proto__, by which JavaScript changes other members")
    return members


def _check_depth(parsed: Json) -> None:
    # How deep the standard library itself reads depends on its version.
    level: list[Json] = [parsed]
    for _ in range(_MAX_DEPTH):
        level = [member for each in level for member in _inside(each)]
        if not level:
            return
    raise RecursionError


def _inside(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _integer(digits: str) -> int:
    if len(digits) > len(str(-_EXACT)) or abs(int(digits)) > _EXACT:
        raise _SeveralReadingsError("a number is too large for JavaScript")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _SeveralReadingsError("a number is too large for JavaScript")
    return number


def _no_number(name: str) -> float:
    raise _SeveralReadingsError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_finite, parse_constant=_no_number
)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "it is not UTF-8, or holds half a surrogate pair"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)
