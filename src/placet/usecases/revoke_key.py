"""Revoke an API key: from then on nobody asks with it, and what was asked with it goes no further (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.denials import record_denial
from placet.core.entities.credentials import Credential, credential_key, read_credential
from placet.core.entities.governance import POLICY_IN_FORCE, principal_key, stored_principal
from placet.core.entities.stored import entity_of, required
from placet.core.judgement import policy_in_force
from placet.domain.log.change import Snapshot
from placet.errors import DeniedError


async def revoke_key(context: Context, key_id: str, *, actor: str) -> Credential:
    """Revoke a key, in one change, without anybody's approval: taking a right away is quick.

    Whose key it is may, who owns that principal, and whoever the policy lets freeze. Repeating it
    is harmless. Raise `NotFoundError`, and `DeniedError` (`NO_RULE`, recorded) for anybody else.
    """
    key = credential_key(key_id)
    standing = read_credential(required(await context.store.load([key]), key, f"key {key_id[:40]}"))
    holder = principal_key(standing.principal_id)

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        found = read_credential(required(snapshot, key, "key"))
        _check_may_revoke(snapshot, found, actor, now)
        return Decision(
            type="key.revoked",
            actor=actor,
            subject=key_id,
            data={"key_id": key_id},
            writes={key: found.revoked(now).to_object()},
        )

    try:
        if standing.revoked_at is None:
            await decide(context, lambda _: {key, holder, POLICY_IN_FORCE, principal_key(actor)}, decision)
    except DeniedError as error:
        await record_denial(context, error, actor=actor, run_id="", operation_id="")
        raise
    return read_credential(required(await context.store.load([key]), key, "key"))


def _check_may_revoke(snapshot: Snapshot, credential: Credential, actor: str, now: datetime) -> None:
    entity = entity_of(snapshot, principal_key(actor))
    if entity is None or not stored_principal(entity).active_at(now):
        raise DeniedError("NO_RULE", f"{actor} is not enrolled, or disabled")
    holder = entity_of(snapshot, principal_key(credential.principal_id))
    owner = stored_principal(holder).on_behalf_of if holder else ""
    policy = policy_in_force(snapshot)
    if actor not in (credential.principal_id, owner) and not (policy and policy.may_freeze(actor)):
        raise DeniedError(
            "NO_RULE", f"{actor} may not revoke a key of {credential.principal_id}: its holder, owner or approvers may"
        )
