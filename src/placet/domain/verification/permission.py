"""Step 9: each receipt again from policy and approvals, as the Core should have decided (protocol 6 and 8).

A receipt's MAC cannot be checked without its secret; that the log holds its payload vouches for
it. So that this need not be believed alone, the policy that it names is evaluated once more, on
the approvals that stand in the log before it, with their signatures verified under the enrolled
keys. What a log cannot prove (that nobody withdrew, denied elsewhere, or lost a role; that somebody
had signed in who approved in a session, at assurance 1) is its own word, given with the receipt.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from placet.domain.authorization.approval import ShownPlan, VerifiedApproval, parse_approval, verify_recorded
from placet.domain.authorization.break_glass import BrokenGlass
from placet.domain.authorization.circumstances import Circumstances
from placet.domain.authorization.evaluate import OperationDecision, evaluate
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy import Policy
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.principal import Principal, read_principal
from placet.domain.authorization.receipt import Receipt
from placet.domain.authorization.render import render_plan, shown_digest
from placet.domain.encoding.canonical import encode
from placet.domain.encoding.record import Record
from placet.domain.encoding.strict_base64 import decode_base64
from placet.domain.log.decision_records import (
    ApprovalRecorded,
    read_approval_recorded,
    read_policy_activated,
    read_principal_enrolled,
)
from placet.domain.log.record_types import EntryType
from placet.domain.values.digest import Digest
from placet.domain.verification.evidence import Evidence, Found
from placet.domain.verification.publication import Spent, check_bound
from placet.errors import InvalidInputError, VerificationError


class _Said(Struct, frozen=True, kw_only=True):
    """A verified approval, the plan it is about, and its entry."""

    verified: VerifiedApproval
    plan_digest: Digest
    entry: Found[ApprovalRecorded]


class Permitted(Struct, frozen=True, kw_only=True):
    """Who permitted a publication: (principal, assurance), sorted; and what they waived under break-glass, or None."""

    approvers: tuple[tuple[str, int], ...]
    glass: BrokenGlass | None


def check_permitted(spent: Sequence[Spent], documents: Sequence[bytes], evidence: Evidence) -> Permitted:
    """Check every spent receipt against policy and approvals; return who permitted the last, and under which exception.

    Raise `VerificationError` with the first code that the policy gives (NO_RULE, APPROVALS_MISSING,
    APPROVER_INELIGIBLE, …), as `check_bound`, APPROVALS_MISMATCH, EVIDENCE_MISSING; `DeniedError`
    (APPROVAL_INVALID); `InvalidInputError` for what is malformed or was needed for nothing.
    """
    policies = _policies(spent, documents, evidence)
    requesters = dict.fromkeys(each.plan.plan.requester for each in spent)
    principals = {requester: _enrolled(requester, evidence) for requester in requesters}
    said = _approvals([each.plan.plan for each in spent], policies, principals, evidence)
    decisions = [_check(each, policies, principals, said) for each in spent]
    counted = {verified.digest for decision in decisions for verified in decision.counted}
    for each_said in said:
        if each_said.verified.digest in counted:
            evidence.use(each_said.entry)
    approvers = {(each.approval.approver, each.assurance) for each in decisions[-1].counted}
    glass = next((decision.glass for decision in decisions if decision.glass is not None), None)
    return Permitted(approvers=tuple(sorted(approvers)), glass=glass)


def _check(
    spent: Spent, policies: Mapping[Digest, Policy], principals: Mapping[str, Principal], said: Collection[_Said]
) -> OperationDecision:
    receipt, plan = spent.receipt, spent.plan.plan
    check_bound(receipt, spent.operation, plan)
    before = [each for each in said if each.plan_digest == receipt.plan_digest and each.entry.seq < spent.issued_seq]
    circumstances = Circumstances(
        approvals=tuple(each.verified for each in before),
        principals=principals,
        denials=(),
        now=receipt.issued_at,
    )
    policy = policies[receipt.policy_digest]
    said_of = evaluate(policy, plan, circumstances).operations
    (decision,) = (each for each in said_of if each.operation_id == receipt.operation_id)
    if decision.refusals:
        refusal = decision.refusals[0]
        raise VerificationError(refusal.code, f"{spent.operation.subject}: {refusal.sentence}")
    _check_same(receipt, policy, decision)
    return decision


def _check_same(receipt: Receipt, policy: Policy, decision: OperationDecision) -> None:
    stated = (receipt.policy_version, receipt.approvals_digest, receipt.approvers)
    if stated != (policy.version, decision.approvals_digest, decision.approvers):
        raise VerificationError(
            "APPROVALS_MISMATCH", f"the receipt {receipt.receipt_id} rests on other approvals than those proven"
        )


def _policies(spent: Sequence[Spent], documents: Sequence[bytes], evidence: Evidence) -> Mapping[Digest, Policy]:
    """Return the policies that plans and receipts name, each activated in the log before it was used."""
    first_use: dict[Digest, int] = {}
    for each in spent:
        for digest, seq in (
            (each.plan.plan.policy_digest, each.plan.created.seq),
            (each.receipt.policy_digest, each.issued_seq),
        ):
            first_use[digest] = min(seq, first_use.get(digest, seq))
    policies = {policy.digest: policy for policy in map(parse_policy, documents)}
    if list(policies) != sorted(first_use) or len(documents) != len(policies):
        raise InvalidInputError("BUNDLE_MALFORMED", "the bundle's policies are not those of its plans and receipts")
    for digest, seq in first_use.items():
        _check_activated(digest, seq, evidence)
    return policies


def _check_activated(digest: Digest, used_at: int, evidence: Evidence) -> None:
    activated = evidence.need(
        [EntryType.POLICY_ACTIVATED],
        read_policy_activated,
        lambda record: record.policy_digest == digest,
        what=f"that the policy {digest} was in force",
    )
    if activated.seq >= used_at:
        raise VerificationError("EVIDENCE_MISSING", f"the policy {digest} was used before it was in force")


def _enrolled(principal_id: str, evidence: Evidence) -> Principal:
    found = evidence.need(
        [EntryType.PRINCIPAL_ENROLLED, EntryType.PRINCIPAL_CHANGED],
        read_principal_enrolled,
        lambda record: record.principal.get("principal_id") == principal_id,
        what=f"that {principal_id} is enrolled",
    )
    return read_principal(Record(found.record.principal, what="principal", code="PRINCIPAL_INVALID"))


def _approvals(
    plans: Sequence[Plan], policies: Mapping[Digest, Policy], principals: dict[str, Principal], evidence: Evidence
) -> list[_Said]:
    """Return the approvals in the bundle, each verified for its plan; their approvers join `principals`."""
    about = {plan.digest(): plan for plan in plans}
    said = []
    for found in evidence.every([EntryType.APPROVAL_RECORDED], read_approval_recorded):
        approval = parse_approval(encode(found.record.approval))
        plan = about.get(approval.plan_digest)
        if plan is None:
            raise InvalidInputError("BUNDLE_MALFORMED", f"entry {found.seq} approves another plan")
        if approval.approver not in principals:
            principals[approval.approver] = _enrolled(approval.approver, evidence)
        text = render_plan(plan, policies[plan.policy_digest].version)
        verified = verify_recorded(
            encode(found.record.approval),
            decode_base64(found.record.signature),
            about=ShownPlan(plan=plan, shown_digest=shown_digest(text)),
            principal=principals[approval.approver],
            at=found.record.recorded_at,
        )
        if verified.assurance != found.record.assurance:
            raise VerificationError("APPROVAL_ASSURANCE_LOW", f"entry {found.seq} claims another assurance")
        said.append(_Said(verified=verified, plan_digest=approval.plan_digest, entry=found))
    return said
