"""Blobs in memory: the reference of the port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from msgspec import Struct, field

from placet.domain.values.digest import Digest, parse_digest, sha256
from placet.errors import InvalidInputError, NotFoundError, UnavailableError
from placet.ports.blobs import Upload

LIMIT_BYTES = 4 * 1024**3


class MemoryBlobs(Struct):
    """Bytes by digest, and what is being uploaded."""

    kept: dict[Digest, bytes] = field(default_factory=dict)
    uploads: dict[Upload, bytearray] = field(default_factory=dict)
    _busy: set[Upload] = field(default_factory=set)

    async def put(self, content: bytes) -> Digest:
        """Keep `content`, as `BlobStore.put`."""
        digest = sha256(content)
        self.kept[digest] = content
        return digest

    async def get(self, digest: Digest) -> bytes:
        """Return the bytes, as `BlobStore.get`."""
        if parse_digest(digest) not in self.kept:
            raise NotFoundError("BLOB_MISSING", f"there is no blob {digest}")
        return self.kept[digest]

    async def holds(self, digest: Digest) -> bool:
        """Tell whether they are kept, as `BlobStore.holds`."""
        return parse_digest(digest) in self.kept

    async def received(self, upload: Upload) -> int:
        """Return how far an upload is, as `BlobStore.received`."""
        return len(self.uploads.get(upload, b""))

    async def append(self, upload: Upload, offset: int, chunks: AsyncIterator[bytes]) -> int:
        """Take bytes as they come, as `BlobStore.append`."""
        parse_digest(upload.digest)
        self._check(upload, offset)
        content = self.uploads.setdefault(upload, bytearray())
        self._busy.add(upload)
        try:
            async for chunk in chunks:
                if len(content) + len(chunk) > upload.size:
                    raise InvalidInputError("ARTIFACT_TOO_LARGE", f"more than {upload.size} bytes came")
                content += chunk
        finally:
            self._busy.discard(upload)
        return len(content)

    def _check(self, upload: Upload, offset: int) -> None:
        if upload in self._busy:
            raise UnavailableError("BUSY", "another request is sending these bytes now")
        standing = len(self.uploads.get(upload, b""))
        if standing != offset:
            raise InvalidInputError("UPLOAD_OFFSET", f"the upload stands at {standing}, not at {offset}")
        others = sum(each.size for each in self.uploads if each != upload)
        if upload not in self.uploads and others + upload.size > LIMIT_BYTES:
            raise UnavailableError("UPLOADS_FULL", "too many uploads are begun and not finished")

    async def keep(self, upload: Upload, confirm: Callable[[], Awaitable[object]]) -> None:
        """Check an upload and keep it, as `BlobStore.keep`."""
        content = self.uploads.get(upload)
        if content is None and upload.digest in self.kept:
            return
        if content is None or len(content) != upload.size or sha256(bytes(content)) != upload.digest:
            self.uploads.pop(upload, None)
            raise InvalidInputError("DIGEST_MISMATCH", f"what came is not {upload.digest}")
        await confirm()
        self.kept[upload.digest] = bytes(self.uploads.pop(upload, content))
