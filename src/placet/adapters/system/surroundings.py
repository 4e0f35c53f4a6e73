"""Files, disks and the database file of a home, looked at from outside: nothing is opened for writing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from pathlib import Path

from placet.ports.surroundings import Place, Storage

_OTHERS = 0o077


class HomeSurroundings:
    """Implements `ports.surroundings.Surroundings` for one home."""

    def __init__(self, home: Path, ledger: Path) -> None:
        """Look at `home` and its database file `ledger`."""
        self._home = home
        self._ledger = ledger

    def place(self, path: Path) -> Place:
        """Return what can be learned of a file or folder."""
        try:
            status = path.stat()
            free = shutil.disk_usage(path).free
        except FileNotFoundError:
            return Place(path=path, exists=False)
        except OSError as error:
            return Place(path=path, exists=True, problem=error.strerror or "I/O error")
        return Place(
            path=path,
            exists=True,
            is_private=stat.S_IMODE(status.st_mode) & _OTHERS == 0,
            is_ours=status.st_uid == os.geteuid(),
            device=status.st_dev,
            free_bytes=free,
        )

    def key_files(self) -> list[Place]:
        """Return the key files of the home, sorted by name."""
        return [self.place(path) for path in sorted((self._home / "keys").glob("*.key.json"))]

    def storage(self) -> Storage:
        """Return how the database file stands; reads all of it."""
        try:
            connection = sqlite3.connect(f"{self._ledger.as_uri()}?mode=ro", uri=True)
            try:
                mode = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
                found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            finally:
                connection.close()
        except sqlite3.Error as error:
            return Storage(journal_mode="", problem=str(error))
        return Storage(journal_mode=mode, problem="" if found == "ok" else found)
