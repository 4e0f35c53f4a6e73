"""The freezes that are open: one entity, which every change of one of them writes (protocol 7, premises)."""

from __future__ import annotations

from collections.abc import Iterable

from placet.core.entities.stored import CORRUPT, entity_of, record_of, remembered, with_index
from placet.domain.authorization.freeze import EVERYTHING, Freeze, read_freeze
from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.record import Record
from placet.domain.log.change import Entity, EntityKey, Snapshot
from placet.errors import DeniedError

FREEZES = EntityKey("freezes/open")
MOST_OPEN = 64
MOST_OPEN_EACH = 8


def open_freezes(snapshot: Snapshot) -> tuple[Freeze, ...]:
    """Return the freezes that were set and not lifted, oldest first, also those that begin later.

    `FREEZES` must be loaded; absent, nothing was ever frozen.
    """
    entity = entity_of(snapshot, FREEZES)
    if entity is None:
        return ()
    return _read_open(entity)


@remembered
def _read_open(entity: Entity) -> tuple[Freeze, ...]:
    record = record_of(entity, "open freezes")
    freezes = record.list_of("freezes", _read)
    record.end()
    return freezes


def freezes_object(freezes: Iterable[Freeze]) -> Object:
    """Return the entity of these open freezes."""
    members: list[Value] = [freeze.to_object() for freeze in freezes]
    return with_index({"freezes": members}, [])


def with_freeze(freezes: Iterable[Freeze], fresh: Freeze) -> Object:
    """Return the entity of the open freezes and a `fresh` one.

    Freezes of everything, those that reviews prevent, and all others are counted apart, so that
    none keeps the others out. Raise `DeniedError` (`FROZEN`) where `fresh` is one too many of its
    sort: in all, or of those that its setter has open.
    """
    kept = tuple(freezes)
    alike = [each for each in kept if _sort(each) == _sort(fresh)]
    if len(alike) >= MOST_OPEN:
        raise DeniedError("FROZEN", f"{MOST_OPEN} freezes are open: more cannot be kept", hint="lift some first")
    if not fresh.run_id and sum(each.set_by == fresh.set_by for each in alike) >= MOST_OPEN_EACH:
        sentence = f"{MOST_OPEN_EACH} freezes of {fresh.set_by} are open: one person keeps no more"
        raise DeniedError("FROZEN", sentence, hint="lift some first")
    return freezes_object([*kept, fresh])


def _sort(freeze: Freeze) -> tuple[bool, bool]:
    return bool(freeze.run_id), freeze.subjects == EVERYTHING


def _read(value: Value) -> Freeze:
    return read_freeze(Record(value, what="open freeze", code=CORRUPT))
