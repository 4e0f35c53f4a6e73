"""The doctor's look at files, disks and the database file: facts in, findings with a next step out."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from placet.adapters.system.surroundings import HomeSurroundings
from placet.core.findings import Finding, Health, span
from placet.ports.surroundings import Place, Storage
from placet.usecases.examine_surroundings import examine_surroundings
from support.ledgers import InSqlite

HOME, ANCHORS = Path("/homes/placet"), Path("/anchors")
GIB = 1024**3
SOUND = Storage(journal_mode="wal", problem="")
WELL = Place(path=HOME, exists=True, is_private=True, is_ours=True, device=1, free_bytes=9 * GIB)


class Given(Struct):
    """Surroundings as a test says."""

    home: Place = WELL
    anchor: Place = field(default_factory=lambda: replace(WELL, path=ANCHORS, device=2))
    keys: tuple[Place, ...] = (replace(WELL, path=HOME / "keys" / "checkpoint.key.json"),)
    database: Storage = SOUND

    def place(self, path: Path) -> Place:
        return self.home if path == HOME else self.anchor

    def key_files(self) -> list[Place]:
        return list(self.keys)

    def storage(self) -> Storage:
        return self.database


def found(given: Given, anchors: Path = ANCHORS) -> list[Finding]:
    return examine_surroundings(given, HOME, anchors)


def worst(given: Given, anchors: Path = ANCHORS) -> list[tuple[str, str]]:
    return [(each.area, each.health.value) for each in found(given, anchors) if each.health is not Health.OK]


def test_where_all_is_well_every_line_is_ok_and_asks_for_nothing() -> None:
    assert worst(Given()) == []
    assert {each.area for each in found(Given())} == {"home", "keys", "anchor", "storage"}
    assert all(each.next_step == "" for each in found(Given()))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Given(home=Place(path=HOME, exists=False)), [("home", "fail")]),
        (Given(home=replace(WELL, is_ours=False)), [("home", "fail")]),
        (Given(home=replace(WELL, is_private=False)), [("home", "warn")]),
        (Given(keys=()), [("keys", "fail")]),
        (Given(keys=(WELL, replace(WELL, is_private=False))), [("keys", "fail")]),
        (Given(anchor=Place(path=ANCHORS, exists=False)), [("anchor", "fail")]),
        (Given(anchor=replace(WELL, path=ANCHORS)), [("anchor", "warn")]),
        (Given(home=replace(WELL, free_bytes=GIB - 1)), [("storage", "warn")]),
        (Given(home=replace(WELL, free_bytes=1)), [("storage", "fail")]),
        (Given(anchor=replace(WELL, path=ANCHORS, device=2, free_bytes=1)), [("storage", "fail")]),
        (Given(database=Storage(journal_mode="delete", problem="")), [("storage", "warn")]),
        (Given(database=Storage(journal_mode="wal", problem="row 7 missing from index")), [("storage", "fail")]),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do(given: Given, expected: list[tuple[str, str]]) -> None:
    assert worst(given) == expected
    assert all(each.next_step for each in found(given) if each.health is not Health.OK)


def test_an_anchor_inside_the_home_fails() -> None:
    assert worst(Given(), HOME / "anchors") == [("anchor", "fail")]


def test_real_files_are_seen_as_they_are(tmp_path: Path) -> None:
    home = InSqlite(tmp_path)
    home.create()
    home.close()
    (tmp_path / "keys").mkdir()
    for name, mode in (("a", 0o600), ("b", 0o640)):
        (tmp_path / "keys" / f"{name}.key.json").touch(mode=mode)
        (tmp_path / "keys" / f"{name}.key.json").chmod(mode)
    look = HomeSurroundings(tmp_path, home.path)

    assert [each.is_private for each in look.key_files()] == [True, False]
    assert look.storage() == Storage(journal_mode="wal", problem="")
    assert look.place(tmp_path).device == os.stat(tmp_path).st_dev  # noqa: PTH116 - another way than the code's
    assert look.place(tmp_path).is_ours
    assert look.place(tmp_path).free_bytes > 0
    assert not look.place(tmp_path / "nothing").exists


def test_a_damaged_or_missing_database_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "junk.sqlite").write_bytes(b"SQLite format 3\x00" + bytes(500))

    assert HomeSurroundings(tmp_path, tmp_path / "junk.sqlite").storage().problem
    assert HomeSurroundings(tmp_path, tmp_path / "missing.sqlite").storage().problem
    assert not (tmp_path / "missing.sqlite").exists()


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(milliseconds=900), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=61), "1 h 1 min"),
        (timedelta(days=3, hours=2, minutes=59), "3 d 2 h"),
    ],
)
def test_lengths_of_time_have_two_units(length: timedelta, said: str) -> None:
    assert span(length) == said
