"""Numbers in a row for certificate names: never used twice, gaps allowed (contract 2)."""

from __future__ import annotations

from placet.core.entities.stored import entity_of, record_of, with_index
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey, Snapshot


def sequence_key(name: str) -> EntityKey:
    """Return the key of the sequence `name`."""
    return EntityKey(f"sequence/{name}")


def next_number(snapshot: Snapshot, key: EntityKey) -> tuple[int, Object]:
    """Return the sequence's next number, from 1, and the entity that takes it."""
    entity = entity_of(snapshot, key)
    taken = 0
    if entity is not None:
        record = record_of(entity, "sequence")
        taken = record.integer("taken")
        record.end()
    return taken + 1, with_index({"taken": taken + 1}, [])
