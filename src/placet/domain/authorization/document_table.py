"""Strict reading of one TOML table of a policy: every key once, with its exact type and place.

The counterpart of `encoding.record` for documents that people write: refusals say where.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn, TypeVar

from placet.errors import InvalidInputError

T = TypeVar("T")


def refuse(path: str, reason: str) -> NoReturn:
    """Raise `InvalidInputError` (`POLICY_INVALID`) for the key at `path`."""
    raise InvalidInputError("POLICY_INVALID", f"in the policy, {path} {reason}")


class Table:
    """The keys of one table that have not been read yet. Booleans are no integers here."""

    def __init__(self, members: Mapping[str, object], place: str) -> None:
        """Start reading the table that stands at `place`, empty for the whole document."""
        self._members = dict(members)
        self._place = place

    def path(self, name: str) -> str:
        """Return where the key `name` stands, for people: `rule[2].approvals`."""
        return f"{self._place}.{_shown(name)}" if self._place else _shown(name)

    def names(self) -> list[str]:
        """Return the keys that have not been read yet."""
        return list(self._members)

    def text(self, name: str, pattern: str) -> str:
        """Take the string `name`, which must match `pattern` as a whole."""
        value = self._take(name, str, "a string")
        if re.fullmatch(pattern, value) is None:
            refuse(self.path(name), "is not well-formed")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Take the boolean `name`, or `default` where it is not there."""
        return self._take(name, bool, "true or false") if name in self._members else default

    def integer(self, name: str, least: int, most: int) -> int:
        """Take the integer `name`, which must lie in `least`…`most`."""
        value = self._take(name, int, "an integer")
        if not least <= value <= most:
            refuse(self.path(name), f"is not between {least} and {most}")
        return value

    def optional_integer(self, name: str, least: int, most: int) -> int | None:
        """Take the integer `name` as `integer` does, or None where it is not there."""
        return self.integer(name, least, most) if name in self._members else None

    def texts(self, name: str, pattern: str) -> list[str]:
        """Take the array `name` of different strings that match `pattern`."""
        found: dict[str, None] = {}
        for value in self._take(name, list, "an array"):
            if type(value) is not str or re.fullmatch(pattern, value) is None:
                refuse(self.path(name), "has an element that is not well-formed")
            if value in found:
                refuse(self.path(name), f"names {_shown(value)} twice")
            found[value] = None
        return list(found)

    def table(self, name: str, *, default: Mapping[str, object] | None = None) -> Table:
        """Take the table `name`, or `default` where one is given and the key is not there."""
        if default is not None and name not in self._members:
            return Table(default, self.path(name))
        return Table(self._take(name, dict, "a table"), self.path(name))

    def tables(self, name: str) -> list[Table]:
        """Take the array `name` of tables, which must be there, if only as `[]`."""
        place = self.path(name)
        found = []
        for number, value in enumerate(self._take(name, list, "an array"), 1):
            if type(value) is not dict:
                refuse(f"{place}[{number}]", "is not a table")
            found.append(Table(value, f"{place}[{number}]"))
        return found

    def end(self) -> None:
        """Refuse what nobody took."""
        for name in self._members:
            refuse(self.path(name), "is no key that is known here")

    def _take(self, name: str, kind: type[T], shown: str) -> T:
        if name not in self._members:
            refuse(self.path(name), "is missing")
        value = self._members.pop(name)
        if type(value) is not kind:
            refuse(self.path(name), f"is not {shown}")
        return value


def _shown(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) else ascii(name[:64])
