"""Tell who shows an API key or a session's token (contract 1, protocol 6)."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from datetime import datetime, timedelta

from placet.core.caller import Caller
from placet.core.context import Context
from placet.core.credentials import credential_premises, good_for
from placet.core.decide import Decision, decide, load
from placet.core.entities.credentials import (
    Credential,
    LastUse,
    credential_key,
    last_use_key,
    read_credential,
    read_last_use,
)
from placet.core.entities.governance import principal_key, stored_principal
from placet.core.entities.stored import entity_of
from placet.domain.authorization.shown_token import ShownToken, parse_token
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.time import cut_to_milliseconds

_USE_TOLD_EVERY = timedelta(hours=1)
_HOLDERS = 1024


class Holders:
    """Whose the credentials are that were shown of late, so that both are loaded at once; nothing is believed of it."""

    def __init__(self) -> None:
        """Know of none."""
        self._principals: OrderedDict[str, str] = OrderedDict()

    def premises(self, token: ShownToken) -> set[EntityKey]:
        """Return the principal that holds the credential, as far as it is known."""
        holder = self._principals.get(token.credential_id)
        return {principal_key(holder)} if holder else set()

    def saw(self, credential: Credential) -> None:
        """Remember whose a credential is, which never changes."""
        self._principals[credential.credential_id] = credential.principal_id
        if len(self._principals) > _HOLDERS:
            self._principals.popitem(last=False)


async def authenticate(context: Context, shown: str, holders: Holders) -> Caller | None:
    """Return who shows the token `shown`, None where it is unknown, revoked or over, or its principal is.

    Digests are compared in constant time. That it was used is noted, to the hour.
    """
    token = parse_token(shown)
    if token is None:
        return None
    snapshot = await load(context, lambda loaded: _premises(token, loaded) | holders.premises(token))
    entity = entity_of(snapshot, credential_key(token.credential_id))
    if entity is None:
        return None
    credential = read_credential(entity)
    if not hmac.compare_digest(credential.digest, token.digest):
        return None
    now = cut_to_milliseconds(context.clock.now())
    principal = entity_of(snapshot, principal_key(credential.principal_id))
    if principal is None or not good_for(snapshot, credential, stored_principal(principal), now):
        return None
    before = entity_of(snapshot, last_use_key(token.credential_id))
    if before is None or read_last_use(before).used_at + _USE_TOLD_EVERY <= now:
        await _note_use(context, token)
    holders.saw(credential)
    return Caller(
        principal_id=credential.principal_id, credential_id=credential.credential_id, scopes=credential.scopes
    )


def _premises(token: ShownToken, snapshot: Snapshot | None) -> set[EntityKey]:
    return credential_premises(snapshot, token.credential_id) | {last_use_key(token.credential_id)}


async def _note_use(context: Context, token: ShownToken) -> None:
    key = last_use_key(token.credential_id)

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        before = entity_of(snapshot, key)
        seen = max(now, read_last_use(before).used_at) if before else now
        return Decision(
            type=f"{token.kind.value}.used",
            actor="core:credentials",
            subject=token.credential_id,
            data={f"{token.kind.value}_id": token.credential_id},
            writes={key: LastUse(credential_id=token.credential_id, used_at=seen).to_object()},
        )

    await decide(context, lambda _: (key,), decision)
