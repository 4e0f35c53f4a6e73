"""Bytes by digest: archives, manifests and bundles, too large for entities."""

from __future__ import annotations

from typing import Protocol

from placet.domain.values.digest import Digest


class BlobStore(Protocol):
    """Keeps bytes under their SHA-256. Any number of tasks and processes may use one at once."""

    async def put(self, content: bytes) -> Digest:
        """Keep `content` and return its digest; on return it is on disk. Repeating it is harmless.

        Raise `UnavailableError` (`BLOBS_UNAVAILABLE`) where it could not be written; then
        nothing, or the whole blob, is kept.
        """
        ...

    async def get(self, digest: Digest) -> bytes:
        """Return the bytes, whose digest is checked on every read.

        Raise `NotFoundError` (`BLOB_MISSING`) and `UnavailableError` (`BLOB_CORRUPT`,
        `BLOBS_UNAVAILABLE`).
        """
        ...
