"""The anchor as files: the newest signed note of each origin, in a folder outside the home (protocol 7).

Two files per origin. `NAME.note` lasts: it is replaced by rename, flushed before and after, at
most once a second. `NAME.latest` is overwritten in place, in one write, with every note. Renaming
for every note would cost two flushes (ext4 flushes a file that replaces another), and renaming
without a flush may leave an empty file after a power loss; a torn `latest` is just ignored.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from placet.adapters.files.locking import lock, unlock
from placet.domain.log.checkpoint import NOTE_LIMIT_BYTES
from placet.errors import UnavailableError

_LASTING_EVERY_SECONDS = 1.0
_RECORD_BYTES = 2048
_DIGEST_BYTES = 32
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_SLUG = 80
_PATIENCE_SECONDS = 10.0


class FileAnchor:
    """Keeps the notes of any number of origins in one folder, which it makes for its owner only.

    After a kill nothing is lost. After a power loss the note is at most about a second old, which
    harms nothing.
    """

    def __init__(self, folder: Path) -> None:
        """Keep notes in `folder`; nothing is made before the first note."""
        self.folder = folder
        self._kept: dict[str, _Kept] = {}

    def path(self, origin: str) -> Path:
        """Return the lasting file: a readable part of the origin, then a digest that tells all apart."""
        return self._of(origin).lasting

    def read(self, origin: str) -> tuple[str, ...]:
        """Return the lasting note and the latest one; nothing where the lasting one is missing."""
        try:
            return self._of(origin).read()
        except OSError as error:
            raise _unavailable("read", error) from error

    @contextmanager
    def alone(self, origin: str) -> Iterator[None]:
        """Keep everybody else from replacing the note, as `Anchor.alone` says."""
        kept = self._of(origin)
        try:
            kept.lock(_PATIENCE_SECONDS)
        except OSError as error:
            raise _unavailable("locked", error) from error
        try:
            yield
        finally:
            kept.unlock()

    def replace(self, origin: str, note: str, *, lasting: bool = False) -> str:
        """Keep `note`, as `Anchor.replace` says."""
        try:
            return self._of(origin).replace(note, lasting=lasting)
        except OSError as error:
            raise _unavailable("written", error) from error

    def stamp(self, origin: str) -> str:
        """Return what identifies the kept files; empty where the lasting one is missing."""
        try:
            return self._of(origin).stamp()
        except OSError as error:
            raise _unavailable("read", error) from error

    def close(self) -> None:
        """Make the last notes survive a power loss; raise `UnavailableError` where that fails."""
        try:
            for kept in self._kept.values():
                kept.close()
        except OSError as error:
            raise _unavailable("written", error) from error

    def _of(self, origin: str) -> _Kept:
        if origin not in self._kept:
            slug = _UNSAFE.sub("_", origin)[:_LONGEST_SLUG].lstrip(".")
            self._kept[origin] = _Kept(self.folder, f"{slug}-{hashlib.sha256(origin.encode()).hexdigest()[:32]}")
        return self._kept[origin]


class _Kept:
    """The two files of one origin. The latest one stays open: it is written with every commit."""

    def __init__(self, folder: Path, name: str) -> None:
        self.lasting = folder / f"{name}.note"
        self._latest = str(folder / f"{name}.latest")
        self._fresh = folder / f".{name}.{os.getpid()}-{id(self):x}"
        self._folder = folder
        self._descriptor: int | None = None
        self._lasting_as = ""
        self._lasting_since: float | None = None
        self._not_lasting = ""

    def read(self) -> tuple[str, ...]:
        try:
            lasting = _read(self.lasting, NOTE_LIMIT_BYTES).decode("utf-8", "replace")
        except FileNotFoundError:
            return ()
        try:
            latest = _unpack(_read(Path(self._latest), _RECORD_BYTES))
        except FileNotFoundError:
            latest = ""
        return (lasting, latest) if latest else (lasting,)

    def lock(self, seconds: float) -> None:
        """Lock the latest file. Whoever holds it needs it for microseconds, or hangs."""
        lock(self._opened(), seconds)

    def unlock(self) -> None:
        """Let others lock the file; one that was closed meanwhile is unlocked."""
        if self._descriptor is not None:
            unlock(self._descriptor)

    def replace(self, note: str, *, lasting: bool) -> str:
        now = time.monotonic()
        if lasting or self._lasting_since is None or now - self._lasting_since >= _LASTING_EVERY_SECONDS:
            self._make_lasting(note)
            self._lasting_since = now
        else:
            self._not_lasting = note
        return self._lasting_as + _identify(self._overwrite(_pack(note)))

    def stamp(self) -> str:
        try:
            return _identify(os.stat(self.lasting)) + _identify(os.stat(self._latest))  # noqa: PTH116 - for every commit
        except FileNotFoundError:
            return ""

    def close(self) -> None:
        if self._not_lasting:
            self._make_lasting(self._not_lasting)
        self._release()

    def _make_lasting(self, note: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            _write(self._fresh, note.encode())
            self._fresh.replace(self.lasting)
        except OSError:
            self._fresh.unlink(missing_ok=True)
            raise
        _flush(self._folder)
        self._lasting_as = _identify(self.lasting.stat())
        self._not_lasting = ""

    def _overwrite(self, record: bytes) -> os.stat_result:
        descriptor = self._opened()
        try:
            _check_whole(os.pwrite(descriptor, record, 0), record)
            return os.fstat(descriptor)
        except OSError:
            self._release()
            raise

    def _opened(self) -> int:
        """Return the latest file's descriptor, of the file that others find under its name."""
        if self._descriptor is None or os.fstat(self._descriptor).st_nlink == 0:
            self._release()
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._descriptor = os.open(self._latest, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._descriptor

    def _release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def _pack(note: str) -> bytes:
    content = note.encode()
    return (hashlib.sha256(content).digest() + content).ljust(_RECORD_BYTES, b"\0")


def _unpack(record: bytes) -> str:
    """Return the note of a record, nothing where the record is torn."""
    content = record[_DIGEST_BYTES:].rstrip(b"\0")
    whole = len(record) == _RECORD_BYTES and hashlib.sha256(content).digest() == record[:_DIGEST_BYTES]
    return content.decode("utf-8", "replace") if whole else ""


def _read(path: Path, limit: int) -> bytes:
    """Return the file's bytes, at most one more than `limit`."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _check_whole(os.write(descriptor, content), content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_whole(written: int, content: bytes) -> None:
    if written != len(content):
        raise OSError("the note was written in part, the disk is full")


def _identify(status: os.stat_result) -> str:
    return f"{status.st_ino}:{status.st_mtime_ns}:{status.st_size} "


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unavailable(verb: str, error: OSError) -> UnavailableError:
    return UnavailableError(
        "AUDIT_UNAVAILABLE",
        f"the anchor cannot be {verb}: {error.strerror or error}",
        hint="make room on the anchor folder's disk and check its permissions",
    )
