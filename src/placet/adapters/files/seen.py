"""The newest list of revocations that this user has seen of each log, in files of a folder (attack A65)."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from placet.adapters.files.locking import lock
from placet.errors import ConfigurationError

_LIMIT_BYTES = 64 * 1024 * 1024
_LOCK = ".lock"
_PATIENCE_SECONDS = 10.0


class SeenFolder:
    """Implements `ports.seen.SeenLists`: one file per log, named by its origin's SHA-256, replaced by rename.

    One lock for the whole folder keeps the others from replacing any meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        """Keep lists in `folder`, which is made with the first one."""
        self._folder = folder

    def read(self, origin: str) -> bytes:
        """Return the list that was kept for this log (see the port)."""
        path = self._path(origin)
        try:
            with path.open("rb") as file:
                return file.read(_LIMIT_BYTES)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise ConfigurationError(
                "SEEN_UNREADABLE",
                f"the newest revocations that were seen cannot be read ({error.strerror}): {str(path)!a}",
                hint="check the permissions of this folder, or name another one with PLACET_SEEN",
            ) from error

    def keep(self, origin: str, newest: Callable[[bytes], bytes]) -> bool:
        """Keep what `newest` makes of the kept list (see the port)."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (self._folder / _LOCK).open("ab") as alone:
                lock(alone.fileno(), _PATIENCE_SECONDS)
                before = self.read(origin)
                after = newest(before)
                if after != before:
                    self._replace(origin, after)
        except OSError:
            return False
        return True

    def _replace(self, origin: str, encoded: bytes) -> None:
        fresh = self._folder / f".{secrets.token_hex(8)}.part"
        try:
            with fresh.open("xb") as file:
                file.write(encoded)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path(origin))
        except OSError:
            fresh.unlink(missing_ok=True)
            raise

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.json"
