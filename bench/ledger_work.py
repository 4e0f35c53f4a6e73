"""One whole decision, as the ledger's benchmark repeats it: load four entities, decide, commit.

Ours goes through the store; the peer is the chain that one would write without it: per event
`BEGIN IMMEDIATE`, load, decide, the same rows, the next hash, COMMIT (WAL, FULL), one connection
per thread. Both decide with the same code and write the same rows; the peer keeps no tree, signs
nothing and anchors nothing.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from placet.adapters.files.anchor import FileAnchor
from placet.adapters.sqlite.store import SqliteStore
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import ABSENT, Change, Entity, EntityKey, Head, Snapshot
from placet.domain.log.checkpoint import signer_from
from placet.domain.log.compose import Draft, compose
from placet.domain.log.entry import splice
from placet.domain.values.time import format_instant

ORIGIN = "bench.example.com/00112233445566778899aabbccddeeff"
POLICY = EntityKey("policy/current")
_SIGNER = signer_from(Ed25519PrivateKey.from_private_bytes(bytes(32)))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SALT = bytes(range(32))


class Clock:
    """The system's clock."""

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 - a benchmark measures a real clock's use


def keys_of(number: int) -> list[EntityKey]:
    """Return what the reservation of receipt `number` rests on: receipt, operation, run, policy."""
    return [
        EntityKey(f"receipt/{number:08}"),
        EntityKey(f"operation/{number:08}"),
        EntityKey(f"run/{number // 8:08}"),
        POLICY,
    ]


def decide(snapshot: Snapshot, number: int) -> Change:
    """Return the change that reserves receipt `number`, or raise where it stands reserved already."""
    receipt, operation, _, _ = keys_of(number)
    if snapshot.entities[receipt].revision:
        raise ValueError(number)
    writes: dict[EntityKey, Object | None] = {
        receipt: {
            "index": [["receipt_by_run", f"run_{number // 8:08}"], ["receipt_by_state", f"reserved {number:08}"]],
            "payload": "eyJ2IjoxLCJ0eXAiOiJyZWNlaXB0IiwicmVjZWlwdF9pZCI6ImZjLXJlY2VpcHQtMjAyNTExMTMt" * 6,
            "state": "reserved",
            "v": 1,
        },
        operation: {"attempt": 1, "index": [], "receipt": f"fc-receipt-{number:08}", "state": "reserved", "v": 1},
    }
    draft = Draft(
        entry_id=f"evt_20251113120000_{number:08}",
        type="receipt.reserved",
        actor="ci:github:acme/thing",
        subject=f"npm:@acme/thing@1.0.{number}",
        data={
            "checks": [
                {"check": name, "result": "pass"} for name in ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
            ],
            "operation_id": f"run_{number // 8:08}/2/{number % 8}",
            "receipt_id": f"fc-receipt-{number:08}",
        },
        writes=writes,
        once=(f"effect/{number:08}/1",),
    )
    return compose(draft, snapshot, _SALT)


def create(folder: Path) -> SqliteStore:
    """Return a new log."""
    return SqliteStore.create(
        folder / "ledger.sqlite", origin=ORIGIN, signer=_SIGNER, anchor=FileAnchor(folder / "anchor"), clock=Clock()
    )


async def once(store: SqliteStore, number: int) -> None:
    """Make one whole decision through the store."""
    await store.commit(decide(await store.load(keys_of(number)), number))


_PEER_TABLES = """
CREATE TABLE entry (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, content BLOB NOT NULL) STRICT;
CREATE TABLE entity (key TEXT PRIMARY KEY, revision INTEGER NOT NULL, content BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE once (key TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE index_row (
    name TEXT NOT NULL, value TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (name, value, key)
) STRICT, WITHOUT ROWID;
"""


def peer_create(path: Path) -> None:
    """Make the peer's tables and its first event."""
    connection = peer_connect(path)
    connection.executescript(_PEER_TABLES)
    connection.execute("INSERT INTO entry VALUES (0, ?, ?)", (hashlib.sha256(b"genesis").digest(), b"genesis"))
    connection.close()


def peer_connect(path: Path) -> sqlite3.Connection:
    """Return a thread's own connection."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=120)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def peer_once(connection: sqlite3.Connection, number: int) -> None:
    """Make one whole decision in a transaction of its own."""
    connection.execute("BEGIN IMMEDIATE")
    seq, previous = connection.execute("SELECT seq + 1, hash FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
    keys = keys_of(number)
    rows = connection.execute("SELECT key, revision, content FROM entity WHERE key IN (?, ?, ?, ?)", keys).fetchall()
    entities = dict.fromkeys(keys, ABSENT) | {key: Entity(revision=revision, content=c) for key, revision, c in rows}
    change = decide(Snapshot(head=Head(size=seq, time=_EPOCH, epoch=ORIGIN), entities=entities), number)
    now = format_instant(datetime.fromtimestamp(time.time(), UTC))  # noqa: TID251 - a benchmark measures a real clock's use
    content = splice(change.body, prev=previous, seq=seq, time=now)
    connection.execute("INSERT INTO entry VALUES (?, ?, ?)", (seq, hashlib.sha256(content).digest(), content))
    for key, entity in change.writes.items():
        connection.execute("INSERT OR REPLACE INTO entity VALUES (?, ?, ?)", (key, seq, entity))
    for used in change.once:
        connection.execute("INSERT INTO once VALUES (?, ?)", (used, seq))
    for row in change.index_in:
        connection.execute("INSERT INTO index_row VALUES (?, ?, ?)", row)
    connection.execute("COMMIT")
