"""PAX extended headers, read where every reader agrees on them (contract 7, profile 1).

npm's extractor splits them at newlines and puts *every* key on the member, its type included;
so only keys that change nothing but path and size are let in, and no value holds a newline.
"""

from __future__ import annotations

import re

from msgspec import Struct

from placet.domain.encoding.archive_limits import PATH_BYTES, ambiguous, shown, sparse, too_large, unsafe
from placet.domain.encoding.tar_header import BLOCK

PAX_BYTES = 8 * PATH_BYTES

_RECORD = re.compile(rb"([1-9][0-9]{0,5}) ([A-Za-z.]+)=([^\n\0]+)\n")
_SIZE = re.compile(rb"0|[1-9][0-9]{0,15}")
_LOCAL_KEYS = frozenset(
    b"path size mtime atime ctime uid gid uname gname comment SCHILY.dev SCHILY.ino SCHILY.nlink".split()
)
_SPARSE = b"GNU.sparse."
_GLOBAL_KEYS = frozenset([b"comment"])


class Pax(Struct, frozen=True, kw_only=True):
    """What an extended header says about the next member; None where it says nothing."""

    path: bytes | None = None
    size: int | None = None


def parse_pax(body: bytes) -> Pax:
    """Return what the extended header `body` says about the member behind it.

    Raise `InvalidInputError`: `ARTIFACT_UNSAFE` for malformed, repeated or unknown records,
    `ARTIFACT_AMBIGUOUS` where npm's extractor may cut a letter in two.
    """
    if len(body) > BLOCK and not body.isascii():
        # It decodes the body in pieces that may end at any block.
        raise ambiguous("an extended header with letters outside ASCII is longer than one block")
    values = _records(body, _LOCAL_KEYS)
    size = values.get(b"size")
    if size is not None and _SIZE.fullmatch(size) is None:
        raise unsafe("an extended header has a size that is no number")
    return Pax(path=values.get(b"path"), size=None if size is None else int(size))


def check_global_pax(body: bytes) -> None:
    """Refuse a global header that says anything but a comment: it would hold for every member."""
    _records(body, _GLOBAL_KEYS)


def _records(body: bytes, allowed: frozenset[bytes]) -> dict[bytes, bytes]:
    if not body:
        raise unsafe("an extended header is empty")
    values: dict[bytes, bytes] = {}
    at = 0
    while at < len(body):
        record = _RECORD.match(body, at)
        if record is None or int(record[1]) != len(record[0]):
            raise unsafe("an extended header has a malformed record")
        _, key, value = record.groups()
        if key.startswith(_SPARSE):
            raise sparse(value)
        if key not in allowed or key in values:
            raise unsafe(f"an extended header has an unknown or repeated key {shown(key)}")
        values[key] = value
        at = record.end()
    return values


def check_pax_room(size: int) -> None:
    """Raise `InvalidInputError` (`ARTIFACT_TOO_LARGE`) for an extended header of too many bytes."""
    if size > PAX_BYTES:
        raise too_large(f"an extended header has {size} bytes, {PAX_BYTES} are allowed")
