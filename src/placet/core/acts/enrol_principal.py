"""Enrol a principal with its keys (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.governance import principal_key, principal_object, stored_principal
from placet.core.entities.stored import entity_of
from placet.core.judgement import BOOTSTRAP_REQUESTER
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.principal import Principal, PrincipalKey, checked
from placet.domain.encoding.ssh_public_key import parse_public_key
from placet.domain.log.change import EntityKey
from placet.domain.log.decision_records import PrincipalEnrolled
from placet.errors import InvalidInputError


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    return {principal_key(operation.subject.name)}


def _perform(performance: Performance) -> Deed:
    """Record the principal.

    One that exists gains the keys it lacks only by the bootstrap key: afterwards a key of somebody
    who may approve already is a governed act of its own, `change_approver_key`. A key is enrolled
    once, ever: with one key for two principals, one person would be two approvers.
    """
    keys = tuple(
        PrincipalKey(public_key=parse_public_key(line), enrolled_at=performance.now)
        for line in performance.texts("public_keys")
    )
    key = principal_key(performance.operation.subject.name)
    standing = entity_of(performance.snapshot, key)
    if standing is None:
        new = keys
        principal = checked(
            Principal(
                principal_id=performance.operation.subject.name,
                on_behalf_of=performance.text("on_behalf_of"),
                keys=keys,
                enrolled_at=performance.now,
            )
        )
    else:
        if performance.plan.requester != BOOTSTRAP_REQUESTER:
            raise InvalidInputError(
                "PRINCIPAL_EXISTS",
                f"{performance.operation.subject.name} is enrolled already",
                hint="placet principal key add",
            )
        principal, new = _with_new_keys(stored_principal(standing), keys)
    return Deed(
        type="principal.enrolled",
        data=PrincipalEnrolled(principal=principal.to_object(), receipt=performance.receipt).to_object(),
        writes={key: principal_object(principal)},
        once=tuple(f"approver_key/{each.key_id}" for each in new),
        response={"principal_id": principal.principal_id},
    )


def _with_new_keys(principal: Principal, keys: tuple[PrincipalKey, ...]) -> tuple[Principal, tuple[PrincipalKey, ...]]:
    """Return the principal with the keys that it lacks, and these keys."""
    new = tuple(key for key in keys if principal.key(key.key_id) is None)
    if not new:
        raise InvalidInputError("PRINCIPAL_EXISTS", f"{principal.principal_id} is enrolled with this key already")
    for key in new:
        principal = principal.with_key(key)
    return principal, new


ACT = Act(premises=_premises, perform=_perform)
