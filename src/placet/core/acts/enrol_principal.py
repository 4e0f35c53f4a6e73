"""Enrol a principal with its keys (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from placet.core.acts.act import Act, Deed, Performance
from placet.core.acts.identity import IDENTITY, changed_identity, identity_premises
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
    return {principal_key(operation.subject.name)} | identity_premises(operation)


def _perform(performance: Performance) -> Deed:
    """Record the principal.

    One that exists gains the keys it lacks only by the bootstrap key: afterwards a key of somebody
    who may approve already is a governed act of its own, `change_approver_key`. Accounts may be
    added at any time: they only say what somebody may not approve. A key or account is enrolled
    once, ever: with one for two principals, one person would be two approvers.
    """
    verifies = performance.operation.params.get("verify_required") is True
    keys = tuple(
        PrincipalKey(public_key=parse_public_key(line), enrolled_at=performance.now, verify_required=verifies)
        for line in performance.texts("public_keys")
    )
    accounts = performance.texts("accounts")
    key = principal_key(performance.operation.subject.name)
    standing = entity_of(performance.snapshot, key)
    before = stored_principal(standing) if standing else None
    speaks = keys or IDENTITY in performance.operation.params
    if before and speaks and performance.plan.requester != BOOTSTRAP_REQUESTER:
        raise InvalidInputError(
            "PRINCIPAL_EXISTS", f"{before.principal_id} is enrolled already", hint="placet principal key add"
        )
    joined = _joined(before, keys, accounts) if before else _new(performance, keys, accounts)
    identified = changed_identity(performance, joined)
    principal = identified.principal
    return Deed(
        type="principal.enrolled",
        data=PrincipalEnrolled(principal=principal.to_object(), receipt=performance.receipt).to_object(),
        writes={key: principal_object(principal), **identified.writes},
        once=(*sorted(_taken(principal) - (_taken(before) if before else set())), *identified.once),
        response={"principal_id": principal.principal_id},
    )


def _new(performance: Performance, keys: tuple[PrincipalKey, ...], accounts: tuple[str, ...]) -> Principal:
    principal = Principal(
        principal_id=performance.operation.subject.name,
        on_behalf_of=performance.text("on_behalf_of"),
        keys=keys,
        enrolled_at=performance.now,
    )
    return checked(principal).with_accounts(accounts)


def _joined(principal: Principal, keys: tuple[PrincipalKey, ...], accounts: tuple[str, ...]) -> Principal:
    """Return the principal with the keys and accounts that it lacks."""
    joined = principal.with_accounts(accounts)
    for key in keys:
        joined = joined if joined.key(key.key_id) else joined.with_key(key)
    if joined == principal:
        raise InvalidInputError("PRINCIPAL_EXISTS", f"{principal.principal_id} is enrolled with this key already")
    return joined


def _taken(principal: Principal) -> set[str]:
    """Return the once keys of what speaks for this principal alone."""
    keys = {f"approver_key/{each.key_id}" for each in principal.keys}
    return keys | {f"account/{each}" for each in principal.accounts}


ACT = Act(premises=_premises, perform=_perform)
