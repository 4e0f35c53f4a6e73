"""Files that a command is given or asked to write."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from placet.errors import ConfigurationError

LIMIT_BYTES = 64 * 1024 * 1024


def read_file(path: Path, *, limit: int = LIMIT_BYTES) -> bytes:
    """Return the content of a file; raise `ConfigurationError` (`FILE_UNREADABLE`)."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise _refused("FILE_UNREADABLE", "read", path, error) from error
    if len(content) > limit:
        raise ConfigurationError("FILE_UNREADABLE", f"{str(path)!a} is longer than {limit} bytes")
    return content


def check_new_file(path: Path) -> None:
    """Return only if a new file can stand at `path`; raise `ConfigurationError` (`FILE_UNWRITABLE`)."""
    if path.exists() or path.is_symlink():
        raise _refused("FILE_UNWRITABLE", "written", path, FileExistsError(17, "File exists"))
    if not path.parent.is_dir():
        raise _refused("FILE_UNWRITABLE", "written", path, NotADirectoryError(20, "Not a directory"))


def write_new_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file that must not exist yet, whole or not at all; raise `ConfigurationError` (`FILE_UNWRITABLE`)."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    except (OSError, ValueError) as error:
        raise _refused("FILE_UNWRITABLE", "written", path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _refused("FILE_UNWRITABLE", "written", path, error) from error


def replace_file(path: Path, content: bytes, *, may_replace: Callable[[bytes], bool]) -> None:
    """Write a file whole or not at all; one that stands there must be what `may_replace` says.

    Raise `ConfigurationError` (`FILE_UNWRITABLE`).
    """
    if path.is_symlink() or (path.exists() and not may_replace(read_file(path))):
        raise _refused("FILE_UNWRITABLE", "written", path, FileExistsError(17, "another file stands there"))
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    write_new_file(fresh, content)
    try:
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise _refused("FILE_UNWRITABLE", "written", path, error) from error


def _refused(code: str, doing: str, path: Path, error: OSError | ValueError) -> ConfigurationError:
    reason = error.strerror if isinstance(error, OSError) else "no path"
    hint = "name one that does not exist yet" if isinstance(error, FileExistsError) else ""
    return ConfigurationError(code, f"{str(path)!a} cannot be {doing} ({reason})", hint=hint)
