"""ChittyIDs: names for contents, a stable function of a content's hash, namespace and type (contract 2).

`YM-C-NNN-SSSS-T-CC-V-X`: NNN is the namespace, T the type; the others come from

    sha256("placet/chitty_id/v1/" NAMESPACE "/" TYPE "/" CONTENT_HASH "/" N)

read as one big-endian number, from which digits are taken one after the other, the least
significant first: two of `0-9A-Z` (YM), one of `A-Z` (C), four of `0-9` (SSSS), two of `0-9A-Z`
(CC), one of `0-9A-Z` (V). N is 0; where that name is taken by another content, 1, and so on. X is
the check character of ISO 7064, MOD 37,36, over all others: a typing error is found, nothing more.
"""

from __future__ import annotations

import hashlib
import re
import string
from enum import StrEnum

from placet.domain.values.digest import Digest
from placet.errors import InvalidInputError

CHITTY_ID = r"[A-Z0-9]{2}-[A-Z]-[A-Z]{3}-[0-9]{4}-[A-Z]-[A-Z0-9]{2}-[A-Z0-9]-[A-Z0-9]"
_ALL = string.digits + string.ascii_uppercase
_HASH = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


class Namespace(StrEnum):
    """What kind of thing is named, in the words of the services that are replaced."""

    DOCUMENT = "DOC"
    MINT = "MNT"
    CLAIM = "CLM"
    EVIDENCE = "EVD"
    ASSET = "AST"
    IDENTITY = "IDN"


class ChittyType(StrEnum):
    """The types of those services, each a letter."""

    I = "I"  # noqa: E741 - the letters are the contract's
    D = "D"
    C = "C"
    E = "E"
    L = "L"
    V = "V"


def parse_content_hash(text: str) -> Digest:
    """Return the SHA-256 that `text` spells, with or without `sha256:`; raise `InvalidInputError` (`INVALID_HASH`)."""
    match = _HASH.fullmatch(text)
    if match is None:
        raise InvalidInputError("INVALID_HASH", f"{text[:80]!a} is not sha256: and 64 lower-case hex digits")
    return Digest(f"sha256:{match[1]}")


def chitty_id(content_hash: Digest, namespace: Namespace, chitty_type: ChittyType, nth: int) -> str:
    """Return the `nth` name of a content, from 0."""
    text = f"placet/chitty_id/v1/{namespace}/{chitty_type}/{content_hash}/{nth}"
    digits = _Digits(int.from_bytes(hashlib.sha256(text.encode("ascii")).digest(), "big"))
    year_month, letter = digits.take(2, _ALL), digits.take(1, string.ascii_uppercase)
    sequence = digits.take(4, string.digits)
    category, version = digits.take(2, _ALL), digits.take(1, _ALL)
    name = f"{year_month}-{letter}-{namespace}-{sequence}-{chitty_type}-{category}-{version}"
    return f"{name}-{_check(name)}"


def check_chitty_id(text: str) -> None:
    """Return where `text` is well spelled; raise `InvalidInputError` (`CHITTY_ID_INVALID`)."""
    if re.fullmatch(CHITTY_ID, text) is None or _check(text[:-2]) != text[-1]:
        raise InvalidInputError("CHITTY_ID_INVALID", f"{text[:40]!a} is no ChittyID, or mistyped")


class _Digits:
    """A number from which digits are taken."""

    def __init__(self, number: int) -> None:
        self._rest = number

    def take(self, count: int, alphabet: str) -> str:
        """Return the next digits, written in `alphabet`."""
        taken = []
        for _ in range(count):
            self._rest, digit = divmod(self._rest, len(alphabet))
            taken.append(alphabet[digit])
        return "".join(taken)


def _check(name: str) -> str:
    """Return the check character (ISO 7064, MOD 37,36) of a name, whose hyphens do not count."""
    product = 36
    for character in name.replace("-", ""):
        total = (product + _ALL.index(character)) % 36 or 36
        product = total * 2 % 37
    return _ALL[(37 - product) % 36]
