"""What all entities share: canonical bytes with a salt, and the index rows they stand under."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar, cast

from placet.domain.encoding.canonical import PLAN_LIMIT_BYTES, Object, Value, decode, encode
from placet.domain.encoding.record import Record
from placet.domain.log.change import ABSENT, Entity, EntityKey, Snapshot
from placet.errors import NotFoundError

T = TypeVar("T")
_REMEMBERED = 256
_LONGEST_REMEMBERED_BYTES = 16 * 1024
"""What is longer, a plan of very many operations, is read anew: whoever may ask for plans fills no memory with them."""
ENTITY_LIMIT_BYTES = 2 * PLAN_LIMIT_BYTES
_NO_SALT = "0" * 32
"""Stands where the store puts salt, in entities that it does not hold."""
CORRUPT = "LEDGER_CORRUPT"
_WHERE_TO_LOOK = {
    "certificate": "see what there is: placet certificate list",
    "key": "see what there is: placet key list",
    "plan": "see how far the run is: placet run show RUN",
    "policy": "put one in force: placet policy activate FILE",
    "principal": "see who is enrolled: placet principal list",
    "provider": "see what there is: placet provider list",
    "receipt": "the run that it belongs to names it: placet run show RUN",
    "run": "see what there is: placet run list",
    "session": "see what there is: placet session list",
}
"""By what is missing; for anything else the command line has a default."""


def record_of(entity: Entity, what: str) -> Record:
    """Return the members of a stored entity, without its salt and index.

    Raise `InvalidInputError` (`LEDGER_CORRUPT`) where the bytes are not what we write.
    """
    record = Record(decode(entity.content, limit=ENTITY_LIMIT_BYTES), what=what, code=CORRUPT)
    record.text("salt", r"[0-9a-f]{32}")
    record.array("index")
    return record


def entity_of(snapshot: Snapshot, key: EntityKey) -> Entity | None:
    """Return the entity under `key`, or None where it is absent."""
    entity = snapshot.entities.get(key, ABSENT)
    return entity if entity.content else None


class _Unwritten(Entity, frozen=True, kw_only=True):
    """An entity that the change in hand is going to write: what it will hold is known, its bytes are not yet."""

    content: bytes = b"{}"
    reader: object
    value: object


class Remembered(Generic[T]):
    """A reader of entities that remembers what it read last: bytes never mean anything else.

    For entities that most decisions rest on, and whose values nobody can change.
    """

    def __init__(self, read: Callable[[Entity], T]) -> None:
        """Remember what `read` returns."""
        self._read = read
        self._known: OrderedDict[bytes, T] = OrderedDict()
        functools.update_wrapper(self, read)

    def __call__(self, entity: Entity) -> T:
        """Return what `entity` holds; raise as the reader does."""
        known = self._known.get(entity.content)
        if known is not None:
            return known
        if isinstance(entity, _Unwritten) and entity.reader is self:
            return cast("T", entity.value)
        return self._learn(entity, self._read(entity))

    def anew(self, entity: Entity) -> T:
        """Return what `entity` holds, read whether it is remembered or not: that it was read lately shows nowhere."""
        return self._read(entity)

    def unwritten(self, value: T) -> Entity:
        """Return the entity that the change in hand will write for `value`, which this reader alone takes for it."""
        return _Unwritten(revision=0, reader=self, value=value)

    def _learn(self, entity: Entity, value: T) -> T:
        if len(entity.content) <= _LONGEST_REMEMBERED_BYTES:
            self._known[entity.content] = value
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return value


def remembered(read: Callable[[Entity], T]) -> Remembered[T]:
    """Return `read`, which remembers what it read last."""
    return Remembered(read)


def required(snapshot: Snapshot, key: EntityKey, what: str) -> Entity:
    """Return the entity under `key`, or raise `NotFoundError` (`NOT_FOUND`)."""
    entity = entity_of(snapshot, key)
    if entity is None:
        raise missing(what)
    return entity


def missing(what: str) -> NotFoundError:
    """Return that there is no such thing, as it is said of what is hidden from who asks, too."""
    hint = _WHERE_TO_LOOK.get(what.partition(" ")[0], "")
    return NotFoundError("NOT_FOUND", f"there is no {what} here", hint=hint)


def unstored(members: Object) -> Entity:
    """Return the entity of these members as the store would hold it, which nobody stores, or not yet."""
    return Entity(revision=0, content=encode({**members, "salt": _NO_SALT}, limit=ENTITY_LIMIT_BYTES))


def with_index(members: Object, rows: list[tuple[str, str]]) -> Object:
    """Return the object of an entity that is found under `rows` of (index, value)."""
    pairs: list[Value] = [[index, value] for index, value in sorted(rows)]
    return {**members, "index": pairs}
