"""Putting on record what a person said about a plan, however they said it (protocol 6)."""

from __future__ import annotations

from collections.abc import Collection

from placet.core.context import Context
from placet.core.decide import Decision
from placet.core.entities.governance import (
    ApprovalSet,
    SignedApproval,
    approval_key,
    approval_set_key,
    denial_object,
    kept_policy_key,
    key_counter_key,
    key_counter_object,
    principal_key,
    read_approval_set,
    read_key_counter,
    stored_denial,
)
from placet.core.entities.runs import CLOSED_STATES, Run, plan_key, read_plan, read_run, run_key
from placet.core.entities.stored import entity_of, required
from placet.core.judgement import circumstances_of, judgement_premises, policy_in_force, shown_text
from placet.core.places import present_place
from placet.core.review import review_premises, reviewed
from placet.domain.authorization.admission import check_admissible
from placet.domain.authorization.approval import ApprovalDecision, ShownPlan, VerifiedApproval, check_counter
from placet.domain.authorization.denial import Denial, denial_keys, withdraw
from placet.domain.authorization.place import check_leads_to
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.render import shown_digest
from placet.domain.encoding.canonical import Object, decode
from placet.domain.encoding.strict_base64 import encode_base64
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.log.decision_records import ApprovalRecorded
from placet.errors import DeniedError

_AFTERWARDS = (ApprovalDecision.WITHDRAW, ApprovalDecision.REVIEW)


def approval_premises(run: Run, approver: str, snapshot: Snapshot | None) -> Collection[EntityKey]:
    """Return the entities that an approval of the run's newest plan rests on, as far as `snapshot` tells."""
    key = plan_key(run.run_id, run.plans)
    keys = {key, run_key(run.run_id), principal_key(approver), approval_set_key(key)}
    if snapshot is None:
        return keys
    stored = entity_of(snapshot, key)
    if stored is None:
        return keys
    plan = read_plan(stored)
    return keys | judgement_premises(snapshot, plan) | review_premises(plan) | {kept_policy_key(plan.policy_digest)}


def plan_to_judge(snapshot: Snapshot, run: Run, decision: ApprovalDecision) -> ShownPlan:
    """Return the run's newest plan, and the digest of the text that is shown for it.

    Raise `DeniedError` (`RUN_CLOSED`) where the run has ended, for what is not said afterwards.
    """
    ended = read_run(required(snapshot, run_key(run.run_id), "run")).state in CLOSED_STATES
    if ended and decision not in _AFTERWARDS:
        raise DeniedError("RUN_CLOSED", f"run {run.run_id} has ended: there is nothing left to approve")
    plan = read_plan(required(snapshot, plan_key(run.run_id, run.plans), "plan"))
    return ShownPlan(plan=plan, shown_digest=shown_digest(shown_text(snapshot, plan)))


def recorded(
    context: Context, snapshot: Snapshot, run: Run, plan: Plan, verified: VerifiedApproval, said: SignedApproval
) -> Decision:
    """Return the decision that puts `said` on record, which was verified for `plan`.

    Raise `DeniedError` where it may not count: `NO_RULE` where no policy is in force, as
    `check_admissible`, `check_counter` and `reviewed`; `STALE_SUBJECT` where the plan leads elsewhere now.
    """
    policy = policy_in_force(snapshot)
    if policy is None:
        raise DeniedError("NO_RULE", "no policy is in force, so nobody may approve")
    if verified.approval.decision is ApprovalDecision.APPROVE:
        for operation in plan.operations:
            check_leads_to(operation, present_place(snapshot, operation))
    check_admissible(policy, plan, verified, circumstances_of(context, snapshot, plan, said.recorded_at))
    return _recorded(snapshot, run, plan, verified, said)


def _recorded(snapshot: Snapshot, run: Run, plan: Plan, verified: VerifiedApproval, signed: SignedApproval) -> Decision:
    stored = plan_key(run.run_id, run.plans)
    anchor = entity_of(snapshot, approval_set_key(stored))
    said = read_approval_set(anchor) if anchor else ApprovalSet(count=0, approvers=())
    said = said.with_one_more(verified.approval)
    writes: dict[EntityKey, Object | None] = {
        approval_key(stored, said.count): signed.to_object(),
        approval_set_key(stored): said.to_object(),
    }
    writes |= _denials(snapshot, run, plan, verified)
    writes |= _counted(snapshot, verified)
    writes |= reviewed(snapshot, plan, verified, signed.recorded_at)
    record = ApprovalRecorded(
        approval=decode(signed.encoded),
        signature=encode_base64(signed.signature),
        assurance=verified.assurance,
        recorded_at=verified.recorded_at,
        session=signed.session,
    )
    return Decision(
        type="approval.recorded",
        actor=verified.approval.approver,
        subject=run.subject,
        data=record.to_object(),
        writes=writes,
        once=(f"approval/{verified.digest}",),
        valid_until=verified.approval.expires_at,
    )


def _denials(snapshot: Snapshot, run: Run, plan: Plan, verified: VerifiedApproval) -> dict[EntityKey, Object | None]:
    """Return what a deny or withdraw writes under the anchor keys of everything it is about."""
    decision = verified.approval.decision
    if decision not in (ApprovalDecision.DENY, ApprovalDecision.WITHDRAW):
        return {}
    keys = sorted({key for operation in plan.operations for key in denial_keys(operation, run.archive_sha256)})
    stored = {key: entity_of(snapshot, EntityKey(key)) for key in keys}
    denials = [stored_denial(entity) if entity else Denial(key=key) for key, entity in stored.items()]
    denies = decision is ApprovalDecision.DENY
    moved = [denial.denied(verified) for denial in denials] if denies else withdraw(denials, verified)
    return {EntityKey(denial.key): denial_object(denial) for denial in moved}


def _counted(snapshot: Snapshot, verified: VerifiedApproval) -> dict[EntityKey, Object | None]:
    """Return what remembers the counter of a hardware key; raise `DeniedError` where it went back."""
    key_id = verified.approval.key_id
    stored = entity_of(snapshot, key_counter_key(key_id))
    check_counter(verified, read_key_counter(stored) if stored else 0)
    return {key_counter_key(key_id): key_counter_object(key_id, verified.counter)} if verified.counter else {}
