"""Strict reading of the TOML documents that people write: policies and plan files.

Nothing is guessed and nothing unknown is let through. The counterpart of `encoding.record`:
every key once, with its exact type, and refusals say where.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from msgspec import Struct

from placet.errors import InvalidInputError

T = TypeVar("T")

LIMIT_BYTES = 64 * 1024
LIMIT_LINE = 256
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of document: what it is called in messages, and the code of every refusal."""

    name: str
    code: str

    def refuse(self, path: str, reason: str) -> NoReturn:
        """Raise `InvalidInputError` for the key at `path`."""
        raise InvalidInputError(self.code, f"in the {self.name}, {path} {reason}")


POLICY = Kind(name="policy", code="POLICY_INVALID")
PLAN_FILE = Kind(name="plan file", code="PLAN_FILE_INVALID")
POSTED_PLAN = Kind(name="plan", code="PLAN_FILE_INVALID")


def refuse(path: str, reason: str) -> NoReturn:
    """Raise `InvalidInputError` (`POLICY_INVALID`) for the key at `path` of a policy."""
    POLICY.refuse(path, reason)


def read_document(content: bytes, kind: Kind) -> Table:
    """Return the top table of a TOML document.

    Raise `InvalidInputError` with the kind's code, naming the line, for more than 64 KiB, lines of
    more than 256 characters, and anything but UTF-8 TOML without invisible characters.
    """
    text = _text(content, kind)
    try:
        return Table(tomllib.loads(text), "", kind)
    except (ValueError, RecursionError) as error:
        reason = ascii(str(error))[1:-1][:200]
        raise InvalidInputError(kind.code, f"the {kind.name} is not TOML: {reason}") from error


class Table:
    """The keys of one table that have not been read yet. Booleans are no integers here."""

    def __init__(self, members: Mapping[str, object], place: str, kind: Kind = POLICY) -> None:
        """Start reading the table that stands at `place`, empty for the whole document."""
        self._members = dict(members)
        self._place = place
        self._kind = kind

    @property
    def kind(self) -> Kind:
        """Return of which kind of document the table is a part."""
        return self._kind

    @property
    def place(self) -> str:
        """Return where the table stands, for people."""
        return self._place

    def path(self, name: str) -> str:
        """Return where the key `name` stands, for people: `rule[2].approvals`."""
        return f"{self._place}.{_shown(name)}" if self._place else _shown(name)

    def names(self) -> list[str]:
        """Return the keys that have not been read yet."""
        return list(self._members)

    def refuse_at(self, name: str, reason: str) -> NoReturn:
        """Raise `InvalidInputError` with the document's code for the key `name`."""
        self._kind.refuse(self.path(name), reason)

    def text(self, name: str, pattern: str, *, default: str | None = None) -> str:
        """Take the string `name`, which must match `pattern` as a whole; `default` where one is given and it is not."""
        if default is not None and name not in self._members:
            return default
        value = self._take(name, str, "a string")
        if re.fullmatch(pattern, value) is None:
            self.refuse_at(name, "is not well-formed")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Take the boolean `name`, or `default` where it is not there."""
        return self._take(name, bool, "true or false") if name in self._members else default

    def integer(self, name: str, least: int, most: int) -> int:
        """Take the integer `name`, which must lie in `least`…`most`."""
        value = self._take(name, int, "an integer")
        if not least <= value <= most:
            self.refuse_at(name, f"is not between {least} and {most}")
        return value

    def optional_integer(self, name: str, least: int, most: int) -> int | None:
        """Take the integer `name` as `integer` does, or None where it is not there."""
        return self.integer(name, least, most) if name in self._members else None

    def texts(self, name: str, pattern: str) -> list[str]:
        """Take the array `name` of different strings that match `pattern`."""
        found: dict[str, None] = {}
        for value in self._take(name, list, "an array"):
            if type(value) is not str or re.fullmatch(pattern, value) is None:
                self.refuse_at(name, "has an element that is not well-formed")
            if value in found:
                self.refuse_at(name, f"names {_shown(value)} twice")
            found[value] = None
        return list(found)

    def table(self, name: str, *, default: Mapping[str, object] | None = None) -> Table:
        """Take the table `name`, or `default` where one is given and the key is not there."""
        if default is not None and name not in self._members:
            return Table(default, self.path(name), self._kind)
        return Table(self._take(name, dict, "a table"), self.path(name), self._kind)

    def members(self, name: str) -> dict[str, Any]:
        """Take the members of the table `name` as they were written, none where it is not there."""
        return dict(self._take(name, dict, "a table")) if name in self._members else {}

    def tables(self, name: str) -> list[Table]:
        """Take the array `name` of tables, which must be there, if only as `[]`."""
        place = self.path(name)
        found = []
        for number, value in enumerate(self._take(name, list, "an array"), 1):
            if type(value) is not dict:
                self._kind.refuse(f"{place}[{number}]", "is not a table")
            found.append(Table(value, f"{place}[{number}]", self._kind))
        return found

    def end(self) -> None:
        """Refuse what nobody took."""
        for name in self._members:
            self.refuse_at(name, "is no key that is known here")

    def _take(self, name: str, kind: type[T], shown: str) -> T:
        if name not in self._members:
            self.refuse_at(name, "is missing")
        value = self._members.pop(name)
        if type(value) is not kind:
            self.refuse_at(name, f"is not {shown}")
        return value


def _text(content: bytes, kind: Kind) -> str:
    if len(content) > LIMIT_BYTES:
        raise InvalidInputError(kind.code, f"the {kind.name} has {len(content)} bytes, {LIMIT_BYTES} are allowed")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(kind.code, f"line {line} of the {kind.name} is not UTF-8") from error
    for number, line_text in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        _check_line(number, line_text, kind)
    return text


def _check_line(number: int, content: str, kind: Kind) -> None:
    """Refuse what a reviewer could not see: characters without a shape, and what is off the screen.

    The limit on length also keeps the TOML parser, quadratic in the dots of one key, fast.
    """
    line = f"line {number} of the {kind.name}"
    if len(content) > LIMIT_LINE:
        raise InvalidInputError(kind.code, f"{line} has more than {LIMIT_LINE} characters")
    for character in content:
        if character != "\t" and unicodedata.category(character) in _INVISIBLE:
            raise InvalidInputError(kind.code, f"{line} holds the invisible character {character!a}")


def _shown(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) else ascii(name[:64])
