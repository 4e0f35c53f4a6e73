"""Strict reading of a decoded object: every member taken exactly once, with its type and grammar.

`Record` wraps an object; each method takes one member out; `end()` refuses what is left. So a
missing, a mistyped and an unknown member are all the same refusal, with the object's own code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cache
from typing import NoReturn, TypeVar

from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.digest import Digest, parse_digest
from placet.domain.values.time import parse_instant
from placet.errors import InvalidInputError, PlacetError

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


def matches(pattern: str, text: str) -> bool:
    """Tell whether the whole `text` matches `pattern`, one of those that stand in our code."""
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # `re` keeps patterns too, behind two calls and a key of three members: a fifth of the time of reading a record
    return re.compile(pattern)


class Record:
    """The members of one object that have not been read yet."""

    def __init__(self, value: Value, *, what: str, code: str) -> None:
        """Start reading `value`, named `what` in messages, refused with `code`."""
        self._what = what
        self._code = code
        if not isinstance(value, dict):
            self.refuse("is not an object")
        self._members: Object = dict(value)

    def refuse(self, reason: str) -> NoReturn:
        """Raise `InvalidInputError` with this record's code."""
        raise InvalidInputError(self._code, f"the {self._what} {reason}")

    def holds(self, name: str) -> bool:
        """Tell whether the member `name` is there: for members that were added after a release."""
        return name in self._members

    def text(self, name: str, pattern: str = r"[ -~]*") -> str:
        """Take the string `name`, which must match `pattern` as a whole."""
        value = self._take(name)
        if not isinstance(value, str) or not matches(pattern, value):
            self.refuse(f"has no well-formed {name}")
        return value

    def later_text(self, name: str, pattern: str = r"[ -~]*") -> str:
        """Take the string `name` as `text` does, empty where it is missing: a member that was added later."""
        return self.text(name, pattern) if name in self._members else ""

    def integer(self, name: str, *, least: int = 0, most: int = 2**53 - 1) -> int:
        """Take the integer `name`, which must lie in `least`…`most`."""
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.refuse(f"has no {name} between {least} and {most}")
        return value

    def choice(self, name: str, kind: type[E]) -> E:
        """Take the string `name`, which must be the value of a member of `kind`."""
        value = self._take(name)
        if not isinstance(value, str) or value not in kind._value2member_map_:
            self.refuse(f"has no well-formed {name}")
        return kind(value)

    def flag(self, name: str) -> bool:
        """Take the boolean `name`."""
        value = self._take(name)
        if not isinstance(value, bool):
            self.refuse(f"has no boolean {name}")
        return value

    def constant(self, name: str, expected: Value) -> None:
        """Take the member `name`, which must be `expected` and of its type."""
        value = self._take(name)
        if type(value) is not type(expected) or value != expected:
            self.refuse(f"has another {name} than {expected}")

    def digest(self, name: str) -> Digest:
        """Take the member `name` as a `sha256:` digest."""
        return self._parsed(name, parse_digest)

    def instant(self, name: str) -> datetime:
        """Take the member `name` as a time."""
        return self._parsed(name, parse_instant)

    def optional_instant(self, name: str) -> datetime | None:
        """Take the member `name` as a time, None where it is empty."""
        if self._members.get(name) == "":
            self._members.pop(name)
            return None
        return self.instant(name)

    def object(self, name: str) -> Object:
        """Take the member `name` as an object of any shape."""
        value = self._take(name)
        if not isinstance(value, dict):
            self.refuse(f"has no object {name}")
        return value

    def array(self, name: str) -> list[Value]:
        """Take the array `name`, whatever its elements are."""
        value = self._take(name)
        if not isinstance(value, list):
            self.refuse(f"has no array {name}")
        return value

    def list_of(self, name: str, read: Callable[[Value], T], *, most: int = 10_000) -> tuple[T, ...]:
        """Take the array `name`, each element read by `read`."""
        value = self._take(name)
        if not isinstance(value, list) or len(value) > most:
            self.refuse(f"has no array {name} of at most {most} elements")
        return tuple(read(element) for element in value)

    def texts(self, name: str, pattern: str = r"[ -~]*") -> tuple[str, ...]:
        """Take the array `name` of strings that match `pattern`."""

        def read(value: Value) -> str:
            if not isinstance(value, str) or not matches(pattern, value):
                self.refuse(f"has a malformed element in {name}")
            return value

        return self.list_of(name, read)

    def end(self) -> None:
        """Refuse what nobody took."""
        if self._members:
            self.refuse(f"has unknown members: {', '.join(sorted(self._members))[:200]}")

    def _take(self, name: str) -> Value:
        if name not in self._members:
            self.refuse(f"lacks {name}")
        return self._members.pop(name)

    def _parsed(self, name: str, parse: Callable[[str], T]) -> T:
        value = self.text(name)
        try:
            return parse(value)
        except PlacetError as error:
            raise InvalidInputError(self._code, f"the {self._what} has no well-formed {name}") from error
