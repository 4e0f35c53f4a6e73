"""Check an object store: try it out, and record whether it keeps what create-only rests on (ADR 17)."""

from __future__ import annotations

from datetime import datetime

from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.entities.governance import principal_key, provider_key, stored_principal, stored_provider
from placet.core.entities.storage import (
    CHECKED_KIND,
    StorageCheck,
    promise_object,
    read_storage_check,
    storage_check_key,
)
from placet.core.entities.stored import entity_of, required
from placet.domain.encoding.canonical import Value
from placet.domain.log.change import Entity, Snapshot
from placet.errors import DeniedError, EffectError, InvalidInputError
from placet.ports.object_store import StorageProbe

STORAGE_CHECKED = "storage.checked"
_TOKEN_BYTES = 16


async def check_storage(context: Context, probe: StorageProbe, provider_id: str, *, actor: str) -> StorageCheck:
    """Try the store of a provider out as its record stands, and record the result, whatever it is.

    Raise `NotFoundError` for an unknown provider, `InvalidInputError` (`STORE_UNKNOWN`) for one
    that is no object store, `DeniedError` (`APPROVER_INELIGIBLE`) where `actor` is not an active
    principal, `EffectError` (`STORE_CHANGED`) where the record was replaced meanwhile, and as the probe.
    """
    record_key, check_key, actor_key = provider_key(provider_id), storage_check_key(provider_id), principal_key(actor)
    snapshot = await context.store.load([record_key, actor_key])
    record = required(snapshot, record_key, f"provider {provider_id[:60]}")
    provider = stored_provider(record)
    if provider.kind != CHECKED_KIND:
        raise InvalidInputError(
            "STORE_UNKNOWN",
            f"{provider_id} is of kind {provider.kind}: only object stores are checked",
            hint="see `placet provider list`",
        )
    _check_may_ask(entity_of(snapshot, actor_key), actor, context.clock.now())
    promises = await probe.probe(provider, context.randomness.token(_TOKEN_BYTES).hex())

    def decision(loaded: Snapshot, now: datetime) -> Decision:
        if loaded.entities[record_key].revision != record.revision:
            raise EffectError("STORE_CHANGED", f"the record of {provider_id} was replaced while it was checked")
        check = StorageCheck(
            provider_id=provider_id,
            provider_revision=record.revision,
            url=provider.url,
            checked_at=now,
            promises=promises,
        )
        shown: list[Value] = [promise_object(each) for each in promises]
        return Decision(
            type=STORAGE_CHECKED,
            actor=actor,
            subject=provider_id,
            data={"provider_revision": record.revision, "passed": check.passed, "promises": shown},
            writes={check_key: check.to_object()},
        )

    await decide(context, lambda _: (record_key, check_key, actor_key), decision)
    return read_storage_check(required(await context.store.load([check_key]), check_key, "storage check"))


def _check_may_ask(entity: Entity | None, actor: str, at: datetime) -> None:
    if entity is None or not stored_principal(entity).active_at(at):
        raise DeniedError("APPROVER_INELIGIBLE", f"{actor} is no active principal: it tries nothing out")
