"""Put a policy in force; the first activation ends the bootstrap key (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.governance import (
    BOOTSTRAP,
    POLICY_IN_FORCE,
    BootstrapKey,
    PolicyInForce,
    kept_policy_key,
    principal_key,
    read_bootstrap_key,
    stored_principal,
)
from placet.core.entities.stored import entity_of
from placet.core.judgement import BOOTSTRAP_REQUESTER
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey
from placet.domain.log.decision_records import PolicyActivated
from placet.errors import DeniedError

POLICY_ARTIFACT = "policy.toml"


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    members = operation.params.get("members")
    approvers = (
        {principal_key(each) for each in members if isinstance(each, str)} if isinstance(members, list) else set()
    )
    return {POLICY_IN_FORCE, BOOTSTRAP, kept_policy_key(_digest(operation))} | approvers


def _digest(operation: Operation) -> str:
    value = operation.params.get("policy_digest")
    return value if isinstance(value, str) else ""


def _perform(performance: Performance) -> Deed:
    """Replace the policy in force.

    Raise `DeniedError` (`APPROVER_INELIGIBLE`) where the bootstrap key would activate a policy
    whose groups name somebody who is not enrolled: nobody could ever change it.
    """
    document = performance.content(POLICY_ARTIFACT)
    policy = parse_policy(document)
    if policy.digest != _digest(performance.operation):
        raise DeniedError("PARAMS_MISMATCH", "the policy is not the one whose digest was planned")
    policy_object = PolicyInForce(
        document=document, digest=policy.digest, version=policy.version, activated_at=performance.now
    ).to_object()
    writes: dict[EntityKey, Object | None] = {POLICY_IN_FORCE: policy_object}
    if entity_of(performance.snapshot, kept_policy_key(policy.digest)) is None:
        writes[kept_policy_key(policy.digest)] = policy_object  # its revision is the first activation
    if performance.plan.requester == BOOTSTRAP_REQUESTER:
        _check_approvers(performance, frozenset().union(*policy.groups.values()))
    bootstrap = entity_of(performance.snapshot, BOOTSTRAP)
    if bootstrap is not None:
        digest = read_bootstrap_key(bootstrap).digest
        writes[BOOTSTRAP] = BootstrapKey(digest=digest, live=False).to_object()
    return Deed(
        type="policy.activated",
        data=PolicyActivated(
            policy_digest=policy.digest, policy_version=policy.version, receipt=performance.receipt
        ).to_object(),
        writes=writes,
        response={"policy_digest": policy.digest},
    )


def _check_approvers(performance: Performance, members: frozenset[str]) -> None:
    for member in sorted(members):
        entity = entity_of(performance.snapshot, principal_key(member))
        if entity is None or not stored_principal(entity).keys:
            raise DeniedError(
                "APPROVER_INELIGIBLE",
                f"{member} is in a group of the policy, but is not enrolled with a key",
                hint=f"first: placet principal add {member} --key FILE",
            )


ACT = Act(premises=_premises, perform=_perform)
