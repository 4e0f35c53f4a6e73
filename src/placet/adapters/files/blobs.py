"""Blobs in the home, each under its SHA-256, believed only after hashing them again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

from placet.adapters.files.placing import sync_up_to, write_aside
from placet.adapters.files.uploads import UploadFolder, mismatch
from placet.domain.values.digest import Digest, parse_digest, sha256
from placet.errors import NotFoundError, UnavailableError
from placet.ports.blobs import Upload


class FolderBlobs:
    """The `BlobStore` of a home: `sha256/ab/cdef…`, written aside, synced, then renamed.

    Uploads grow in the folder `uploads` beside it, on the same disk, until they are renamed as well.
    """

    def __init__(self, root: Path) -> None:
        """Take the folder; it is made with the first blob."""
        self._root = root
        self._uploads = UploadFolder(root / "uploads")

    async def put(self, content: bytes) -> Digest:
        """Keep `content` durably and return its digest, as `BlobStore.put`."""
        digest = sha256(content)
        with _writing(f"a blob of {len(content)} bytes"):
            await asyncio.to_thread(self._write, self._path(digest), content)
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

    async def holds(self, digest: Digest) -> bool:
        """Tell whether a file stands there, as `BlobStore.holds`."""
        return await asyncio.to_thread(self._path(parse_digest(digest)).is_file)

    async def received(self, upload: Upload) -> int:
        """Return how far an upload is, as `BlobStore.received`."""
        return await asyncio.to_thread(self._uploads.length, upload)

    async def append(self, upload: Upload, offset: int, chunks: AsyncIterator[bytes]) -> int:
        """Take bytes as they come, as `BlobStore.append`."""
        with _writing(f"an upload of {upload.size} bytes"):
            return await self._uploads.append(upload, offset, chunks)

    async def keep(self, upload: Upload, confirm: Callable[[], Awaitable[object]]) -> None:
        """Check an upload and keep it as a blob, as `BlobStore.keep`."""
        path = self._path(parse_digest(upload.digest))
        with _writing(f"an upload of {upload.size} bytes"):
            if await asyncio.to_thread(self._uploads.is_whole, upload):
                await confirm()
                await asyncio.to_thread(self._take, upload, path)
            elif not await self.holds(upload.digest):  # else another process was faster
                raise mismatch(upload)

    def _take(self, upload: Upload, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._uploads.move(upload, path)
        sync_up_to(self._root, path)

    def _path(self, digest: Digest) -> Path:
        digits = digest.removeprefix("sha256:")
        return self._root / "sha256" / digits[:2] / digits[2:]

    def _write(self, path: Path, content: bytes) -> None:
        """Put the file in place unless it stands there whole; a damaged one is replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if not _holds(path, content):
            write_aside(path, content)
        sync_up_to(self._root, path)  # also where it stood already: whoever wrote it may have died before this


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def _writing(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            "BLOBS_UNAVAILABLE",
            f"{what} could not be written ({error.strerror})",
            hint="look for space and permissions in the home",
        ) from error
