"""Add keys to an enrolled principal, take keys from it, or change what it signs in with (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from placet.core.acts.act import Act, Deed, Performance
from placet.core.acts.change_role import changed_principal
from placet.core.acts.identity import IDENTITY, changed_identity, identity_premises
from placet.core.entities.governance import principal_key, stored_principal
from placet.core.entities.stored import required
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.principal import PrincipalKey
from placet.domain.encoding.ssh_public_key import parse_public_key
from placet.domain.log.change import EntityKey
from placet.errors import InvalidInputError


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    return {principal_key(operation.subject.name)} | identity_premises(operation)


def _perform(performance: Performance) -> Deed:
    """Add and revoke keys; what a revoked key signed stops counting, and it never comes back.

    Likewise of an identity that is replaced or taken away: its sessions end, and what was approved
    in them stops counting. A key or identity is enrolled once, ever. Raise `NotFoundError` where
    nobody of that id is enrolled, and `InvalidInputError` (`PRINCIPAL_INVALID`) where nothing would
    change, a key to add is or was its own, or a key to take away is none of its good ones.
    """
    key = principal_key(performance.operation.subject.name)
    principal = stored_principal(required(performance.snapshot, key, f"principal {performance.operation.subject.name}"))
    added = [parse_public_key(line) for line in performance.texts("add")]
    removed = performance.texts("remove")
    if not added and not removed and IDENTITY not in performance.operation.params:
        raise InvalidInputError("PRINCIPAL_INVALID", "no key to add and none to take away: nothing would change")
    for public_key in added:
        principal = principal.with_key(PrincipalKey(public_key=public_key, enrolled_at=performance.now))
    for key_id in removed:
        held = principal.key(key_id)
        if held is None or held.revoked_at is not None:
            raise InvalidInputError("PRINCIPAL_INVALID", f"{principal.principal_id} has no key {key_id[:60]!a}")
        principal = principal.with_key_revoked(key_id, performance.now)
    identified = changed_identity(performance, principal)
    once = (*(f"approver_key/{each.key_id}" for each in added), *identified.once)
    return changed_principal(performance, identified.principal, once=once, writes=identified.writes)


ACT = Act(premises=_premises, perform=_perform)
