"""Plans, persons, policies and signed approvals, for tests of who may say yes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from placet.domain.authorization.approval import (
    Approval,
    ApprovalDecision,
    ShownPlan,
    VerifiedApproval,
    verify_approval,
)
from placet.domain.authorization.circumstances import Circumstances
from placet.domain.authorization.denial import Denial
from placet.domain.authorization.evaluate import PolicyDecision, evaluate
from placet.domain.authorization.operation import Artifact, Operation, Precondition, Subject
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy import Policy
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.principal import Principal, PrincipalKey, checked
from placet.domain.authorization.render import render_plan, shown_digest
from placet.domain.encoding.ssh_public_key import SshPublicKey
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import Mode, OperationKind
from support.soft_keys import SoftKey, soft_key

NOW = datetime(2026, 3, 4, 5, 6, 7, 890000, tzinfo=UTC)
ENROLLED = NOW - timedelta(days=30)
RUN = "run_01ARZ3NDEKTSV4RRFFQ69G5FAV"
OTHER_RUN = "run_01ARZ3NDEKTSV4RRFFQ69G5FAW"
VERSION = "v1.0"
TEAM = """\
version = "v1.0"
[groups.maintainers]
members = ["person:alice", "person:bob", "person:carol"]
[groups.security]
members = ["person:dave", "person:erin", "person:alice"]
"""
NUMBERS = {"alice": 1, "bob": 2, "carol": 3, "dave": 4, "erin": 5, "mallory": 6}


def rule(
    *,
    operations: str = '["publish_package"]',
    subjects: str = '["npm:@acme/*"]',
    requesters: str = '["person:*", "ci:**", "agent:*", "service:*"]',
    approvals: str = '[{ group = "maintainers", count = 2, assurance = 2 }]',
    more: str = "",
) -> str:
    return (
        f"[[rule]]\noperations = {operations}\nsubjects = {subjects}\nrequesters = {requesters}\n"
        f"approvals = {approvals}\n{more}\n"
    )


def a_policy(*rules: str, head: str = TEAM) -> Policy:
    return parse_policy((head + "".join(rules or (rule(),))).encode())


def an_operation(step: int = 1, **changed: Any) -> Operation:
    members: dict[str, Any] = {
        "operation_id": f"{RUN}/2/{step}",
        "operation_kind": OperationKind.PUBLISH_PACKAGE,
        "certificate_id": "CERT-PKG-20260304-001",
        "subject": Subject(provider="npm", name="@acme/tool", version="1.0.0", tag=""),
        "params": {"access": "public", "dist_tag": "latest"},
        "artifacts": (Artifact(name="tool-1.0.0.tgz", sha256="a1" * 32, sha512="b2" * 64, size=12345),),
        "preconditions": (Precondition(fact="version", expected="absent"),),
    }
    return Operation(**{**members, **changed})


def a_plan(
    *operations: Operation, requester: str = "ci:github:acme/tool", mode: Mode = Mode.PROD, **changed: Any
) -> Plan:
    members: dict[str, Any] = {
        "issuer": "5f1d0e9c8b7a69584736251403f2e1d0/acme",
        "run_id": RUN,
        "created_at": NOW - timedelta(minutes=5),
        "nonce": "0123456789abcdef" * 2,
        "policy_digest": sha256(b"the policy"),
    }
    return Plan(
        **{**members, "requester": requester, "mode": mode, "operations": operations or (an_operation(),), **changed}
    )


def key_of(name: str, kind: str = "ed25519") -> SoftKey:
    return soft_key(kind, NUMBERS[name] if kind != "rsa" else 0)


def a_person(name: str, *keys: SoftKey, revoked_at: datetime | None = None, **changed: Any) -> Principal:
    held = tuple(
        PrincipalKey(public_key=key.public, enrolled_at=ENROLLED, revoked_at=revoked_at)
        for key in keys or (key_of(name),)
    )
    members: dict[str, Any] = {"principal_id": f"person:{name}", "on_behalf_of": "", "keys": held}
    return checked(Principal(**{**members, "enrolled_at": ENROLLED, **changed}))


def an_agent(owner: str = "person:alice", **changed: Any) -> Principal:
    members: dict[str, Any] = {
        "principal_id": "agent:helper",
        "on_behalf_of": owner,
        "keys": (),
        "enrolled_at": ENROLLED,
    }
    return checked(Principal(**{**members, **changed}))


def everybody() -> dict[str, Principal]:
    return {f"person:{name}": a_person(name) for name in NUMBERS}


def shown(plan: Plan) -> ShownPlan:
    return ShownPlan(plan=plan, shown_digest=shown_digest(render_plan(plan, VERSION)))


def an_approval(plan: Plan, name: str, key: SshPublicKey, **changed: Any) -> Approval:
    members: dict[str, Any] = {
        "issuer": plan.issuer,
        "run_id": plan.run_id,
        "plan_digest": plan.digest(),
        "shown_digest": shown(plan).shown_digest,
        "decision": ApprovalDecision.APPROVE,
        "group": "maintainers",
        "approver": f"person:{name}",
        "key_id": key.key_id,
        "issued_at": NOW,
        "expires_at": NOW + timedelta(hours=24),
    }
    return Approval(**{**members, **changed})


def says(
    plan: Plan,
    name: str,
    group: str = "maintainers",
    *,
    decision: ApprovalDecision = ApprovalDecision.APPROVE,
    kind: str = "ed25519",
    at: datetime = NOW,
    issued_at: datetime | None = None,
    flags: int = 1,
    key: SoftKey | None = None,
) -> VerifiedApproval:
    """Return what the named person says on `plan`, signed at `issued_at`, verified and recorded at `at`."""
    key = key or key_of(name, kind)
    approval = an_approval(plan, name, key.public, group=group, decision=decision, issued_at=issued_at or at)
    signature = key.sign(approval.encode(), flags=flags)
    return verify_approval(approval.encode(), signature, about=shown(plan), principal=a_person(name, key), at=at)


def judged(
    policy: Policy,
    plan: Plan,
    *approvals: VerifiedApproval,
    principals: Mapping[str, Principal] | None = None,
    denials: Iterable[Denial] = (),
    **changed: Any,
) -> PolicyDecision:
    """Return what `policy` says of `plan` with these approvals of enrolled people."""
    known = everybody() if principals is None else principals
    members: dict[str, Any] = {"approvals": approvals, "principals": known, "denials": tuple(denials), "now": NOW}
    return evaluate(policy, plan, Circumstances(**{**members, **changed}))


def codes(decision: PolicyDecision) -> list[list[str]]:
    return [[refusal.code for refusal in each.refusals] for each in decision.operations]
