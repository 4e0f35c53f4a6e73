"""What the SQLite store says when its file cannot be used, and that it goes on once it can."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from placet.adapters.sqlite.store import SqliteStore
from placet.errors import ConfigurationError, PlacetError, UnavailableError
from placet.ports.store import OutcomeUnknownError, SealedError
from support.ledgers import ORIGIN, OTHER_SIGNER, SIGNER, InSqlite, LedgerStore, fill, nothing, put, run


@pytest.fixture
def home(tmp_path: Path) -> Iterator[InSqlite]:
    place = InSqlite(tmp_path)
    yield place
    place.close()


def refused_by(home: InSqlite) -> PlacetError:
    with pytest.raises(PlacetError) as refused:
        home.open()
    return refused.value


def test_there_is_nothing_to_open_before_create(home: InSqlite) -> None:
    error = refused_by(home)
    assert isinstance(error, ConfigurationError)
    assert (error.code, error.hint) == ("LEDGER_NOT_FOUND", "run `placet init` first")


def test_an_empty_file_is_what_a_killed_create_left_and_create_goes_on_from_it(home: InSqlite) -> None:
    home.path.touch()
    assert refused_by(home).code == "LEDGER_NOT_FOUND"
    assert run(nothing(home.create())).head.size == 1


def test_a_second_create_is_refused(home: InSqlite) -> None:
    home.create()
    with pytest.raises(ConfigurationError) as refused:
        home.create()
    assert refused.value.code == "LEDGER_EXISTS"
    assert run(nothing(home.open())).head.size == 1


def test_the_file_is_readable_by_its_owner_only(home: InSqlite) -> None:
    home.create()
    assert home.path.stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_database_is_refused(home: InSqlite) -> None:
    home.path.write_bytes(b"no database at all" * 1000)
    error = refused_by(home)
    assert isinstance(error, UnavailableError)
    assert (error.code, error.hint) == ("AUDIT_UNAVAILABLE", "the file is no ledger; look for the right home")


def test_the_schema_of_a_newer_placet_is_refused(home: InSqlite) -> None:
    home.create()
    with sqlite3.connect(home.path) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99)")
    connection.close()
    assert refused_by(home).code == "SCHEMA_UNKNOWN"


def test_another_signing_key_is_refused(home: InSqlite) -> None:
    home.create()
    with pytest.raises(ConfigurationError) as refused:
        home.open(OTHER_SIGNER)
    assert refused.value.code == "CHECKPOINT_KEY_MISMATCH"


def test_a_lock_that_another_process_keeps_is_waited_for_and_not_for_ever(home: InSqlite) -> None:
    home.create()
    holder = sqlite3.connect(home.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    store = SqliteStore(home.path, SIGNER, home.anchor, home.clock, wait_seconds=0.2)
    with pytest.raises(UnavailableError) as refused:
        run(put(store, 1, {}))
    assert refused.value.code == "AUDIT_UNAVAILABLE"
    assert "locked" in refused.value.message
    assert run(nothing(store)).head.size == 1
    holder.execute("ROLLBACK")
    holder.close()
    assert run(put(store, 2, {})).seq == 1
    run(store.close())


def test_a_writer_takes_the_lock_as_soon_as_it_is_free(home: InSqlite) -> None:
    store = home.create()
    holder = sqlite3.connect(home.path, isolation_level=None)

    async def work() -> int:
        holder.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(0.05, holder.execute, "ROLLBACK")
        return (await put(store, 1, {})).seq

    assert run(work()) == 1
    holder.close()


@pytest.mark.parametrize("ending", ["", "-wal"])
def test_nothing_is_written_into_a_file_that_was_deleted(home: InSqlite, ending: str) -> None:
    store = home.create()
    run(fill(store, 3))
    Path(f"{home.path}{ending}").unlink()
    with pytest.raises(UnavailableError) as refused:
        run(put(store, 9, {}))
    assert refused.value.code == "AUDIT_UNAVAILABLE"


def test_a_file_that_was_put_back_is_used_again(home: InSqlite) -> None:
    store = home.create()
    run(fill(store, 3))
    aside = home.path.with_name("aside")
    home.path.rename(aside)
    with pytest.raises(UnavailableError):
        run(put(store, 9, {}))
    aside.rename(home.path)
    assert run(put(store, 10, {})).seq == 4


def test_an_older_copy_under_a_running_process_seals(home: InSqlite, tmp_path: Path) -> None:
    store = home.create()
    run(fill(store, 3))
    backup = tmp_path / "backup"
    with sqlite3.connect(home.path) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    source.close()
    target.close()
    run(fill(store, 3, start=4))
    for ending in ("", "-wal", "-shm"):
        Path(f"{home.path}{ending}").unlink()
    shutil.copy(backup, home.path)
    with pytest.raises(UnavailableError):
        run(put(store, 9, {}))
    with pytest.raises(SealedError):
        run(put(store, 10, {}))


async def put_until_it_is_refused(store: LedgerStore) -> None:
    for number in range(10, 1000):
        await put(store, number, {f"large/{number}": {"index": [], "text": "x" * 4000}})


def test_a_database_that_refuses_to_grow_keeps_what_was_acknowledged(home: InSqlite) -> None:
    """`max_page_count` is a full disk that SQLite itself reports."""
    store = home.create()
    run(fill(store, 3))
    writer = store._committer.idle_connection  # type: ignore[attr-defined]  # the only way to its limit
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(UnavailableError) as refused:
        run(put_until_it_is_refused(store))
    assert refused.value.code == "AUDIT_UNAVAILABLE"
    assert not isinstance(refused.value, OutcomeUnknownError)
    assert "full" in refused.value.message
    size = run(nothing(store)).head.size
    writer.execute("PRAGMA max_page_count = 1000000")
    assert run(put(store, 300, {})).seq == size


def test_a_group_whose_rows_cannot_be_written_is_refused_as_a_whole(home: InSqlite) -> None:
    """A table that another program dropped: an error of SQLite, and nothing half-written."""
    store = home.create()
    with sqlite3.connect(home.path) as connection:
        connection.execute("DROP TABLE checkpoint")
    connection.close()
    with pytest.raises(UnavailableError) as refused:
        run(put(store, 1, {}))
    assert refused.value.code == "AUDIT_UNAVAILABLE"
    assert run(nothing(store)).head.size == 1


@pytest.mark.parametrize("statement", ["DELETE FROM head", "UPDATE head SET time_ms = 1 << 61"])
def test_a_log_without_a_sensible_head_is_refused(home: InSqlite, statement: str) -> None:
    store = home.create()
    with sqlite3.connect(home.path) as connection:
        connection.execute(statement)
    connection.close()
    for refused_here in (lambda: run(nothing(store)), home.open):
        with pytest.raises(UnavailableError) as refused:
            refused_here()
        assert refused.value.code == "AUDIT_UNAVAILABLE"


def test_a_log_without_its_first_entry_can_be_read_and_not_written(home: InSqlite) -> None:
    run(fill(home.create(), 3))
    with sqlite3.connect(home.path) as connection:
        connection.execute("DELETE FROM entry WHERE seq = 0")
    connection.close()
    store = home.open()
    assert run(nothing(store)).head.size == 4
    with pytest.raises(SealedError):
        run(put(store, 9, {}))


def test_one_origin_may_have_several_logs_in_different_folders(tmp_path: Path) -> None:
    homes = [InSqlite(tmp_path / name) for name in ("a", "b")]
    for home in homes:
        home.folder.mkdir()
        run(fill(home.create(), 2))
    assert {home.anchor.path(ORIGIN).name for home in homes} == {homes[0].anchor.path(ORIGIN).name}
    for home in homes:
        home.close()
