"""Archives of profile 1, read as a stream and never extracted (contract 7; attacks A52, A54, A107).

One gzip member with one tar stream of plain files and folders, in which npm's extractor and
every other reader find the same. Anything else is refused: `ARTIFACT_UNSAFE`,
`ARTIFACT_TOO_LARGE` or `ARTIFACT_AMBIGUOUS`, with a sentence that names the member and the rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from msgspec import Struct

from placet.domain.encoding.archive_limits import DEFAULT_LIMITS, ArchiveLimits, ambiguous, shown, too_large, unsafe
from placet.domain.encoding.archive_paths import ArchivePaths
from placet.domain.encoding.gunzip import Gunzip, TarballDigests
from placet.domain.encoding.pax import Pax, check_global_pax, check_pax_room, parse_pax
from placet.domain.encoding.tar_header import EXTENDED, FILE, GLOBAL, TarHeader, parse_header
from placet.domain.encoding.tar_stream import ZERO_BLOCK, TarStream
from placet.domain.values.digest import Digest

MANIFEST = "package.json"


class ArchiveFile(Struct, frozen=True, kw_only=True):
    """A file as npm installs it: its path below the top folder, permission bits, size and digest."""

    path: str
    mode: int
    size: int
    sha256: Digest


class ManifestPlace(Struct, frozen=True, kw_only=True):
    """Where package.json stands in the tar stream: the offset of its header, the size of its text.

    `in_pax` tells that an extended header repeats its size.
    """

    header_at: int
    size: int
    in_pax: bool


class ArchiveScan(Struct, frozen=True, kw_only=True):
    """What an archive of profile 1 holds: its files in their order, package.json's text, all digests."""

    top_folder: str
    files: tuple[ArchiveFile, ...]
    digests: TarballDigests
    manifest_text: bytes
    manifest_place: ManifestPlace


def scan_archive(
    tgz: bytes | Iterable[bytes], *, size: int | None = None, limits: ArchiveLimits = DEFAULT_LIMITS
) -> ArchiveScan:
    """Return what the archive `tgz` holds, bytes or chunks of exactly `size` bytes.

    Memory is bounded by `limits`, not by the archive. Raise `InvalidInputError`:
    `ARTIFACT_UNSAFE`, `ARTIFACT_TOO_LARGE`, `ARTIFACT_AMBIGUOUS`.
    """
    if isinstance(tgz, bytes):
        tgz, size = (tgz,), len(tgz)
    if size is None:
        raise TypeError("chunks need their size announced")
    return _Scanner(Gunzip(tgz, size, limits), limits).scan()


class _Scanner:
    def __init__(self, gunzip: Gunzip, limits: ArchiveLimits) -> None:
        self._gunzip = gunzip
        self._limits = limits
        self._stream = TarStream(gunzip.pieces())
        self._paths = ArchivePaths(limits)
        self._files: list[ArchiveFile] = []
        self._members = 0
        self._manifest: tuple[bytes, ManifestPlace] | None = None

    def scan(self) -> ArchiveScan:
        while True:
            block = self._stream.block()
            if block == ZERO_BLOCK:
                break
            self._member(self._header(block))
        if self._stream.block() != ZERO_BLOCK:
            raise unsafe("a lone zero block stands before its end")
        self._stream.check_only_zeros()
        if self._manifest is None:
            raise unsafe(f"it has no {MANIFEST} in one top folder")
        text, place = self._manifest
        return ArchiveScan(
            top_folder=self._paths.top_folder,
            files=tuple(self._files),
            digests=self._gunzip.digests(),
            manifest_text=text,
            manifest_place=place,
        )

    def _header(self, block: bytes) -> TarHeader:
        self._members += 1
        if self._members > self._limits.members:
            raise too_large(f"more than {self._limits.members} members")
        header = parse_header(block)
        # A claimed size is refused before its bytes are read.
        self._gunzip.check_room(self._stream.offset + header.size)
        return header

    def _member(self, header: TarHeader, pax: Pax | None = None) -> None:
        if header.kind in (EXTENDED, GLOBAL):
            self._extended(header, pax)
        elif header.kind == FILE:
            self._file(header, pax or Pax())
        else:
            self._folder(header, pax or Pax())

    def _extended(self, header: TarHeader, before: Pax | None) -> None:
        if before is not None or not header.path:
            raise unsafe("an extended header is not followed by its member, or has no name")
        check_pax_room(header.size)
        body = b"".join(self._stream.take(header.size))
        self._stream.skip_padding(header.size)
        if header.kind == GLOBAL:
            check_global_pax(body)
        else:
            pax = parse_pax(body)
            block = self._stream.block()
            if block == ZERO_BLOCK:
                raise unsafe("an extended header is not followed by its member")
            self._member(self._header(block), pax)

    def _file(self, header: TarHeader, pax: Pax) -> None:
        header_at = self._stream.offset - len(ZERO_BLOCK)
        raw = self._agreed(header, pax)
        path = self._paths.enter_file(raw)
        digest = hashlib.sha256()
        is_manifest = path == MANIFEST
        kept: list[bytes] = []
        if is_manifest and header.size > self._limits.manifest:
            raise too_large(f"its {MANIFEST} has more than {self._limits.manifest} bytes")
        for part in self._stream.take(header.size):
            digest.update(part)
            if is_manifest:
                kept.append(bytes(part))
        self._stream.skip_padding(header.size)
        if is_manifest:
            place = ManifestPlace(header_at=header_at, size=header.size, in_pax=pax.size is not None)
            self._manifest = (b"".join(kept), place)
        sha256 = Digest("sha256:" + digest.hexdigest())
        self._files.append(ArchiveFile(path=path, mode=header.mode, size=header.size, sha256=sha256))

    def _folder(self, header: TarHeader, pax: Pax) -> None:
        raw = self._agreed(header, pax)
        if header.size:
            raise unsafe(f"the folder {shown(raw)} has a content")
        self._paths.enter_folder(raw)

    def _agreed(self, header: TarHeader, pax: Pax) -> bytes:
        raw = header.path if pax.path is None else pax.path
        if pax.size not in (None, header.size):
            raise ambiguous(f"member {shown(raw)} has two sizes")
        return raw
