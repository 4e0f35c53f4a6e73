"""Opening the file: connections as every part needs them, and the numbered migrations."""

from __future__ import annotations

import os
import sqlite3
from importlib import resources
from pathlib import Path

from placet.adapters.sqlite.failures import CODE
from placet.errors import ConfigurationError, UnavailableError

_MIGRATIONS = ("0001.sql",)
_VERSION_TABLE = "CREATE TABLE schema_version (version INTEGER PRIMARY KEY) STRICT"
_READER_WAITS_MS = 5_000
_CHECKPOINT_PAGES = 4_000
"""So many pages of 4 KiB are written ahead before they go to their places: under load the same ones come again."""


def connect_writer(path: Path) -> sqlite3.Connection:
    """Return a connection that writes durably and never waits for a lock by itself.

    WAL with `synchronous=FULL`: what COMMIT acknowledged survives a power loss.
    """
    connection = _connect(path)
    connection.execute(f"PRAGMA busy_timeout = {_READER_WAITS_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    connection.execute("PRAGMA busy_timeout = 0")
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads, beside any writer; of a home that cannot be written, too.

    Raise `UnavailableError` (`AUDIT_UNAVAILABLE`) where what was written last lies in a write-ahead
    log that cannot be read without writing.
    """
    connection = _connect(path) if is_writable(path) else _connect_to_read_only(path)
    connection.execute(f"PRAGMA busy_timeout = {_READER_WAITS_MS}")
    connection.execute("PRAGMA query_only = ON")
    return connection


def is_writable(path: Path) -> bool:
    """Tell whether the file and its folder may be written: SQLite needs both, even for reading a log being written."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def make_file(path: Path) -> None:
    """Make the file for its owner only, if it is not there yet."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def version(connection: sqlite3.Connection) -> int:
    """Return the number of the newest migration that was applied; 0 for an empty file."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'").fetchone():
        return 0
    return int(connection.execute("SELECT max(version) FROM schema_version").fetchone()[0] or 0)


def migrate(connection: sqlite3.Connection) -> None:
    """Apply the missing migrations, inside the caller's transaction.

    Raise `ConfigurationError` (`SCHEMA_UNKNOWN`) for a file of a newer Placet.
    """
    at = version(connection)
    check_known(at)
    if at == 0:
        connection.execute(_VERSION_TABLE)
    for number, name in enumerate(_MIGRATIONS[at:], at + 1):
        script = resources.files(__package__).joinpath("migrations", name).read_text(encoding="ascii")
        for statement in script.split(";\n"):
            connection.execute(statement)
        connection.execute("INSERT INTO schema_version VALUES (?)", (number,))


def needs_migration(connection: sqlite3.Connection) -> bool:
    """Tell whether migrations are missing; raise as `migrate` for a file of a newer Placet."""
    at = version(connection)
    check_known(at)
    return at < len(_MIGRATIONS)


def check_known(at: int) -> None:
    """Raise `ConfigurationError` (`SCHEMA_UNKNOWN`) for a schema that this Placet does not know."""
    if not 0 <= at <= len(_MIGRATIONS):
        raise ConfigurationError(
            "SCHEMA_UNKNOWN",
            f"the ledger has schema {at}, this Placet knows up to {len(_MIGRATIONS)}",
            hint="use the Placet that wrote it, or a newer one",
        )


def _connect_to_read_only(path: Path) -> sqlite3.Connection:
    """Return a connection that shares the write-ahead log, or none where there is none: then nobody writes."""
    connection = _connect(path, "mode=ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if _has_log(path):
            raise UnavailableError(
                CODE,
                "the home cannot be written, and its newest entries lie in a write-ahead log that cannot be shared",
                hint="copy the whole home to a place that can be written, or run any command in the home it came from",
            ) from error
        return _connect(path, "mode=ro&immutable=1")
    return connection


def _has_log(path: Path) -> bool:
    log = Path(f"{path}-wal")
    return log.exists() and log.stat().st_size > 0


def _connect(path: Path, how: str = "mode=rw") -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{_quoted(path)}?{how}", uri=True, isolation_level=None, check_same_thread=False, cached_statements=256
    )


def _quoted(path: Path) -> str:
    return path.absolute().as_uri().removeprefix("file://")
