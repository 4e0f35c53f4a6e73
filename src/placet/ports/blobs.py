"""Bytes by digest: archives, manifests and bundles, too large for entities."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from msgspec import Struct

from placet.domain.values.digest import Digest

ARTIFACT_LIMIT_BYTES = 256 * 1024 * 1024
"""The most that one artifact may have, whoever brings it."""


class Upload(Struct, frozen=True, kw_only=True):
    """Bytes that `owner` is sending: the digest that they shall have, and how many they shall be, one at least.

    Two owners who send the same bytes know nothing of each other.
    """

    owner: str
    digest: Digest
    size: int


class BlobStore(Protocol):
    """Keeps bytes under their SHA-256. Any number of tasks and processes may use one at once.

    All methods but `get` raise `UnavailableError` (`BLOBS_UNAVAILABLE`) where nothing can be written.
    """

    async def put(self, content: bytes) -> Digest:
        """Keep `content` and return its digest; on return it is on disk. Repeating it is harmless.

        Where it fails nothing, or the whole blob, is kept.
        """
        ...

    async def get(self, digest: Digest) -> bytes:
        """Return the bytes, whose digest is checked on every read.

        Raise `NotFoundError` (`BLOB_MISSING`) and `UnavailableError` (`BLOB_CORRUPT`,
        `BLOBS_UNAVAILABLE`).
        """
        ...

    async def holds(self, digest: Digest) -> bool:
        """Tell whether something is kept under `digest`; whether it is whole, `get` tells."""
        ...

    async def received(self, upload: Upload) -> int:
        """Return how many bytes of an upload are on disk, 0 before the first and after `keep`."""
        ...

    async def append(self, upload: Upload, offset: int, chunks: AsyncIterator[bytes]) -> int:
        """Take bytes as they come, the first of them at `offset`; return how many there are then, all on disk.

        Where `chunks` breaks off or raises, what came before is kept, to be gone on with. Raise
        `InvalidInputError`: `UPLOAD_OFFSET` where the upload stands elsewhere, `ARTIFACT_TOO_LARGE`
        for more bytes than its size, of which none beyond it is kept; `UnavailableError`: `BUSY` where
        somebody else is appending, `UPLOADS_FULL` where no more may be begun.
        """
        ...

    async def keep(self, upload: Upload, confirm: Callable[[], Awaitable[object]]) -> None:
        """Hash the whole upload, await `confirm`, then keep it as a blob, at once and durably.

        What `confirm` raises goes on, and the upload stays as it was. Raise `InvalidInputError`
        (`DIGEST_MISMATCH`) for other bytes than its digest says, or not all of them: the upload is
        forgotten then. Repeating it, also beside another process, is harmless once it was kept.
        """
        ...
