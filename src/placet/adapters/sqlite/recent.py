"""What was read of late, for as long as nobody wrote over it: most decisions rest on the same few entities."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping

from placet.adapters.sqlite import reading
from placet.adapters.sqlite.reading import Place
from placet.adapters.sqlite.writing import Written
from placet.domain.log.change import Entity, EntityKey, Snapshot

MOST_BYTES = 8 * 1024 * 1024
_MOST = 8192


class Recent:
    """Entities as they are at one place of the log, which every load compares with the head.

    Entities change only by entries, and every entry moves the head: what was read at the head that
    is there still, is there still. Whatever this process itself commits moves both.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Know nothing; keep entities of at most `most_bytes` altogether."""
        self._most_bytes = most_bytes
        self._at: Place | None = None
        self._entities: dict[EntityKey, Entity] = {}
        self._bytes = 0

    def load(self, connection: sqlite3.Connection, keys: Collection[EntityKey]) -> Snapshot:
        """Return the entities under `keys` and the head, all of one moment; only what is not known is read."""
        missing = [key for key in keys if key not in self._entities]
        at, loaded = reading.load(connection, missing)
        if at != self._at and len(missing) < len(keys):
            at, loaded = reading.load(connection, keys)
        self._move(at)
        entities = {key: self._entities.get(key) or loaded.entities[key] for key in keys}
        self._keep(loaded.entities)
        return Snapshot(head=loaded.head, entities=entities)

    def wrote(self, written: Written) -> None:
        """Take over what this process committed."""
        if self._at == (written.onto.size, written.onto.leaf):
            self._at = (written.head.size, written.head.leaf)
            self._keep(written.entities)

    def _move(self, at: Place) -> None:
        if at != self._at:
            self._forget()
            self._at = at

    def _keep(self, entities: Mapping[EntityKey, Entity]) -> None:
        self._entities.update(entities)
        self._bytes += sum(len(entity.content) for entity in entities.values())
        if self._bytes > self._most_bytes or len(self._entities) > _MOST:
            self._forget()

    def _forget(self) -> None:
        self._entities.clear()
        self._bytes = 0
