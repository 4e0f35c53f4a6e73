"""The newest list of revocations that this user has seen of each log, in files of a folder (attack A65)."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from placet.errors import ConfigurationError

_LIMIT_BYTES = 64 * 1024 * 1024


class SeenFolder:
    """Implements `ports.seen.SeenLists`: one file per log, named by its origin's SHA-256, replaced by rename."""

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

    def keep(self, origin: str, encoded: bytes) -> bool:
        """Keep `encoded` instead (see the port)."""
        fresh = self._folder / f".{secrets.token_hex(8)}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with fresh.open("xb") as file:
                file.write(encoded)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path(origin))
        except OSError:
            fresh.unlink(missing_ok=True)
            return False
        return True

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.json"
