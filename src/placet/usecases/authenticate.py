"""Tell who shows an API key (contract 1)."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from placet.core.caller import Caller
from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.entities.credentials import LastUse, credential_key, last_use_key, read_credential, read_last_use
from placet.core.entities.governance import principal_key, stored_principal
from placet.core.entities.stored import entity_of
from placet.domain.authorization.api_key import parse_api_key
from placet.domain.log.change import Snapshot
from placet.domain.values.time import cut_to_milliseconds

_USE_TOLD_EVERY = timedelta(hours=1)


async def authenticate(context: Context, shown: str) -> Caller | None:
    """Return who shows the API key `shown`, None where it is unknown, revoked or out of time, or its principal is.

    Digests are compared in constant time. That it was used is noted, to the hour.
    """
    key = parse_api_key(shown)
    if key is None:
        return None
    credential_id = f"key_{key.key_id}"
    used = last_use_key(credential_id)
    snapshot = await context.store.load([credential_key(credential_id), used])
    entity = entity_of(snapshot, credential_key(credential_id))
    if entity is None:
        return None
    credential = read_credential(entity)
    now = cut_to_milliseconds(context.clock.now())
    if not hmac.compare_digest(credential.digest, key.digest) or not credential.good_at(now):
        return None
    if not await _active(context, credential.principal_id, now):
        return None
    before = entity_of(snapshot, used)
    if before is None or read_last_use(before).used_at + _USE_TOLD_EVERY <= now:
        await _note_use(context, credential_id)
    return Caller(principal_id=credential.principal_id, credential_id=credential_id, scopes=credential.scopes)


async def _active(context: Context, principal_id: str, now: datetime) -> bool:
    key = principal_key(principal_id)
    entity = entity_of(await context.store.load([key]), key)
    return entity is not None and stored_principal(entity).active_at(now)


async def _note_use(context: Context, credential_id: str) -> None:
    key = last_use_key(credential_id)

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        before = entity_of(snapshot, key)
        seen = max(now, read_last_use(before).used_at) if before else now
        return Decision(
            type="key.used",
            actor="core:credentials",
            subject=credential_id,
            data={"key_id": credential_id},
            writes={key: LastUse(credential_id=credential_id, used_at=seen).to_object()},
        )

    await decide(context, lambda _: (key,), decision)
