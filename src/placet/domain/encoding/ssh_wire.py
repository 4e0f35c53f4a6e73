"""The SSH wire format: strings, integers and bytes, read strictly (RFC 4251 section 5).

One reader for public keys and signatures. What is read must be the only spelling of its value:
lengths fit exactly, multiple-precision integers are positive and minimal, nothing trails.
"""

from __future__ import annotations

from typing import NoReturn

from placet.errors import InvalidInputError


class WireReader:
    """Takes one value after another from bytes; `end()` refuses what is left.

    Every method raises `InvalidInputError` with the code given here.
    """

    def __init__(self, encoded: bytes, *, what: str, code: str) -> None:
        """Start reading `encoded`, named `what` in messages, refused with `code`."""
        self._rest = encoded
        self._what = what
        self._code = code

    def refuse(self, reason: str) -> NoReturn:
        """Raise `InvalidInputError` with this reader's code."""
        raise InvalidInputError(self._code, f"the {self._what} {reason}")

    def raw(self, size: int) -> bytes:
        """Take exactly `size` bytes."""
        if len(self._rest) < size:
            self.refuse("is cut short")
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def byte(self) -> int:
        """Take one byte as a number."""
        return self.raw(1)[0]

    def uint32(self) -> int:
        """Take four bytes as a number."""
        return int.from_bytes(self.raw(4), "big")

    def string(self) -> bytes:
        """Take bytes with their length before them."""
        return self.raw(self.uint32())

    def name(self) -> str:
        """Take a string of printable ASCII."""
        content = self.string()
        if not all(0x20 <= each <= 0x7E for each in content):  # noqa: PLR2004 - space to tilde
            self.refuse("holds a name with something else than printable ASCII")
        return content.decode("ascii")

    def positive_integer(self) -> int:
        """Take a multiple-precision integer: greater than zero, in its shortest spelling."""
        content = self.string()
        value = int.from_bytes(content, "big")
        if value == 0 or mpint(value) != wire_string(content):
            self.refuse("holds an integer that is not positive, or not in its shortest spelling")
        return value

    def end(self) -> None:
        """Refuse trailing bytes."""
        if self._rest:
            self.refuse(f"has {len(self._rest)} bytes after its end")


def wire_string(content: bytes) -> bytes:
    """Return `content` with its length before it."""
    return len(content).to_bytes(4, "big") + content


def mpint(value: int) -> bytes:
    """Return the shortest spelling of a positive integer, as a string."""
    return wire_string(value.to_bytes(value.bit_length() // 8 + 1, "big"))
