"""Reading the tables: each question is one statement, and so of one moment."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from placet.domain.log import merkle
from placet.domain.log.change import ABSENT, Change, Entity, EntityKey, Head, IndexRow, Snapshot
from placet.domain.log.sequence import Facts, LogHead

Place = tuple[int, bytes]
"""How many entries there are and the newest one's leaf hash, which no other log has there."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST_PADDED = 64

_NO_HEAD = "the ledger has no head, or none that makes sense"
_HEAD = "SELECT size, time_ms, epoch, leaf, frontier FROM head"
_LOAD = (
    "SELECT head.size, head.time_ms, head.epoch, head.leaf, entity.key, entity.revision, entity.content "
    "FROM head LEFT JOIN entity ON entity.key IN ({})"
)
_NO_ENTITIES = "SELECT size, time_ms, epoch, leaf, NULL, NULL, NULL FROM head"
_REVISIONS = "SELECT key, revision FROM entity WHERE key IN ({})"
_ONCE = "SELECT key, seq FROM once WHERE key IN ({})"
_COUNTERS = "SELECT name, value FROM counter WHERE name IN ({})"
_NODES = "SELECT seq, nodes FROM entry WHERE seq IN ({})"
_FIND = (
    "SELECT value, key FROM index_row WHERE name = :name AND value >= :value AND value < :beyond "
    "AND (value, key) > (:after_value, :after_key) ORDER BY value, key LIMIT :limit OFFSET :skip"
)
_COUNT = "SELECT count(*) FROM index_row WHERE name = ? AND value >= ? AND value < ?"
_BEYOND = "\x7f"
"""Values are printable ASCII, which ends before it."""


def read_head(connection: sqlite3.Connection) -> LogHead:
    """Return the head row; raise `sqlite3.DataError` where there is none."""
    row = connection.execute(_HEAD).fetchone()
    if row is None:
        raise sqlite3.DataError(_NO_HEAD)
    size, time_ms, epoch, leaf, frontier = row
    hashes = tuple(frontier[at : at + merkle.HASH_BYTES] for at in range(0, len(frontier), merkle.HASH_BYTES))
    return LogHead(size=size, time=from_ms(time_ms), epoch=epoch, leaf=leaf, frontier=hashes)


def load(connection: sqlite3.Connection, keys: Collection[EntityKey]) -> tuple[Place, Snapshot]:
    """Return the entities under `keys` and the head, all of one moment, and its place in the log.

    Stored keys are printable ASCII: nothing stands under another, and SQLite cannot be asked for it.
    """
    wanted = [key for key in keys if key.isascii()]
    rows = _listed(connection, _LOAD, wanted) if wanted else connection.execute(_NO_ENTITIES).fetchall()
    if not rows:
        raise sqlite3.DataError(_NO_HEAD)
    entities = dict.fromkeys(keys, ABSENT)
    size, time_ms, epoch, leaf = rows[0][:4]
    for *_, key, revision, content in rows:
        if key is not None:
            entities[key] = Entity(revision=revision, content=content)
    head = Head(size=size, time=from_ms(time_ms), epoch=epoch)
    return (size, leaf), Snapshot(head=head, entities=entities)


def read_facts(connection: sqlite3.Connection, group: Sequence[Change]) -> Facts:
    """Return everything that the premises of `group` are about."""
    keys = {key for change in group for key in change.premises}
    once = {key for change in group for key in change.once}
    counters = {name for change in group for name in change.counters}
    return Facts(
        revisions=dict(_listed(connection, _REVISIONS, list(keys))) if keys else {},
        once=dict(_listed(connection, _ONCE, list(once))) if once else {},
        counters=dict(_listed(connection, _COUNTERS, list(counters))) if counters else {},
    )


def read_nodes(connection: sqlite3.Connection, nodes: Sequence[merkle.Node]) -> list[bytes]:
    """Return the hashes of `nodes` (a `merkle.NodeReader`), empty ones where a row is missing."""
    rows = dict(_listed(connection, _NODES, [node.written_by for node in nodes]))
    size = merkle.HASH_BYTES
    return [rows.get(node.written_by, b"")[size * node.level :][:size] for node in nodes]


def find(
    connection: sqlite3.Connection, index: str, value: str, after: IndexRow | None, page: tuple[int, int]
) -> list[IndexRow]:
    """Return index rows whose value starts with `value`, by value and key, after the row `after`.

    `page` says how many are skipped, and how many there may be.
    """
    skip, limit = page
    if not (index.isascii() and value.isascii()):
        return []
    rows = connection.execute(
        _FIND,
        {
            "name": index,
            "value": value,
            "beyond": value + _BEYOND,
            "after_value": after.value if after else "",
            "after_key": after.key if after else "",
            "limit": limit,
            "skip": skip,
        },
    )
    return [IndexRow(name=index, value=found, key=EntityKey(key)) for found, key in rows.fetchall()]


def count(connection: sqlite3.Connection, index: str, value: str, least: str, below: str) -> int:
    """Return how many index rows have a value that starts with `value`, from `least` on and below `below`."""
    if not (index + value + least + below).isascii():
        return 0
    end = min(value + _BEYOND, below or value + _BEYOND)
    row = connection.execute(_COUNT, (index, max(value, least), end)).fetchone()
    return int(row[0])


def one_value(connection: sqlite3.Connection, statement: str, key: str | int) -> bytes | int | None:
    """Return the first column of the one row that `statement` finds by `key`, or None."""
    if isinstance(key, str) and not key.isascii():
        return None
    row = connection.execute(statement, (key,)).fetchone()
    return row[0] if row else None


def from_ms(milliseconds: int) -> datetime:
    """Return the instant so many milliseconds after 1970, without rounding; raise `sqlite3.DataError` beyond 9999."""
    try:
        return _EPOCH + milliseconds * _MILLISECOND
    except OverflowError as error:
        raise sqlite3.DataError(_NO_HEAD) from error


def to_ms(instant: datetime) -> int:
    """Return the milliseconds since 1970 of an instant cut to milliseconds."""
    return (instant - _EPOCH) // _MILLISECOND


def _listed(connection: sqlite3.Connection, statement: str, wanted: Sequence[str | int]) -> list[Any]:
    """Run `statement` with a list in its one place.

    Lists are padded to powers of two, so that few statements are prepared and all stay cached; a
    long list goes as one JSON value.
    """
    if len(wanted) > _LONGEST_PADDED:
        return connection.execute(_with_list(statement, 0), (json.dumps(wanted),)).fetchall()
    room = 1 << (len(wanted) - 1).bit_length() if wanted else 1
    return connection.execute(_with_list(statement, room), (*wanted, *[None] * (room - len(wanted)))).fetchall()


@cache
def _with_list(statement: str, room: int) -> str:
    return statement.format(", ".join("?" * room) or "SELECT value FROM json_each(?)")
