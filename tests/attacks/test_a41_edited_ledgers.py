"""A41: entries edited, deleted, inserted, reordered or swapped: the first bad number is named (protocol 7)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path

import pytest

from placet.adapters.memory.home import MemoryHome
from placet.errors import PlacetError
from placet.usecases.verify_ledger import verify_ledger
from support.ledgers import InMemory, InSqlite, fill, run
from support.tampering import (
    delete_entry,
    flip,
    found,
    insert_entry,
    rewrite,
    swap_entries,
    verify,
    write_everything,
)

pytestmark = pytest.mark.thorough

SIZE = 1001
Tamper = Callable[[MemoryHome, int], object]


@pytest.fixture(scope="module")
def home() -> InMemory:
    home = InMemory()
    run(fill(home.create(), SIZE - 1))
    return home


def shallow(home: InMemory) -> MemoryHome:
    """Return tables whose entries may be changed without touching the original."""
    assert home.tables is not None
    tables = copy(home.tables)
    tables.entries, tables.nodes = tables.entries.copy(), tables.nodes.copy()
    return tables


def edit(tables: MemoryHome, seq: int) -> None:
    tables.entries[seq] = flip(tables.entries[seq], seq * 7, 1 << seq % 8)


def reorder(tables: MemoryHome, seq: int) -> None:
    """Move an entry, with its hashes, behind the one that followed it."""
    for rows in (tables.entries, tables.nodes):
        rows[seq], rows[seq + 1] = rows[seq + 1], rows[seq]


def swap_bodies(tables: MemoryHome, seq: int) -> None:
    """Exchange two bodies of equal length, leaving number, time and previous hash where they are."""
    bodies = [tables.entries[at][8 : tables.entries[at].rindex(b',"prev":"')] for at in (seq, seq + 1)]
    assert len(bodies[0]) == len(bodies[1])
    for at, (old, new) in zip((seq, seq + 1), (bodies, bodies[::-1]), strict=True):
        tables.entries[at] = tables.entries[at].replace(old, new)


EVERYWHERE: list[tuple[str, Tamper, range]] = [
    ("edited", edit, range(SIZE)),
    ("deleted", delete_entry, range(SIZE)),
    ("inserted", lambda tables, seq: insert_entry(tables, seq, seq - 1), range(1, SIZE)),
    ("reordered", reorder, range(SIZE - 1)),
    ("swapped with another", lambda tables, seq: swap_entries(tables, seq, SIZE - 1), range(SIZE - 1)),
]


@pytest.mark.parametrize(("tamper", "places"), [case[1:] for case in EVERYWHERE], ids=[case[0] for case in EVERYWHERE])
def test_wherever_an_entry_is_tampered_with_its_number_is_named(home: InMemory, tamper: Tamper, places: range) -> None:
    for seq in places:
        tables = shallow(home)
        tamper(tables, seq)
        finding = verify(tables, home, full=False).finding
        assert finding is not None
        assert finding.seq == seq


def test_two_bodies_of_equal_length_swapped_anywhere_name_the_first(home: InMemory) -> None:
    equal = [seq for seq in range(1, SIZE - 1) if len(str(seq)) == len(str(seq + 1))]
    assert len(equal) > 990
    for seq in equal:
        tables = shallow(home)
        swap_bodies(tables, seq)
        assert found(verify(tables, home, full=False)) == ("chain", seq)


def test_a_history_rewritten_from_anywhere_on_contradicts_the_anchor(home: InMemory) -> None:
    for seq in (1, 2, 3, 500, 999, 1000):
        tables = shallow(home)
        forged = tables.entries[seq].replace(b"person:alice", b"person:mally")
        rewrite(tables, [*tables.entries[:seq], forged, *tables.entries[seq + 1 :]])
        assert found(verify(tables, home, full=False)) == ("anchor", SIZE - 1)


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[InSqlite]:
    """A log in SQLite with something in every table."""
    home = InSqlite(tmp_path)
    run(write_everything(home.create(), home.clock))
    home.close()
    yield home
    home.close()


KEYS_AND_COLUMNS = {
    "entry": (("seq",), ("seq", "nodes", "content")),
    "head": (("only",), ("size", "time_ms", "epoch", "leaf", "frontier")),
    "checkpoint": (("size",), ("size", "root")),
    "entity": (("key",), ("key", "revision", "content")),
    "once": (("key",), ("key", "seq")),
    "index_row": (("name", "value", "key"), ("name", "value", "key")),
    "detached": (("digest",), ("digest", "content")),
    "erasable": (("digest",), ("digest", "content")),
    "schema_version": (("version",), ("version",)),
}


def changed(value: object) -> list[object]:
    """Return the value with one byte changed: at its beginning, in its middle, at its end."""
    if isinstance(value, int):
        return [value + 1]
    content = value.encode() if isinstance(value, str) else value
    assert isinstance(content, bytes)
    others = [flip(content, at) for at in sorted({0, len(content) // 2, len(content) - 1})]
    return [other.decode() for other in others] if isinstance(value, str) else list(others)


def verdict(home: InSqlite) -> str:
    """Open and verify as `placet ledger verify` does; return the layer, or why it could not be opened."""

    async def work() -> str:
        try:
            store = home.open()
        except PlacetError as error:
            return error.code
        report = await verify_ledger(store)
        return report.finding.layer.value if report.finding else "clean"

    told = run(work())
    home.close()
    return told


def changes(path: Path, table: str) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield statements that change one byte of one row each, over half a dozen rows of the table."""
    keys, columns = KEYS_AND_COLUMNS[table]
    one_row = " AND ".join(f"{name} = ?" for name in keys)
    with sqlite3.connect(path) as connection:
        rows = connection.execute(f"SELECT {', '.join(keys + columns)} FROM {table}").fetchall()  # noqa: S608 - our names
    connection.close()
    for row in rows[:: max(1, len(rows) // 6)]:
        key, values = row[: len(keys)], row[len(keys) :]
        for column, value in zip(columns, values, strict=True):
            for other in changed(value):
                yield f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {one_row}", (other, *key)  # noqa: S608 - our names


def test_a_log_in_which_nothing_was_changed_is_clean(stored: InSqlite) -> None:
    assert verdict(stored) == "clean"


@pytest.mark.parametrize("table", KEYS_AND_COLUMNS)
def test_one_byte_changed_in_any_table_is_found(stored: InSqlite, table: str) -> None:
    untouched = stored.path.read_bytes()
    missed = []
    for statement, values in changes(stored.path, table):
        stored.path.write_bytes(untouched)
        with sqlite3.connect(stored.path) as attacker:
            attacker.execute("PRAGMA synchronous = OFF")
            assert attacker.execute(statement, values).rowcount == 1
        attacker.close()
        if verdict(stored) == "clean":
            missed.append((statement, values))
    assert missed == []
