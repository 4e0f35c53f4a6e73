"""The anchor as a file: the newest signed note of each origin, in a folder outside the home (protocol 7)."""

from __future__ import annotations

import hashlib
import os
import re
import time
from pathlib import Path

from placet.domain.log.checkpoint import NOTE_LIMIT_BYTES
from placet.errors import UnavailableError

_FSYNC_EVERY_SECONDS = 1.0
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_SLUG = 80


class FileAnchor:
    """Keeps one file per origin, replaced by rename.

    A power loss may cost the last second of notes: an anchor behind its log harms nothing, so the
    file is flushed to disk at most once a second, and when the anchor is closed.
    """

    def __init__(self, folder: Path) -> None:
        """Keep notes in `folder`, which is made with the first note, for its owner only."""
        self._folder = folder
        self._flushed_at: float | None = None
        self._unflushed: set[Path] = set()
        self._places: dict[str, tuple[Path, Path]] = {}

    def path(self, origin: str) -> Path:
        """Return where the note of `origin` is: a readable part, then a digest that tells all apart."""
        return self._place(origin)[0]

    def read(self, origin: str) -> str | None:
        """Return the kept note, None where there is none."""
        try:
            with self.path(origin).open("rb") as file:
                return file.read(NOTE_LIMIT_BYTES + 1).decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unavailable("read", error) from error

    def replace(self, origin: str, note: str) -> str:
        """Keep `note` instead of the old one, and return its stamp."""
        final, fresh = self._place(origin)
        try:
            return self._replace(final, fresh, note.encode())
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise _unavailable("written", error) from error

    def stamp(self, origin: str) -> str:
        """Return what identifies the kept file; empty where there is none."""
        try:
            return _stamp(self._place(origin)[0].stat())
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise _unavailable("read", error) from error

    def close(self) -> None:
        """Make the last notes survive a power loss."""
        for path in self._unflushed:
            if path.exists():
                _flush(path)
        self._unflushed.clear()

    def _replace(self, final: Path, fresh: Path, content: bytes) -> str:
        if self._flushed_at is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        now = time.monotonic()
        due = self._flushed_at is None or now - self._flushed_at >= _FSYNC_EVERY_SECONDS
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            if os.write(descriptor, content) != len(content):
                raise OSError("the note was written in part, the disk is full")
            if due:
                os.fsync(descriptor)
            stamp = _stamp(os.fstat(descriptor))
        finally:
            os.close(descriptor)
        fresh.replace(final)
        if due:
            _flush(self._folder)
            self._flushed_at = now
            self._unflushed.discard(final)
        else:
            self._unflushed.add(final)
        return stamp

    def _place(self, origin: str) -> tuple[Path, Path]:
        if origin not in self._places:
            slug = _UNSAFE.sub("_", origin)[:_LONGEST_SLUG].lstrip(".")
            name = f"{slug}-{hashlib.sha256(origin.encode()).hexdigest()[:32]}.note"
            final = self._folder / name
            self._places[origin] = final, self._folder / f".{name}.{os.getpid()}-{id(self):x}"
        return self._places[origin]


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_ino}:{status.st_mtime_ns}:{status.st_size}"


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
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
