"""Logs for tests: a clock that is set by hand, a signing key, and homes in memory and in SQLite."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct, field

from placet.adapters.files.anchor import FileAnchor
from placet.adapters.memory.anchor import MemoryAnchor
from placet.adapters.memory.home import MemoryHome
from placet.adapters.memory.store import MemoryStore
from placet.adapters.sqlite.store import SqliteStore
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Change, Committed, Count, EntityKey, Snapshot
from placet.domain.log.checkpoint import CheckpointKey, CheckpointSigner, signer_from
from placet.domain.log.compose import Draft, compose
from placet.domain.log.entry import Entry, parse_entry
from placet.ports.ledger import Ledger
from placet.ports.store import ConflictError, Store

ORIGIN = "ledger.example.com/acme/00112233445566778899aabbccddeeff"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SIGNING_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = signer_from(SIGNING_KEY)
LOG_KEY = CheckpointKey(origin=ORIGIN, public_key=SIGNER.public_key)
OTHER_SIGNER = signer_from(Ed25519PrivateKey.from_private_bytes(bytes(32)))
SALT = bytes(16)

T = TypeVar("T")


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


class LedgerStore(Store, Ledger, Protocol):
    """What both adapters are: a store and its ledger."""


class InMemory(Struct):
    """A home in memory."""

    anchor: MemoryAnchor = field(default_factory=MemoryAnchor)
    clock: SetClock = field(default_factory=SetClock)
    tables: MemoryHome | None = None

    def create(self) -> LedgerStore:
        store = MemoryStore.create(origin=ORIGIN, signer=SIGNER, anchor=self.anchor, clock=self.clock)
        self.tables = store.home
        return store

    def open(self, signer: CheckpointSigner = SIGNER) -> LedgerStore:
        assert self.tables is not None
        return MemoryStore(self.tables, signer, self.anchor, self.clock)

    def close(self) -> None:
        """Do nothing: there is nothing to release."""


class InSqlite(Struct):
    """A home in a folder: `home/ledger.sqlite`, and the anchor beside it."""

    folder: Path
    clock: SetClock = field(default_factory=SetClock)
    opened: list[SqliteStore] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.folder / "ledger.sqlite"

    @property
    def anchor(self) -> FileAnchor:
        return FileAnchor(self.folder / "anchor")

    def create(self) -> LedgerStore:
        store = SqliteStore.create(self.path, origin=ORIGIN, signer=SIGNER, anchor=self.anchor, clock=self.clock)
        self.opened.append(store)
        return store

    def open(self, signer: CheckpointSigner = SIGNER) -> LedgerStore:
        store = SqliteStore(self.path, signer, self.anchor, self.clock, wait_seconds=10)
        self.opened.append(store)
        return store

    def close(self) -> None:
        """Close every store that was opened; closing twice is harmless."""
        for store in self.opened:
            run(store.close())


Home = InMemory | InSqlite
"""One place that holds one log and may be opened any number of times."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine to its end, in an event loop of its own."""
    return asyncio.run(work)


def key(text: str) -> EntityKey:
    """Return an entity key."""
    return EntityKey(text)


def thing(value: int = 0, *index: tuple[str, str]) -> Object:
    """Return an entity's object with index pairs."""
    return {"value": value, "index": [list(pair) for pair in index]}


def draft(number: int, writes: Mapping[EntityKey, Object | None] | None = None, **members: Any) -> Draft:
    """Return a draft whose entry id is made of `number`."""
    return Draft(
        entry_id=f"evt_20260102030405_{number:06}",
        type=members.pop("type", "thing.written"),
        actor=members.pop("actor", "person:alice"),
        subject=members.pop("subject", "npm:@acme/thing"),
        writes=writes or {},
        **members,
    )


def change(
    snapshot: Snapshot, number: int, writes: Mapping[EntityKey, Object | None] | None = None, **members: Any
) -> Change:
    """Return a change that rests on `snapshot`."""
    return compose(draft(number, writes, **members), snapshot, SALT)


async def put(store: Store, number: int, writes: Mapping[str, Object | None], **members: Any) -> Committed:
    """Load what is written, and commit it."""
    keyed = {EntityKey(name): value for name, value in writes.items()}
    snapshot = await store.load(keyed.keys())
    return await store.commit(change(snapshot, number, keyed, **members))


async def fill(store: Store, count: int, *, start: int = 1) -> None:
    """Commit `count` changes, each with an entity, index rows and a once key of its own, ten at a time."""
    for first in range(start, start + count, 10):
        numbers = range(first, min(first + 10, start + count))
        await asyncio.gather(*[put(store, number, _one(number), once=(f"effect/{number}",)) for number in numbers])


def _one(number: int) -> dict[str, Object | None]:
    return {f"thing/{number:04}": thing(number, ("number", f"{number:04}"), ("all", "yes"))}


def forget_anchor(home: Home) -> None:
    """Lose the whole anchor."""
    if isinstance(home, InMemory):
        home.anchor.notes.clear()
    else:
        shutil.rmtree(home.anchor.folder)


def fill_anchor_disk(home: Home) -> None:
    """Let every write of a note fail, as a full disk does."""
    if isinstance(home, InMemory):
        home.anchor.writable = False
    else:
        latest = home.anchor.path(ORIGIN).with_suffix(".latest")
        latest.unlink()
        latest.symlink_to("/dev/full")


def free_anchor_disk(home: Home) -> None:
    """Let notes be written again."""
    if isinstance(home, InMemory):
        home.anchor.writable = True
    else:
        home.anchor.path(ORIGIN).with_suffix(".latest").unlink()


async def nothing(store: Store) -> Snapshot:
    """Return a snapshot without entities."""
    return await store.load(())


async def entry_at(store: Store, seq: int) -> Entry:
    """Return one parsed entry."""
    (content,) = [content async for content in store.entries(seq, seq + 1)]
    return parse_entry(content)


async def verdicts(store: Store, *changes: Change) -> list[object]:
    """Commit all at once, so that they stand in one group; return what each was told."""
    return await asyncio.gather(*[store.commit(one) for one in changes], return_exceptions=True)


def reasons(told: list[object]) -> list[str]:
    """Return why each was refused, or `committed`."""
    return [one.reason if isinstance(one, ConflictError) else "committed" for one in told]


def spent(limit: int, *, add: int = 1) -> dict[str, Count]:
    """Return one counter that may reach `limit`."""
    return {"publications/2026010203": Count(add=add, limit=limit)}
