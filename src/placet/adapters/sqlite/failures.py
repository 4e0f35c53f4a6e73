"""What SQLite's errors mean to the callers of a store: translated once, here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from placet.errors import UnavailableError
from placet.ports.store import OutcomeUnknownError

CODE = "AUDIT_UNAVAILABLE"
_PRIMARY = 0xFF
_HINTS = {
    sqlite3.SQLITE_FULL: "make room on the disk that holds the home",
    sqlite3.SQLITE_IOERR: "look at the disk that holds the home: it may be full, over its quota, or failing",
    sqlite3.SQLITE_CANTOPEN: "check that the home is there, its permissions and the room on its disk",
    sqlite3.SQLITE_READONLY: "check the permissions of the home and how its disk is mounted",
    sqlite3.SQLITE_BUSY: "another process holds the ledger for long; look for one that hangs",
    sqlite3.SQLITE_CORRUPT: "run `placet ledger verify` and compare with a backup",
    sqlite3.SQLITE_NOTADB: "the file is no ledger; look for the right home",
}
_FIND_OUT = "run the same command again: it goes on from what was kept"


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise `UnavailableError` for an error of SQLite while `doing`: nothing was kept."""
    try:
        yield
    except sqlite3.Error as error:
        raise unavailable(doing, error) from error


@contextmanager
def translated_commit() -> Iterator[None]:
    """Raise what an error of COMMIT means.

    A full disk leaves no whole commit record in the write-ahead log, so nothing was kept. After
    any other error it is not known.
    """
    try:
        yield
    except sqlite3.Error as error:
        if primary_code(error) == sqlite3.SQLITE_FULL:
            raise unavailable("committing", error) from error
        raise OutcomeUnknownError(
            CODE, f"it is not known whether the ledger kept the change: {error}", hint=_hint(error, _FIND_OUT)
        ) from error


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another process just holds the lock."""
    return primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code, 0 where Python raised by itself."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY


def unavailable(doing: str, error: sqlite3.Error) -> UnavailableError:
    """Return the refusal that says what failed and what to look at."""
    return UnavailableError(CODE, f"the ledger is not available ({doing}: {error})", hint=_hint(error))


def _hint(error: sqlite3.Error, otherwise: str = "") -> str:
    return _HINTS.get(primary_code(error), otherwise)
