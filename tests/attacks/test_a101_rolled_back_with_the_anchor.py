"""A101: home and anchor rolled back together, the anchor deleted, its disk full (protocol 7, anchors)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from placet.adapters.files.anchor import FileAnchor
from placet.adapters.sqlite.store import SqliteStore
from placet.domain.log.watch import Reason
from placet.errors import UnavailableError
from placet.ports.store import SealedError
from support.ledgers import (
    SIGNER,
    InSqlite,
    LedgerStore,
    fill,
    fill_anchor_disk,
    forget_anchor,
    nothing,
    put,
    run,
    thing,
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[InSqlite]:
    place = InSqlite(tmp_path / "machine")
    place.folder.mkdir()
    yield place
    place.close()


def snapshot_of(home: InSqlite, into: Path) -> Path:
    """Copy the whole machine: home and anchor."""
    home.close()
    shutil.copytree(home.folder, into)
    return into


def restore(home: InSqlite, backup: Path) -> None:
    """Put the whole machine back as it was."""
    shutil.rmtree(home.folder)
    shutil.copytree(backup, home.folder)


def refused_as_sealed(store: LedgerStore) -> Reason:
    size = run(nothing(store)).head.size
    with pytest.raises(SealedError) as refused:
        run(put(store, 900, {"effect": thing(1)}, once=("effect/900/1",)))
    assert refused.value.code == "SEALED"
    assert run(store.once_seq("effect/900/1")) is None
    assert run(nothing(store)).head.size == size
    seal = run(store.status()).seal
    assert seal is not None
    return seal.reason


def test_a_machine_rolled_back_as_a_whole_is_sealed_by_a_bundle_from_its_future(home: InSqlite, tmp_path: Path) -> None:
    run(fill(home.create(), 5))
    backup = snapshot_of(home, tmp_path / "backup")
    store = home.open()
    note_in_a_bundle = run(put(store, 6, {})).checkpoint
    home.close()
    restore(home, backup)

    store = home.open()
    run(store.observe(note_in_a_bundle))
    assert refused_as_sealed(store) is Reason.BEHIND
    home.close()
    assert refused_as_sealed(home.open()) is Reason.BEHIND


def test_after_a_rollback_another_history_is_told_from_a_bundle_of_the_first(home: InSqlite, tmp_path: Path) -> None:
    run(fill(home.create(), 5))
    backup = snapshot_of(home, tmp_path / "backup")
    note_in_a_bundle = run(put(home.open(), 6, {})).checkpoint
    home.close()
    restore(home, backup)

    store = home.open()
    run(fill(store, 10, start=20))
    run(store.observe(note_in_a_bundle))
    assert refused_as_sealed(store) is Reason.FORKED


def test_a_rollback_under_a_running_process_is_sealed_although_the_anchor_agrees(home: InSqlite) -> None:
    """The process itself remembers the highest checkpoint that it has seen."""
    store = home.create()
    run(fill(store, 5))
    old_note = run(store.checkpoint())
    with sqlite3.connect(home.path) as rows:
        old_head = rows.execute("SELECT size, time_ms, leaf, frontier FROM head").fetchone()
    rows.close()
    run(fill(store, 5, start=6))
    with sqlite3.connect(home.path) as rows:
        rows.execute("DELETE FROM entry WHERE seq >= ?", old_head[:1])
        rows.execute("DELETE FROM checkpoint WHERE size > ?", old_head[:1])
        rows.execute("DELETE FROM entity WHERE revision >= ?", old_head[:1])
        rows.execute("DELETE FROM once WHERE seq >= ?", old_head[:1])
        rows.execute("UPDATE head SET size = ?, time_ms = ?, leaf = ?, frontier = ?", old_head)
    rows.close()
    home.anchor.replace(store_origin(store), old_note, lasting=True)

    assert refused_as_sealed(store) is Reason.BEHIND


def test_a_deleted_anchor_seals_running_and_starting_processes(home: InSqlite) -> None:
    store = home.create()
    run(fill(store, 5))
    forget_anchor(home)
    assert refused_as_sealed(store) is Reason.ANCHOR_MISSING
    home.close()
    forget_anchor_again = home.anchor.folder
    shutil.rmtree(forget_anchor_again, ignore_errors=True)
    assert refused_as_sealed(home.open()) is Reason.ANCHOR_MISSING


def test_nothing_is_acknowledged_on_a_full_anchor_disk(home: InSqlite) -> None:
    store = home.create()
    fill_anchor_disk(home)
    for number in (1, 2, 3):
        with pytest.raises(UnavailableError) as refused:
            run(put(store, number, {}))
        assert refused.value.code == "AUDIT_UNAVAILABLE"
    assert run(nothing(store)).head.size == 2


def store_origin(store: LedgerStore) -> str:
    return run(store.status()).origin


class OvertakenAnchor(FileAnchor):
    """An anchor at which, once, somebody else comes first."""

    def __init__(self, folder: Path, first: Callable[[], None]) -> None:
        super().__init__(folder)
        self.first: Callable[[], None] | None = first

    @contextmanager
    def alone(self, origin: str) -> Iterator[None]:
        first, self.first = self.first, None
        if first is not None:
            thread = Thread(target=first)
            thread.start()
            thread.join()
        with super().alone(origin):
            yield


class CoarseAnchor(OvertakenAnchor):
    """An overtaken anchor on a file system whose clock never ticks."""

    def stamp(self, origin: str) -> str:
        return "the same" if super().stamp(origin) else ""

    def replace(self, origin: str, note: str, *, lasting: bool = False) -> str:
        super().replace(origin, note, lasting=lasting)
        return self.stamp(origin)


@pytest.mark.parametrize("kind", [OvertakenAnchor, CoarseAnchor])
def test_of_two_copies_that_share_an_anchor_only_one_goes_on(
    home: InSqlite, tmp_path: Path, kind: type[OvertakenAnchor]
) -> None:
    """The second has written its change when the first is anchored: it is answered to nobody."""
    run(fill(home.create(), 3))
    home.close()
    shutil.copy(home.path, tmp_path / "copy.sqlite")
    told = []

    def goes_on() -> None:
        store = home.open()
        told.append(run(put(store, 4, {"effect": thing(1)})).checkpoint)
        run(store.close())

    copy = SqliteStore(tmp_path / "copy.sqlite", SIGNER, kind(home.anchor.folder, goes_on), home.clock)
    with pytest.raises(SealedError) as refused:
        run(put(copy, 5, {"effect": thing(2)}))

    assert (len(told), refused.value.code) == (1, "SEALED")
    assert refused_as_sealed(copy) is Reason.FORKED
    assert run(put(home.open(), 6, {})).checkpoint
    run(copy.close())
