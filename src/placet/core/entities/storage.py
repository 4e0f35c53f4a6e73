"""What object stores were tried on, and whether their present record passed."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.core.entities.governance import provider_key, stored_provider
from placet.core.entities.stored import CORRUPT, entity_of, record_of, with_index
from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.record import Record
from placet.domain.log.change import Entity, EntityKey
from placet.domain.values.time import format_instant
from placet.ports.effects import Provider
from placet.ports.object_store import Promise
from placet.ports.store import Store

CHECKED_KIND = "s3"
"""The kind of provider that is used only after it passed its check."""
STORE_KINDS = frozenset({"folder", CHECKED_KIND})
"""The kinds of provider that objects are put to."""


class StorageCheck(Struct, frozen=True, kw_only=True):
    """The newest check of one provider, made on the record at `provider_revision`, which named `url`."""

    provider_id: str
    provider_revision: int
    url: str
    checked_at: datetime
    promises: tuple[Promise, ...]

    @property
    def passed(self) -> bool:
        """Whether the store was tried, and kept everything that it was tried on."""
        return bool(self.promises) and all(promise.kept for promise in self.promises)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        promises: list[Value] = [promise_object(each) for each in self.promises]
        members: Object = {
            "provider_id": self.provider_id,
            "provider_revision": self.provider_revision,
            "url": self.url,
            "checked_at": format_instant(self.checked_at),
            "promises": promises,
        }
        return with_index(members, [])


def promise_object(promise: Promise) -> Object:
    """Return one promise as it is stored and shown."""
    return {"promise": promise.name, "kept": promise.kept, "seen": promise.seen}


def storage_check_key(provider_id: str) -> EntityKey:
    """Return the key of a provider's newest check."""
    return EntityKey(f"storage_check/{provider_id}")


def read_storage_check(entity: Entity) -> StorageCheck:
    """Return the check that the entity holds."""
    record = record_of(entity, "storage check")
    check = StorageCheck(
        provider_id=record.text("provider_id"),
        provider_revision=record.integer("provider_revision"),
        url=record.text("url"),
        checked_at=record.instant("checked_at"),
        promises=record.list_of("promises", _read_promise),
    )
    record.end()
    return check


async def passed_check(store: Store, provider: Provider) -> bool:
    """Return whether `provider` is the record that stands now, and its newest check was made on it and passed.

    Record and check are of one moment. A record that was replaced, even by an equal one, has to
    be checked again: what was approved anew is tried anew.
    """
    record_key, check_key = provider_key(provider.provider_id), storage_check_key(provider.provider_id)
    snapshot = await store.load([record_key, check_key])
    record, check = entity_of(snapshot, record_key), entity_of(snapshot, check_key)
    if record is None or check is None or stored_provider(record) != provider:
        return False
    made = read_storage_check(check)
    return made.passed and made.provider_revision == record.revision and made.url == provider.url


def _read_promise(value: Value) -> Promise:
    record = Record(value, what="promise of a store", code=CORRUPT)
    promise = Promise(name=record.text("promise"), kept=record.flag("kept"), seen=record.text("seen"))
    record.end()
    return promise
