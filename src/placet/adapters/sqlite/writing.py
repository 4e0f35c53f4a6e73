"""Writing a group inside one transaction: decide, then write every table as a set (protocol 7)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from placet.adapters.sequencer.groups import Verdict
from placet.adapters.sqlite.reading import read_facts, to_ms
from placet.domain.log import merkle
from placet.domain.log.change import ABSENT, Change, Committed, Entity, EntityKey
from placet.domain.log.sequence import Effects, Facts, LogHead, Placed, Refused, effects, sequence
from placet.ports.store import ConflictError, OutcomeUnknownError

_ENTRY = "INSERT INTO entry (seq, nodes, content) VALUES (?, ?, ?)"
_CHECKPOINT = "INSERT INTO checkpoint (size, root) VALUES (?, ?)"
_ENTITY = "INSERT OR REPLACE INTO entity (key, revision, content) VALUES (?, ?, ?)"
_NO_ENTITY = "DELETE FROM entity WHERE key = ?"
_ONCE = "INSERT INTO once (key, seq) VALUES (?, ?)"
_INDEX = "INSERT OR IGNORE INTO index_row (name, value, key) VALUES (?, ?, ?)"
_NO_INDEX = "DELETE FROM index_row WHERE name = ? AND value = ? AND key = ?"
_COUNTER = "INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)"
_DETACHED = "INSERT OR IGNORE INTO detached (digest, content) VALUES (?, ?)"
_ERASABLE = "INSERT OR IGNORE INTO erasable (digest, content) VALUES (?, ?)"
_FIRST_HEAD = "INSERT INTO head (only, size, time_ms, epoch, leaf, frontier) VALUES (1, ?, ?, ?, ?, ?)"
_HEAD = "UPDATE head SET size = ?, time_ms = ?, leaf = ?, frontier = ? WHERE size = ? AND epoch = ?"


class Written(Struct, frozen=True):
    """A group that is written onto a head and not yet committed: the new head, and the entities as they are then."""

    verdicts: Sequence[Placed | Refused]
    onto: LogHead
    head: LogHead
    entities: Mapping[EntityKey, Entity]

    @property
    def is_empty(self) -> bool:
        """Tell whether every change conflicted."""
        return not any(isinstance(verdict, Placed) for verdict in self.verdicts)

    def answers(self, note: str) -> list[Verdict]:
        """Return what each caller is told once the group is committed, signed and anchored."""
        return [_answer(verdict, self.head, note) for verdict in self.verdicts]


def write_group(connection: sqlite3.Connection, group: Sequence[Change], head: LogHead, now: datetime) -> Written:
    """Decide `group` onto `head` and write what survives, inside the caller's transaction."""
    facts = read_facts(connection, group)
    verdicts, moved = sequence(group, facts, head, now)
    placed = [verdict for verdict in verdicts if isinstance(verdict, Placed)]
    net = effects(placed)
    if placed:
        _write_entries(connection, placed, moved)
        _write_state(connection, net, facts)
        _move_head(connection, head, moved)
    entities = {
        key: Entity(revision=seq, content=content) if content else ABSENT
        for key, (seq, content) in net.entities.items()
    }
    return Written(verdicts, head, moved, entities)


def write_first(connection: sqlite3.Connection, content: bytes, nodes: bytes, head: LogHead) -> None:
    """Write entry 0 and the first head row."""
    connection.execute(_ENTRY, (0, nodes, content))
    connection.execute(_CHECKPOINT, (head.size, head.root))
    frontier = b"".join(head.frontier)
    connection.execute(_FIRST_HEAD, (head.size, to_ms(head.time), head.epoch, head.leaf, frontier))


def _write_entries(connection: sqlite3.Connection, placed: Sequence[Placed], moved: LogHead) -> None:
    connection.executemany(_ENTRY, [(one.seq, one.nodes, one.content) for one in placed])
    connection.executemany(_ONCE, [(once, one.seq) for one in placed for once in one.change.once])
    connection.execute(_CHECKPOINT, (moved.size, moved.root))


def _write_state(connection: sqlite3.Connection, net: Effects, facts: Facts) -> None:
    rows = [(key, revision, content) for key, (revision, content) in net.entities.items()]
    connection.executemany(_ENTITY, [row for row in rows if row[2]])
    _many(connection, _NO_ENTITY, [(row[0],) for row in rows if not row[2]])
    _many(connection, _NO_INDEX, [row for row, stays in net.index.items() if not stays])
    _many(connection, _INDEX, [row for row, stays in net.index.items() if stays])
    _many(connection, _COUNTER, list(facts.counters.items()))
    _many(connection, _DETACHED, list(net.detached.items()))
    _many(connection, _ERASABLE, list(net.erasable.items()))


def _many(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[str | int | bytes, ...]]) -> None:
    if rows:
        connection.executemany(statement, rows)


def _move_head(connection: sqlite3.Connection, head: LogHead, moved: LogHead) -> None:
    frontier = b"".join(moved.frontier)
    parameters = (moved.size, to_ms(moved.time), moved.leaf, frontier, head.size, head.epoch)
    if connection.execute(_HEAD, parameters).rowcount != 1:
        raise OutcomeUnknownError("AUDIT_UNAVAILABLE", "the head of the ledger moved under its lock")


def _answer(verdict: Placed | Refused, head: LogHead, note: str) -> Verdict:
    if isinstance(verdict, Refused):
        return ConflictError(verdict.reason, verdict.name, first_use=verdict.first_use)
    leaf = verdict.nodes[: merkle.HASH_BYTES]
    return Committed(seq=verdict.seq, time=head.time, leaf_hash=leaf, checkpoint=note)
