"""Disable or enable a principal, or say whose it is: what a role is beside a policy's groups (protocol 6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec.structs import replace

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.governance import principal_key, principal_object, stored_principal
from placet.core.entities.stored import required
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.principal import Principal, checked
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey
from placet.domain.log.decision_records import PrincipalEnrolled
from placet.domain.log.record_types import EntryType
from placet.errors import InvalidInputError

DISABLED, ENABLED = "disabled", "enabled"


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    return {principal_key(operation.subject.name)}


def _perform(performance: Performance) -> Deed:
    """Record the principal as the parameters say; what it approved stops counting once it is disabled.

    Its sessions end with it: who is enabled again signs in with the same identity, but enrolled anew.
    Raise `NotFoundError` where nobody of that id is enrolled, and `InvalidInputError`
    (`PRINCIPAL_INVALID`) where nothing would change, or what it would be goes not together.
    """
    key = principal_key(performance.operation.subject.name)
    standing = stored_principal(required(performance.snapshot, key, f"principal {performance.operation.subject.name}"))
    owned = checked(replace(standing, on_behalf_of=performance.text("on_behalf_of")))
    changed = replace(owned, disabled_at=_disabled_at(standing, performance))
    if changed.disabled_at and not standing.disabled_at:
        changed = changed.without_identity(performance.now)
    elif standing.disabled_at and not changed.disabled_at:
        changed = _signing_in_again(changed, standing.disabled_at, performance.now)
    if changed == standing:
        raise InvalidInputError("PRINCIPAL_INVALID", f"{standing.principal_id} is so already: nothing would change")
    return changed_principal(performance, changed)


def _disabled_at(standing: Principal, performance: Performance) -> datetime | None:
    state = performance.text("state")
    if state not in (DISABLED, ENABLED):
        raise InvalidInputError("PRINCIPAL_INVALID", f"{state[:40]!a} is no state of a principal")
    return None if state == ENABLED else standing.disabled_at or performance.now


def _signing_in_again(principal: Principal, disabled_at: datetime, now: datetime) -> Principal:
    """Return the principal with the identity that it lost by being disabled, if it lost one."""
    lost = principal.identities[-1:]
    return (
        principal.with_identity(lost[0].identity_id, now) if lost and lost[0].revoked_at == disabled_at else principal
    )


def changed_principal(
    performance: Performance,
    principal: Principal,
    *,
    once: tuple[str, ...] = (),
    writes: Mapping[EntityKey, Object | None] = MappingProxyType({}),
) -> Deed:
    """Return the deed that leaves `principal` as it is given, with what verifiers need to know of it."""
    response: Object = {
        "principal_id": principal.principal_id,
        "state": DISABLED if principal.disabled_at else ENABLED,
        "on_behalf_of": principal.on_behalf_of,
        "key_ids": [key.key_id for key in principal.keys if key.revoked_at is None],
    }
    return Deed(
        type=EntryType.PRINCIPAL_CHANGED,
        data=PrincipalEnrolled(principal=principal.to_object(), receipt=performance.receipt).to_object(),
        writes={principal_key(principal.principal_id): principal_object(principal), **writes},
        once=once,
        response=response,
    )


ACT = Act(premises=_premises, perform=_perform)
