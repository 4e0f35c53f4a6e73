"""Opening the file: connections as every part needs them, and the numbered migrations."""

from __future__ import annotations

import os
import sqlite3
from importlib import resources
from pathlib import Path

from placet.errors import ConfigurationError

_MIGRATIONS = ("0001.sql",)
_VERSION_TABLE = "CREATE TABLE schema_version (version INTEGER PRIMARY KEY) STRICT"
_READER_WAITS_MS = 5_000


def connect_writer(path: Path) -> sqlite3.Connection:
    """Return a connection that writes durably and never waits for a lock by itself.

    WAL with `synchronous=FULL`: what COMMIT acknowledged survives a power loss.
    """
    connection = _connect(path)
    connection.execute(f"PRAGMA busy_timeout = {_READER_WAITS_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA busy_timeout = 0")
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads, beside any writer."""
    connection = _connect(path)
    connection.execute(f"PRAGMA busy_timeout = {_READER_WAITS_MS}")
    connection.execute("PRAGMA query_only = ON")
    return connection


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


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{_quoted(path)}?mode=rw", uri=True, isolation_level=None, check_same_thread=False, cached_statements=256
    )


def _quoted(path: Path) -> str:
    return path.absolute().as_uri().removeprefix("file://")
