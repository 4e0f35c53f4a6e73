"""A folder in which files are created once and never replaced, reached without following links.

Every step goes through the directory opened before it, with links refused, so that nothing that
is swapped meanwhile can lead out of the folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PART = re.compile(r"\.placet-[0-9a-f]{16}\.part")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder:
    """One existing folder, by absolute path."""

    def __init__(self, root: Path) -> None:
        """Take the folder; it is opened with each use."""
        self._root = root

    @contextlib.contextmanager
    def staged(self, content: bytes) -> Iterator[str]:
        """Write `content` durably under a name of no object, yield it, and take it away at the end.

        What a killed writer left is taken away first: a living one holds a lock on its file.
        Raise `OSError`.
        """
        with self._opened(()) as root:
            _sweep(root)
            name, file = _new_part(root)
            try:
                with open(file, "wb") as stream:  # noqa: PTH123 - a descriptor, not a path
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
                    yield name
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=root)

    def place(self, staged: str, segments: tuple[str, ...]) -> None:
        """Give the staged file its place, durably, making folders on the way.

        Raise `FileExistsError` where something stands there, and `OSError`.
        """
        self._make_folders(segments[:-1])
        with self._opened(()) as root, self._opened(segments[:-1]) as parent:
            os.link(staged, segments[-1], src_dir_fd=root, dst_dir_fd=parent, follow_symlinks=False)
            os.fsync(parent)

    def sha256_of(self, segments: tuple[str, ...]) -> str | None:
        """Return the SHA-256 (hex) of the regular file there, None where nothing stands.

        Return the empty string where a link, a folder or a device stands there. Raise `OSError`
        for a link on the way or what cannot be read.
        """
        try:
            with self._opened(segments[:-1]) as parent:
                return _hash_at(segments[-1], parent)
        except FileNotFoundError:
            self._check_root()
            return None

    def _check_root(self) -> None:
        """Raise `FileNotFoundError` where the folder itself is gone: nothing follows from that."""
        with self._opened(()):
            return

    def _make_folders(self, segments: tuple[str, ...]) -> None:
        for depth in range(len(segments)):
            with self._opened(segments[:depth]) as parent:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(segments[depth], 0o755, dir_fd=parent)
                os.fsync(parent)

    @contextlib.contextmanager
    def _opened(self, segments: tuple[str, ...]) -> Iterator[int]:
        directory = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for segment in segments:
                inner = os.open(segment, _DIRECTORY, dir_fd=directory)
                os.close(directory)
                directory = inner
            yield directory
        finally:
            os.close(directory)


def _hash_at(name: str, parent: int) -> str:
    if not stat.S_ISREG(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
        return ""
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    with open(file, "rb") as stream:  # noqa: PTH123 - a descriptor, not a path
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _new_part(root: int) -> tuple[str, int]:
    """Return name and descriptor of a new, locked file; another writer may sweep it before the lock is held."""
    while True:
        name = f".placet-{secrets.token_hex(8)}.part"
        file = os.open(name, _NEW_FILE, 0o644, dir_fd=root)
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_nlink:
            return name, file
        os.close(file)


def _sweep(root: int) -> None:
    """Take away the staged files whose writers are dead: nobody holds their lock any more."""
    for name in filter(_PART.fullmatch, os.listdir(root)):
        # Whatever is in the way of sweeping (a lock, a link) is in nobody's way otherwise.
        with contextlib.suppress(OSError):
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name, dir_fd=root)
            finally:
                os.close(file)
