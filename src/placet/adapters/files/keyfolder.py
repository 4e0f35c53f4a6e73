"""The folder of key files: mode 0700, files 0600, each written whole or not at all, never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

from placet.errors import ConfigurationError, UnavailableError

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_OTHERS = 0o077
_SUFFIX = ".key.json"
_LIMIT_BYTES = 64 * 1024


class KeyFolder:
    """Named key files in one folder."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made when the first key is written."""
        self._folder = folder

    def write(self, name: str, content: bytes) -> None:
        """Store `content` durably under a new name.

        Raise `ConfigurationError` (`KEY_EXISTS`), and `UnavailableError` (`KEY_FILE_UNWRITABLE`).
        """
        target = self._path(name)
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            self._folder.chmod(_FOLDER_MODE)
            try:
                _write_new(temporary, content)
                os.link(temporary, target)  # unlike rename, this fails where the name is taken
            finally:
                temporary.unlink(missing_ok=True)
            _sync(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileExistsError as error:
            raise ConfigurationError("KEY_EXISTS", f"there is a key {name} already") from error
        except OSError as error:
            raise UnavailableError(
                "KEY_FILE_UNWRITABLE",
                f"the key file {name} could not be written ({error.strerror})",
                hint="make room on the disk that holds the keys, and check the permissions of their folder",
            ) from error

    def read(self, name: str) -> bytes:
        """Return what is stored under `name`.

        Raise `ConfigurationError` (`KEY_MISSING`, `KEY_FILE_EXPOSED`, `KEY_FILE_UNREADABLE`).
        """
        path = self._path(name)
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read(_LIMIT_BYTES)
        except FileNotFoundError as error:
            raise ConfigurationError(
                "KEY_MISSING", f"there is no key {name}", hint="run `placet init`, or bring the key back"
            ) from error
        except OSError as error:
            raise ConfigurationError(
                "KEY_FILE_UNREADABLE",
                f"the key file {name} cannot be read ({error.strerror})",
                hint="check who may read it: only the owner of the home, and nobody else",
            ) from error
        if mode & _OTHERS:
            raise ConfigurationError(
                "KEY_FILE_EXPOSED", f"others may read or write the key file {name}", hint="chmod 600 the file"
            )
        return content

    def names(self, prefix: str) -> list[str]:
        """Return the names that begin with `prefix`, sorted; none where there is no folder."""
        return sorted(path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"{prefix}*{_SUFFIX}"))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
