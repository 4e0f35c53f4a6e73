"""Inflates one gzip member within limits, and packs a tar stream the same way every time."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator

from msgspec import Struct

from placet.domain.encoding.archive_limits import ArchiveLimits, too_large, unsafe
from placet.domain.values.digest import Digest

_ONE_GZIP_MEMBER = 31  # zlib's window bits for it; checksum and length are verified
_RAW_DEFLATE = -15
_STEP = 64 * 1024
_DENSE_START = 64 * 1024**2
_BEST = 9  # what npm pack uses
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"  # no name, no time, best compression, no system


class TarballDigests(Struct, frozen=True, kw_only=True):
    """The digests of a .tgz and of its tar stream; plain hex is of the .tgz.

    `tar_sha256` is the `tarball_hash` of an archive that is not stamped (contract 7).
    """

    sha256: str
    sha512: str
    sha1: str
    size: int
    tar_sha256: Digest
    tar_size: int


class Gunzip:
    """One .tgz on its way from packed bytes to tar bytes, hashed on both sides.

    The verdict does not depend on how the packed bytes are cut into chunks.
    """

    def __init__(self, chunks: Iterable[bytes], packed_size: int, limits: ArchiveLimits) -> None:
        """Announce `packed_size` bytes; raise `InvalidInputError` (`ARTIFACT_TOO_LARGE`) if too many."""
        if packed_size > limits.packed:
            raise too_large(f"{packed_size} bytes packed, {limits.packed} are allowed")
        self._chunks = chunks
        self._packed_size = packed_size
        self._limits = limits
        self._inflate = zlib.decompressobj(_ONE_GZIP_MEMBER)
        self._packed_hashes = (hashlib.sha256(), hashlib.sha512(), hashlib.sha1(usedforsecurity=False))
        self._tar_hash = hashlib.sha256()
        self._packed_read = 0
        self._tar_read = 0

    def check_room(self, tar_size: int) -> None:
        """Raise `InvalidInputError` (`ARTIFACT_TOO_LARGE`) if the tar stream may not have `tar_size` bytes."""
        if tar_size > self._limits.unpacked:
            raise too_large(f"more than {self._limits.unpacked} bytes unpacked")
        if tar_size > self._limits.ratio * self._packed_size:
            raise too_large(f"its {self._packed_size} bytes unpack to more than {self._limits.ratio} times as many")

    def pieces(self) -> Iterator[bytes]:
        """Yield the tar stream in small pieces.

        Raise `InvalidInputError`: `ARTIFACT_UNSAFE` for anything but exactly one sound gzip
        member of the announced size, `ARTIFACT_TOO_LARGE` before more than the limits comes out.
        """
        for step in self._packed_steps():
            yield from self._inflated(step)
        if self._packed_read != self._packed_size:
            raise unsafe(f"it has {self._packed_read} bytes, {self._packed_size} were announced")
        if not self._inflate.eof:
            raise unsafe("it is cut off")

    def digests(self) -> TarballDigests:
        """Return the digests of what was read; they are whole once `pieces` has ended."""
        sha256, sha512, sha1 = (each.hexdigest() for each in self._packed_hashes)
        return TarballDigests(
            sha256=sha256,
            sha512=sha512,
            sha1=sha1,
            size=self._packed_read,
            tar_sha256=Digest("sha256:" + self._tar_hash.hexdigest()),
            tar_size=self._tar_read,
        )

    def _packed_steps(self) -> Iterator[bytes]:
        for step in _steps(self._chunks):
            self._packed_read += len(step)
            if self._packed_read > self._packed_size:
                raise unsafe(f"it has more bytes than the {self._packed_size} announced")
            for each in self._packed_hashes:
                each.update(step)
            yield step

    def _inflated(self, waiting: bytes) -> Iterator[bytes]:
        # zlib may keep output back when a step ends; the next step, at the latest the member's
        # checksum, brings it out.
        while waiting:
            if self._inflate.eof:
                raise unsafe("bytes follow its gzip member")
            try:
                piece = self._inflate.decompress(waiting, _STEP)
            except zlib.error as error:
                raise unsafe("it is not gzip, or damaged") from error
            self._tar_read += len(piece)
            self._check_density()
            self._tar_hash.update(piece)
            yield piece
            waiting = self._inflate.unused_data or self._inflate.unconsumed_tail

    def _check_density(self) -> None:
        # Any beginning is held to the ratio too, so that a bomb costs little however long it is.
        self.check_room(self._tar_read)
        if self._tar_read > self._limits.ratio * self._packed_read + _DENSE_START:
            raise too_large(f"its first {self._packed_read} bytes unpack to {self._tar_read}")


def _steps(chunks: Iterable[bytes]) -> Iterator[bytes]:
    # Equal steps, so that verdicts don't depend on chunks; small ones, because zlib copies what
    # it has not used yet at each call.
    held = b""
    for chunk in chunks:
        at = _STEP - len(held)
        if len(chunk) < at:
            held += chunk
            continue
        yield held + chunk[:at]
        whole = at + (len(chunk) - at) // _STEP * _STEP
        for start in range(at, whole, _STEP):
            yield chunk[start : start + _STEP]
        held = chunk[whole:]
    if held:
        yield held


def gzip_tar(tar: bytes) -> bytes:
    """Return `tar` as one gzip member without name and time.

    The bytes repeat with one build of zlib; another build may pack the same stream differently.
    """
    deflate = zlib.compressobj(_BEST, zlib.DEFLATED, _RAW_DEFLATE)
    body = deflate.compress(tar) + deflate.flush()
    trailer = zlib.crc32(tar).to_bytes(4, "little") + (len(tar) % 2**32).to_bytes(4, "little")
    return _HEADER + body + trailer
