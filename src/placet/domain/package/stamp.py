"""Stamping: the metadata block into an archive's package.json as text, and out again (contract 7).

Two laws hold for every tar stream x, y and block b, or the archive is refused:
`unstamp(stamp(x, b)) == x` bit by bit, and `stamp(unstamp(y), block(y)) == y`.
"""

from __future__ import annotations

import re
from typing import cast

from msgspec import Struct

from placet.domain.encoding.archive_limits import DEFAULT_LIMITS, ArchiveLimits
from placet.domain.encoding.archive_scan import MANIFEST, ManifestPlace, scan_archive
from placet.domain.encoding.canonical import Value
from placet.domain.encoding.foreign_json import JsonObject, read_foreign_object
from placet.domain.encoding.gunzip import Gunzip, gzip_tar
from placet.domain.encoding.tar_header import BLOCK, with_size
from placet.domain.package.metadata import BLOCK_KEY, PackageMetadata, read_metadata
from placet.domain.values.digest import Digest, sha256
from placet.errors import InvalidInputError

STAMP_RULE = 1
"""The number of the rule by which blocks are inserted; statements carry it (protocol 8)."""

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
_BLANK = b" \t\r\n"


class Unstamped(Struct, frozen=True, kw_only=True):
    """A stamped archive taken apart: the tar stream as it was before, and the block."""

    tar: bytes
    block: PackageMetadata

    @property
    def tarball_hash(self) -> Digest:
        """Return the SHA-256 of the tar stream before it was stamped, which its certificate is bound to."""
        return sha256(self.tar)

    def check_comes_from(self, tar: bytes, encoded_block: bytes) -> None:
        """Raise `InvalidInputError` (`STAMP_REFUSED`) unless these were stamped: the first law."""
        if (self.tar, self.block.encode()) != (tar, encoded_block):
            raise _refused("the stamp could not be taken off again")


def stamp(tgz: bytes, block: PackageMetadata, *, key: str = BLOCK_KEY, limits: ArchiveLimits = DEFAULT_LIMITS) -> bytes:
    """Return the archive `tgz` with `block` in its package.json, packed anew.

    Nothing else in the tar stream changes but the size and checksum of that member; both laws
    have been tried on the very bytes returned. Raise `InvalidInputError`: `STAMP_REFUSED` for a
    package.json that cannot be stamped, else as `scan_archive` does.
    """
    _check_key(key)
    tar, place = _opened(tgz, limits)
    encoded = block.encode()
    text = tar[_text_of(place)]
    stamped = gzip_tar(_with_manifest(tar, place, _inserted(text, encoded, key)))
    unstamp(stamped, key=key, limits=limits).check_comes_from(tar, encoded)
    return stamped


def unstamp(tgz: bytes, *, key: str = BLOCK_KEY, limits: ArchiveLimits = DEFAULT_LIMITS) -> Unstamped:
    """Return the tar stream that was stamped and the block.

    Raise `InvalidInputError`: `STAMP_REFUSED` where there is no stamp, `STAMP_NOT_CANONICAL`
    where the block, or its place, is spelled otherwise than `stamp` spells it, else as
    `scan_archive` does.
    """
    _check_key(key)
    tar, place = _opened(tgz, limits)
    text = tar[_text_of(place)]
    block, rest = _removed(text, key)
    return Unstamped(tar=_with_manifest(tar, place, rest), block=block)


def _check_key(key: str) -> None:
    if _KEY.fullmatch(key) is None:
        raise _refused(f"{key[:80]!a} cannot be the key of a metadata block")


def _opened(tgz: bytes, limits: ArchiveLimits) -> tuple[bytes, ManifestPlace]:
    place = scan_archive(tgz, limits=limits).manifest_place
    if place.in_pax:
        raise _refused(f"an extended header repeats the size of {MANIFEST}")
    return b"".join(Gunzip((tgz,), len(tgz), limits).pieces()), place


def _text_of(place: ManifestPlace) -> slice:
    start = place.header_at + BLOCK
    return slice(start, start + place.size)


def _inserted(text: bytes, block: bytes, key: str) -> bytes:
    members = _members(text)
    if key in members:
        raise _refused(f"{MANIFEST} has the key {key} already")
    closing = len(text.rstrip(_BLANK)) - 1
    before = text[:closing].rstrip(_BLANK)
    return before + _member(block, key, alone=not members) + text[len(before) :]


def _removed(text: bytes, key: str) -> tuple[PackageMetadata, bytes]:
    members = _members(text)
    if key not in members:
        raise _refused(f"{MANIFEST} has no key {key}")
    try:
        block = read_metadata(cast("Value", members[key]))  # which checks the type of every member
        encoded = block.encode()
    except InvalidInputError as error:
        raise _not_canonical() from error
    closing = len(text.rstrip(_BLANK)) - 1
    before = text[:closing].rstrip(_BLANK)
    rest = before.removesuffix(_member(encoded, key, alone=len(members) == 1)) + text[len(before) :]
    if key in _members(rest) or _inserted(rest, encoded, key) != text:
        raise _not_canonical()
    return block, rest


def _member(block: bytes, key: str, *, alone: bool) -> bytes:
    return b'%b"%b":%b' % (b"" if alone else b",", key.encode(), block)


def _members(text: bytes) -> JsonObject:
    return read_foreign_object(text, what=MANIFEST, code="STAMP_REFUSED")


def _with_manifest(tar: bytes, place: ManifestPlace, text: bytes) -> bytes:
    old = _text_of(place)
    header = with_size(tar[place.header_at : old.start], len(text))
    if header is None:
        raise _refused(f"the header of {MANIFEST} cannot hold the new size in its digits")
    rest = tar[old.stop + -place.size % BLOCK :]
    return b"".join((tar[: place.header_at], header, text, bytes(-len(text) % BLOCK), rest))


def _refused(reason: str) -> InvalidInputError:
    return InvalidInputError("STAMP_REFUSED", f"the archive cannot be stamped or unstamped: {reason}")


def _not_canonical() -> InvalidInputError:
    return InvalidInputError(
        "STAMP_NOT_CANONICAL",
        "the metadata block is not what stamping writes, or not where it writes it",
        hint="the package.json was changed after stamping; do not trust this block",
    )
