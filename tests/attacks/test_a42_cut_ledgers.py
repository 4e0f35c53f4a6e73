"""A42: the tail of the log is cut off; the chain cannot see it, the anchor does, at every cut point (protocol 7)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from copy import copy
from pathlib import Path

import pytest

from placet.adapters.memory.home import MemoryHome
from placet.adapters.memory.rows import MemoryRows
from placet.domain.log import merkle
from placet.domain.log.audit import audit
from placet.domain.log.entry import parse_entry
from placet.domain.log.sequence import LogHead
from placet.domain.log.watch import Reason
from placet.ports.store import SealedError
from placet.usecases.verify_ledger import verify_ledger
from support.ledgers import ORIGIN, InMemory, InSqlite, fill, nothing, put, run
from support.tampering import found, note_of, verify

pytestmark = pytest.mark.thorough

SIZE = 1001


def cut_at(tables: MemoryHome, size: int) -> MemoryHome:
    """Return the tables as they were when the log had `size` entries: nothing in them is wrong."""
    cut = copy(tables)
    cut.entries, cut.nodes = tables.entries[:size], tables.nodes[:size]
    cut.roots = {at: root for at, root in tables.roots.items() if at < size}
    cut.roots[size] = tables.root_at(size)
    newest = parse_entry(cut.entries[-1])
    frontier = tuple(tables.read_nodes(merkle.cover(0, size)))
    cut.head = LogHead(size=size, time=newest.time, epoch=ORIGIN, leaf=cut.nodes[-1][:32], frontier=frontier)
    return cut


@pytest.fixture(scope="module")
def home() -> InMemory:
    home = InMemory()
    run(fill(home.create(), SIZE - 1))
    return home


def test_every_cut_is_found_at_its_point_and_seals(home: InMemory) -> None:
    assert home.tables is not None
    for size in range(1, SIZE):
        cut = cut_at(home.tables, size)
        assert found(verify(cut, home, full=False)) == ("anchor", size)
        store = InMemory(anchor=home.anchor, tables=cut).open()
        with pytest.raises(SealedError) as refused:
            run(put(store, 9999, {}))
        assert refused.value.code == "SEALED"
        assert len(cut.entries) == size


def test_the_chain_alone_cannot_see_a_cut(home: InMemory) -> None:
    assert home.tables is not None
    for size in (1, 2, 500, SIZE - 1):
        cut = cut_at(home.tables, size)
        assert audit(MemoryRows(cut), [note_of(cut, size)], full=False).finding is None


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[InSqlite]:
    home = InSqlite(tmp_path / "home")
    home.folder.mkdir()
    yield home
    home.close()


@pytest.mark.parametrize("kept", [1, 7, 19])
def test_an_older_copy_of_the_home_is_sealed_at_start_and_readable(stored: InSqlite, tmp_path: Path, kept: int) -> None:
    backup = tmp_path / "backup"
    run(fill(stored.create(), kept))
    stored.close()
    shutil.copy(stored.path, backup)
    run(fill(stored.open(), 20 - kept, start=kept + 1))
    stored.close()
    shutil.copy(backup, stored.path)
    store = stored.open()
    status = run(store.status())
    assert status.seal is not None
    assert (status.seal.reason, status.size) == (Reason.BEHIND, kept + 1)
    with pytest.raises(SealedError) as refused:
        run(put(store, 99, {}))
    assert "recovery comes in a later version" in refused.value.hint
    assert run(nothing(store)).head.size == kept + 1
    assert found(run(verify_ledger(store))) == ("anchor", kept + 1)


def test_rows_deleted_from_the_end_are_found_too(stored: InSqlite) -> None:
    run(fill(stored.create(), 10))
    with sqlite3.connect(stored.path) as attacker:
        attacker.execute("DELETE FROM entry WHERE seq >= 8")
    attacker.close()
    assert found(run(verify_ledger(stored.open()))) == ("sequence", 8)
