"""The freezes that are open: one entity, which every change of one of them writes (protocol 7, premises)."""

from __future__ import annotations

from collections.abc import Iterable

from placet.core.entities.stored import CORRUPT, entity_of, record_of, with_index
from placet.domain.authorization.freeze import Freeze, read_freeze
from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.record import Record
from placet.domain.log.change import EntityKey, Snapshot
from placet.errors import DeniedError

FREEZES = EntityKey("freezes/open")
MOST_OPEN = 64


def open_freezes(snapshot: Snapshot) -> tuple[Freeze, ...]:
    """Return the freezes that were set and not lifted, oldest first, also those that begin later.

    `FREEZES` must be loaded; absent, nothing was ever frozen.
    """
    entity = entity_of(snapshot, FREEZES)
    if entity is None:
        return ()
    record = record_of(entity, "open freezes")
    freezes = record.list_of("freezes", _read)
    record.end()
    return freezes


def freezes_object(freezes: Iterable[Freeze]) -> Object:
    """Return the entity of these open freezes; raise `DeniedError` (`FROZEN`) where they are too many."""
    members: list[Value] = [freeze.to_object() for freeze in freezes]
    if len(members) > MOST_OPEN:
        raise DeniedError("FROZEN", f"{MOST_OPEN} freezes are open: more cannot be kept", hint="lift some first")
    return with_index({"freezes": members}, [])


def _read(value: Value) -> Freeze:
    return read_freeze(Record(value, what="open freeze", code=CORRUPT))
