"""What somebody shows to say who they are: its spelling, and the digest under which it is known (contract 1).

It reads `placet_`, what it is, twelve characters that name it, 32 that nobody can guess, and six
that check the rest: scanners find it, and a typing error is no question to the store. Only its
digest is kept.
"""

from __future__ import annotations

import re
import zlib
from enum import StrEnum

from msgspec import Struct

from placet.domain.values.digest import Digest, sha256

SHORT_ID = r"[0-9A-Za-z]{12}"
RANDOM_BYTES = 48
_ID_CHARACTERS, _SECRET_CHARACTERS, _CHECK_CHARACTERS = 12, 32, 6
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class CredentialKind(StrEnum):
    """What a credential is: a program's key, or a person's session."""

    KEY = "key"
    SESSION = "session"


_TOKEN = re.compile(
    f"placet_(?P<kind>{'|'.join(CredentialKind)})_"
    f"(?P<body>[0-9A-Za-z]{{{_ID_CHARACTERS + _SECRET_CHARACTERS}}})(?P<check>[0-9A-Za-z]{{{_CHECK_CHARACTERS}}})"
)


class ShownToken(Struct, frozen=True, kw_only=True):
    """A well-formed token: what it is, the id that names it, and its digest. The token itself is gone."""

    kind: CredentialKind
    token_id: str
    digest: Digest

    @property
    def credential_id(self) -> str:
        """Return `key_ID` or `session_ID`."""
        return f"{self.kind.value}_{self.token_id}"


def make_token(kind: CredentialKind, random: bytes) -> tuple[str, ShownToken]:
    """Return a new token of `RANDOM_BYTES` unpredictable bytes: as it is shown, and as it is known."""
    body = _letters(int.from_bytes(random, "big"), _ID_CHARACTERS + _SECRET_CHARACTERS)
    text = f"placet_{kind.value}_{body}{_check(body)}"
    return text, _known(kind, body, text)


def parse_token(text: str) -> ShownToken | None:
    """Return the token that `text` spells, or None where it is none: another form, or a wrong check."""
    match = _TOKEN.fullmatch(text)
    if match is None or _check(match["body"]) != match["check"]:
        return None
    return _known(CredentialKind(match["kind"]), match["body"], text)


def _known(kind: CredentialKind, body: str, text: str) -> ShownToken:
    return ShownToken(kind=kind, token_id=body[:_ID_CHARACTERS], digest=sha256(text.encode("ascii")))


def _check(body: str) -> str:
    return _letters(zlib.crc32(body.encode("ascii")), _CHECK_CHARACTERS)


def _letters(number: int, count: int) -> str:
    letters = []
    for _ in range(count):
        number, digit = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[digit])
    return "".join(letters)
