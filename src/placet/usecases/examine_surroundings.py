"""Examine what surrounds an installation: key files, disks, the anchor's place, the database file (doctor).

Needs no passphrase and opens nothing: it also tells why an installation does not open.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from placet.core.findings import Finding, fail, ok, warn
from placet.ports.surroundings import Place, Surroundings

LITTLE_BYTES = 1024**3
"""Less free space than this is a warning."""
TOO_LITTLE_BYTES = 64 * 1024**2
"""Less free space than this is a failure: nothing may be recorded soon, so nothing published."""
_MEBIBYTE = 1024**2


def examine_surroundings(surroundings: Surroundings, home: Path, anchors: Path) -> list[Finding]:
    """Return what was found of the home's folder, keys, anchor folder and database file."""
    place = surroundings.place(home)
    if not place.exists:
        return [fail("home", f"there is no installation at {home}", "placet init, or give --home DIR")]
    anchor = surroundings.place(anchors)
    return [
        *_home(place),
        *_key_files(surroundings.key_files()),
        *_anchor_folder(anchor, place, anchors.is_relative_to(home)),
        *_storage(surroundings, place, anchor),
    ]


def _home(home: Place) -> Iterator[Finding]:
    if home.problem or not home.is_ours:
        yield fail("home", f"{home.path} {home.problem or 'belongs to another user'}", "run placet as its owner")
    elif home.is_private:
        yield ok("home", f"{home.path} is open to its owner alone")
    else:
        yield warn("home", f"others may look into {home.path}", f"chmod 700 {home.path}")


def _key_files(files: list[Place]) -> Iterator[Finding]:
    exposed = [each for each in files if not each.is_private]
    for each in exposed:
        yield fail("keys", f"others may read or write {each.path.name}", f"chmod 600 {each.path}")
    if not files:
        yield fail("keys", "the home holds no key files", "bring the keys folder back from its backup")
    elif not exposed:
        yield ok("keys", f"{len(files)} key files are open to their owner alone")


def _anchor_folder(anchor: Place, home: Place, inside: bool) -> Iterator[Finding]:  # noqa: FBT001 - a fact, not a switch
    if not anchor.exists:
        yield fail("anchor", f"the anchor folder {anchor.path} is not there", "bring it back, or set PLACET_ANCHOR")
    elif inside:
        yield fail("anchor", "the anchor lies inside the home, so one restore rolls both back", "set PLACET_ANCHOR")
    elif anchor.device == home.device:
        yield warn(
            "anchor",
            "the anchor lies on the same file system as the home",
            "set PLACET_ANCHOR to another disk: a snapshot that rolls back one must not roll back both",
        )
    else:
        yield ok("anchor", "the anchor lies outside the home, on another file system")


def _storage(surroundings: Surroundings, *places: Place) -> Iterator[Finding]:
    for place in {each.device: each for each in reversed(places) if each.exists and not each.problem}.values():
        room = f"{place.free_bytes // _MEBIBYTE} MiB are free at {place.path}"
        if place.free_bytes < TOO_LITTLE_BYTES:
            yield fail("storage", room, "make room: what cannot be recorded is not published")
        elif place.free_bytes < LITTLE_BYTES:
            yield warn("storage", room, "make room before the disk is full")
        else:
            yield ok("storage", room)
    storage = surroundings.storage()
    if storage.problem:
        yield fail("storage", f"the database file is damaged: {storage.problem}", "placet ledger verify, then a backup")
    elif storage.journal_mode != "wal":
        yield warn(
            "storage", f"the database file's journal mode is {storage.journal_mode}, not WAL", "use a local file system"
        )
    else:
        yield ok("storage", "the database file is whole (quick check), its journal mode is WAL")
