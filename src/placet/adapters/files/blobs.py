"""Blobs in the home, each under its SHA-256, believed only after hashing them again."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path

from placet.domain.values.digest import Digest, parse_digest, sha256
from placet.errors import NotFoundError, UnavailableError


class FolderBlobs:
    """The `BlobStore` of a home: `sha256/ab/cdef…`, written aside, synced, then renamed."""

    def __init__(self, root: Path) -> None:
        """Take the folder; it is made with the first blob."""
        self._root = root

    async def put(self, content: bytes) -> Digest:
        """Keep `content` durably and return its digest, as `BlobStore.put`."""
        digest = sha256(content)
        try:
            await asyncio.to_thread(self._write, self._path(digest), content)
        except OSError as error:
            raise UnavailableError(
                "BLOBS_UNAVAILABLE",
                f"a blob of {len(content)} bytes could not be written ({error.strerror})",
                hint="look for space and permissions in the home",
            ) from error
        return digest

    async def get(self, digest: Digest) -> bytes:
        """Return the blob's bytes, hashed on this read, as `BlobStore.get`."""
        try:
            content = await asyncio.to_thread(self._path(parse_digest(digest)).read_bytes)
        except FileNotFoundError as error:
            raise NotFoundError("BLOB_MISSING", f"there is no blob {digest}") from error
        except OSError as error:
            raise UnavailableError("BLOBS_UNAVAILABLE", f"{digest} could not be read ({error.strerror})") from error
        if sha256(content) != digest:
            raise UnavailableError(
                "BLOB_CORRUPT",
                f"what is stored as {digest} has another digest",
                hint="storing the same content again replaces it",
            )
        return content

    def _path(self, digest: Digest) -> Path:
        digits = digest.removeprefix("sha256:")
        return self._root / "sha256" / digits[:2] / digits[2:]

    def _write(self, path: Path, content: bytes) -> None:
        """Put the file in place unless it stands there whole; a damaged one is replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if not _holds(path, content):
            _write_aside(path, content)
        # Also where it stood already: whoever wrote it may have died before this.
        for place in (path, path.parent, path.parent.parent, self._root):
            _sync(place)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False


def _write_aside(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with aside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _sync(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
