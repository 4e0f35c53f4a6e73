"""Uploads on their way into the blobs: one file for each, which grows by whoever holds its lock.

A file's name holds its owner's digest, the digest and the size that its bytes shall have, so that
what is promised counts from the beginning: neither one owner nor all of them together get more
room than is allowed. What nobody went on with for a day is forgotten with the next beginning.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from msgspec import Struct

from placet.adapters.files.locking import lock
from placet.domain.values.digest import Digest, parse_digest
from placet.errors import InvalidInputError, UnavailableError
from placet.ports.blobs import Upload

OWNER_LIMIT_BYTES = 1024**3
LIMIT_BYTES = 4 * 1024**3
_FORGOTTEN_SECONDS = 24 * 60 * 60
_MOST = 256
_OWNER_MOST = 64
_NAME = re.compile(r"(?P<owner>[0-9a-f]{32})-[0-9a-f]{64}-(?P<size>[1-9][0-9]{0,15})\.part")
_PIECE = 1024 * 1024


class _Begun(Struct, frozen=True):
    """An upload that somebody began: its file, whose it is, and how many bytes it shall have."""

    path: Path
    owner: str
    size: int


class UploadFolder:
    """The folder of what is being uploaded."""

    def __init__(self, root: Path) -> None:
        """Take the folder; it is made with the first upload."""
        self._root = root

    def length(self, upload: Upload) -> int:
        """Return how many bytes there are."""
        try:
            return self._path(upload).stat().st_size
        except FileNotFoundError:
            return 0

    async def append(self, upload: Upload, offset: int, chunks: AsyncIterator[bytes]) -> int:
        """Take bytes as they come; what came is synced, however it ends. Raise as `BlobStore.append`."""
        descriptor = await asyncio.to_thread(self._open, upload, offset)
        length = offset
        try:
            async for chunk in chunks:
                if length + len(chunk) > upload.size:
                    raise InvalidInputError(
                        "ARTIFACT_TOO_LARGE", f"more than the {upload.size} bytes came that the upload was to have"
                    )
                await asyncio.to_thread(_write, descriptor, chunk)
                length += len(chunk)
        finally:
            await asyncio.to_thread(_close, descriptor)
        return length

    def is_whole(self, upload: Upload) -> bool:
        """Return True for a whole upload, False where there is none.

        Raise `InvalidInputError` (`DIGEST_MISMATCH`) for other bytes, which are forgotten.
        """
        path = self._path(upload)
        try:
            whole = path.stat().st_size == upload.size and _digest_of(path) == upload.digest
        except FileNotFoundError:
            return False
        if not whole:
            path.unlink(missing_ok=True)
            raise mismatch(upload)
        return True

    def move(self, upload: Upload, path: Path) -> None:
        """Put a whole upload in place; nothing happens where another process did."""
        try:
            self._path(upload).replace(path)
        except FileNotFoundError:
            if not path.is_file():
                raise

    def _path(self, upload: Upload) -> Path:
        digits = parse_digest(upload.digest).removeprefix("sha256:")
        return self._root / f"{_owner(upload)}-{digits}-{upload.size}.part"

    def _open(self, upload: Upload, offset: int) -> int:
        """Return the open file of an upload, locked for us alone, that stands at `offset`."""
        path = self._path(upload)
        if not path.exists():
            self._root.mkdir(parents=True, exist_ok=True)
            self._make_room(upload)
        with contextlib.ExitStack() as otherwise:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            otherwise.callback(os.close, descriptor)
            _take(descriptor, offset)
            otherwise.pop_all()
        return descriptor

    def _make_room(self, upload: Upload) -> None:
        """Forget what nobody goes on with; raise `UnavailableError` (`UPLOADS_FULL`) where there is no room then."""
        begun = [each for path in self._root.iterdir() if (each := _begun(path)) is not None]
        standing = [each for each in begun if not _forgotten(each.path)]
        own = [each for each in standing if each.owner == _owner(upload)]
        too_many = len(own) >= _OWNER_MOST or len(standing) >= _MOST
        if too_many or not (_fits(upload, own, OWNER_LIMIT_BYTES) and _fits(upload, standing, LIMIT_BYTES)):
            raise UnavailableError(
                "UPLOADS_FULL",
                "too many uploads are begun and not finished",
                hint="finish one that was begun, or wait a day until it is forgotten",
            )


def _fits(upload: Upload, begun: Iterable[_Begun], limit_bytes: int) -> bool:
    return sum(each.size for each in begun) + upload.size <= limit_bytes


def mismatch(upload: Upload) -> InvalidInputError:
    """Return how it is told that what came is not what was to come."""
    return InvalidInputError(
        "DIGEST_MISMATCH",
        f"what came is not {upload.digest}: it is forgotten",
        hint="send the bytes again from the beginning",
    )


def _begun(path: Path) -> _Begun | None:
    name = _NAME.fullmatch(path.name)
    return _Begun(path, name["owner"], int(name["size"])) if name else None


def _owner(upload: Upload) -> str:
    return hashlib.sha256(upload.owner.encode()).hexdigest()[:32]


def _forgotten(path: Path) -> bool:
    """Tell whether nobody went on with an upload for so long that it is forgotten, or has been kept meanwhile."""
    try:
        if time.time() - path.stat().st_mtime < _FORGOTTEN_SECONDS:  # noqa: TID251 - the file system's clock, not ours
            return False
        path.unlink()
    except FileNotFoundError:
        return True
    return True


def _take(descriptor: int, offset: int) -> None:
    """Lock a file for us alone that stands at `offset`; raise as `BlobStore.append`."""
    try:
        lock(descriptor, 0)
    except BlockingIOError as error:
        raise UnavailableError("BUSY", "another request is sending these bytes now") from error
    length = os.fstat(descriptor).st_size
    if length != offset:
        raise InvalidInputError("UPLOAD_OFFSET", f"the upload stands at {length}, not at {offset}")


def _write(descriptor: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _close(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest_of(path: Path) -> Digest:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return Digest(f"sha256:{digest.hexdigest()}")
