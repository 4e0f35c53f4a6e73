"""All rows of one moment, for an audit (`LogRows`): a connection of its own, in one read transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from placet.adapters.sqlite import reading, schema
from placet.adapters.sqlite.failures import translated
from placet.domain.log.change import Entity, EntityKey, IndexRow
from placet.domain.log.merkle import Node
from placet.domain.log.rows import Counts, EntryRow
from placet.domain.log.sequence import LogHead
from placet.domain.values.digest import Digest

_ENTRIES = "SELECT seq, nodes, content FROM entry WHERE seq >= ? AND seq < ? ORDER BY seq"
_FIRST = "SELECT min(seq) FROM entry"
_LAST = "SELECT max(seq) FROM entry"
_ROOTS = "SELECT size, root FROM checkpoint WHERE size >= ? AND size < ?"
_ENTITIES = "SELECT entity.key, revision, content FROM json_each(?) CROSS JOIN entity ON entity.key = json_each.value"
_ONCE = "SELECT once.key, seq FROM json_each(?) CROSS JOIN once ON once.key = json_each.value"
_DETACHED = "SELECT digest, content FROM json_each(?) CROSS JOIN detached ON detached.digest = json_each.value"
_INDEXED = (
    "SELECT count(*) FROM json_each(?) AS wanted CROSS JOIN index_row "
    "ON index_row.name = json_extract(wanted.value, '$[0]') AND index_row.value = json_extract(wanted.value, '$[1]') "
    "AND index_row.key = json_extract(wanted.value, '$[2]')"
)
_COUNTS = (
    "SELECT (SELECT count(*) FROM entity), (SELECT count(*) FROM once), "
    "(SELECT count(*) FROM index_row), (SELECT count(*) FROM detached)"
)
_ALL_ENTITIES = "SELECT key, revision FROM entity"
_ALL_ONCE = "SELECT key, seq FROM once"
_ALL_INDEX_ROWS = "SELECT name, value, key FROM index_row"
_ALL_DETACHED = "SELECT digest FROM detached"
_ALL_ERASABLE = "SELECT digest, content FROM erasable"


@contextmanager
def open_rows(path: Path) -> Iterator[SqliteRows]:
    """Open the rows of the file at `path`, all of one moment, until the block is left."""
    with translated("verifying"):
        connection = schema.connect_reader(path)
        try:
            connection.execute("BEGIN")
            yield SqliteRows(connection)
        finally:
            connection.close()


class SqliteRows:
    """The rows as they are stored; nothing is believed or corrected."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read over `connection`."""
        self._connection = connection

    def head(self) -> LogHead:
        """Return the head row."""
        return reading.read_head(self._connection)

    def bounds(self) -> tuple[int, int]:
        """Return the least and the greatest sequence number, (0, -1) for none."""
        first = self._connection.execute(_FIRST).fetchone()[0]
        return (0, -1) if first is None else (first, self._connection.execute(_LAST).fetchone()[0])

    def entries(self, start: int, stop: int) -> Sequence[EntryRow]:
        """Return the stored entries from `start` up to `stop`-1."""
        return self._connection.execute(_ENTRIES, (start, stop)).fetchall()

    def nodes(self, nodes: Sequence[Node]) -> Sequence[bytes]:
        """Return stored hashes; empty ones where a row is missing."""
        return reading.read_nodes(self._connection, nodes)

    def roots(self, start: int, stop: int) -> Mapping[int, bytes]:
        """Return the kept roots of the sizes from `start` up to `stop`-1."""
        return dict(self._connection.execute(_ROOTS, (start, stop)).fetchall())

    def entities(self, keys: Collection[EntityKey]) -> Mapping[EntityKey, Entity]:
        """Return the entities that are there."""
        rows = self._connection.execute(_ENTITIES, (json.dumps(list(keys)),))
        return {key: Entity(revision=revision, content=content) for key, revision, content in rows}

    def once(self, keys: Collection[str]) -> Mapping[str, int]:
        """Return the once keys that are there."""
        return dict(self._connection.execute(_ONCE, (json.dumps(list(keys)),)).fetchall())

    def indexed(self, rows: Collection[IndexRow]) -> int:
        """Return how many of the index rows are there."""
        wanted = json.dumps(list(rows))
        return int(self._connection.execute(_INDEXED, (wanted,)).fetchone()[0])

    def detached(self, digests: Collection[Digest]) -> Mapping[Digest, bytes]:
        """Return the detached documents that are there."""
        return dict(self._connection.execute(_DETACHED, (json.dumps(list(digests)),)).fetchall())

    def counts(self) -> Counts:
        """Return the numbers of rows."""
        entities, once, index, detached = self._connection.execute(_COUNTS).fetchone()
        return Counts(entities=entities, once=once, index=index, detached=detached)

    def every_entity(self) -> Iterator[tuple[EntityKey, int]]:
        """Yield key and revision of every entity."""
        yield from self._connection.execute(_ALL_ENTITIES)

    def every_once(self) -> Iterator[tuple[str, int]]:
        """Yield every once key."""
        yield from self._connection.execute(_ALL_ONCE)

    def every_index_row(self) -> Iterator[IndexRow]:
        """Yield every index row."""
        for name, value, key in self._connection.execute(_ALL_INDEX_ROWS):
            yield IndexRow(name=name, value=value, key=key)

    def every_detached(self) -> Iterator[Digest]:
        """Yield the digest of every detached document."""
        for (digest,) in self._connection.execute(_ALL_DETACHED):
            yield digest

    def every_erasable(self) -> Iterator[tuple[Digest, bytes]]:
        """Yield all that is erasable and was not erased."""
        yield from self._connection.execute(_ALL_ERASABLE)
