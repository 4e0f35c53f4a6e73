"""Digests: `sha256:` and 64 lower-case hex digits, plain or separated by domain (protocol 1)."""

from __future__ import annotations

import hashlib
import re
from typing import NewType

from placet.errors import InvalidInputError

Digest = NewType("Digest", str)
"""`sha256:` followed by 64 lower-case hexadecimal digits."""

DIGEST = r"sha256:[0-9a-f]{64}"
_DIGEST = re.compile(DIGEST)


def parse_digest(text: str) -> Digest:
    """Return `text` as a digest, or raise `InvalidInputError` (`DIGEST_INVALID`)."""
    if _DIGEST.fullmatch(text) is None:
        raise InvalidInputError("DIGEST_INVALID", f"{text[:80]!r} is not sha256: and 64 lower-case hex digits")
    return Digest(text)


def sha256(content: bytes) -> Digest:
    """Return the plain SHA-256 digest of `content`."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def separated_digest(typ: str, mode: str, canonical: bytes) -> Digest:
    """Return the digest of an object's canonical bytes, separated by type and mode.

    `sha256("placet/" typ "/v1/" mode NUL canonical)`; `mode` is `none` where the object has
    none, so that nothing made in a dry run equals anything made in production (protocol 1).
    """
    return sha256(b"placet/" + typ.encode() + b"/v1/" + mode.encode() + b"\0" + canonical)


def salted_digest(salt: bytes, content: bytes) -> Digest:
    """Return the digest under which an entry names erasable `content`: `sha256(salt || content)`."""
    return sha256(salt + content)
