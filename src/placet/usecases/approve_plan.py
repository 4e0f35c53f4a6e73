"""Approve, deny or withdraw: what one person says about one plan, signed with their key (protocol 6)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from placet.core.abandon import abandon_run
from placet.core.context import Context
from placet.core.decide import Decision, decide, load
from placet.core.denials import record_denial, unverified
from placet.core.entities.governance import (
    ApprovalSet,
    SignedApproval,
    approval_key,
    approval_set_key,
    denial_object,
    key_counter_key,
    key_counter_object,
    principal_key,
    read_approval_set,
    read_key_counter,
    stored_denial,
    stored_principal,
)
from placet.core.entities.runs import CLOSED_STATES, Run, RunState, plan_key, read_plan, read_run, run_key
from placet.core.entities.stored import entity_of, required
from placet.core.judgement import circumstances_of, judgement_premises, policy_in_force, shown_text
from placet.core.places import present_place
from placet.core.review import review_premises, reviewed
from placet.core.runs import stored_run
from placet.domain.authorization.admission import check_admissible, groups_demanded, groups_open_to
from placet.domain.authorization.approval import (
    Approval,
    ApprovalDecision,
    ShownPlan,
    VerifiedApproval,
    check_counter,
    parse_approval,
    verify_approval,
)
from placet.domain.authorization.denial import Denial, denial_keys, withdraw
from placet.domain.authorization.place import check_leads_to
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.render import shown_digest
from placet.domain.encoding.canonical import Object, decode
from placet.domain.encoding.strict_base64 import encode_base64
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.log.decision_records import ApprovalRecorded
from placet.domain.values.time import cut_to_milliseconds
from placet.errors import DeniedError, InvalidInputError

VALIDITY = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """A plan as its approver is to see it: the text, which groups have to approve, and for which they may speak."""

    run: Run
    plan: Plan
    text: str
    demanded: tuple[str, ...]
    groups: tuple[str, ...]


async def show_ballot(context: Context, run_id: str, approver: str) -> Ballot:
    """Return the run's newest plan as it must be shown to `approver` before they say anything."""
    run = await stored_run(context, run_id)
    if run.plans == 0:
        raise InvalidInputError("PLAN_MISSING", f"run {run_id} has no plan yet", hint="wait until it is planned")
    snapshot = await load(context, lambda loaded: _premises(run, approver, loaded))
    plan = read_plan(required(snapshot, plan_key(run_id, run.plans), "plan"))
    policy = policy_in_force(snapshot)
    demanded = groups_demanded(policy, plan) if policy else ()
    groups = groups_open_to(policy, plan, approver) if policy else ()
    return Ballot(run=run, plan=plan, text=shown_text(snapshot, plan), demanded=demanded, groups=groups)


def fill_in(
    context: Context, ballot: Ballot, *, approver: str, key_id: str, decision: ApprovalDecision, group: str
) -> Approval:
    """Return the approval to be signed: its `encode()` is what goes to the approver's key."""
    now = cut_to_milliseconds(context.clock.now())
    return Approval(
        issuer=context.issuer,
        run_id=ballot.run.run_id,
        plan_digest=ballot.plan.digest(),
        shown_digest=shown_digest(ballot.text),
        decision=decision,
        group=group,
        approver=approver,
        key_id=key_id,
        issued_at=now,
        expires_at=now + VALIDITY,
    )


async def record_approval(context: Context, encoded: bytes, signature: bytes) -> Approval:
    """Verify what was signed and put it on record; from then on it counts.

    Raise `DeniedError` (recorded) where it does not verify or may not count: APPROVAL_INVALID,
    APPROVER_INELIGIBLE, APPROVAL_ASSURANCE_LOW, BREAK_GLASS_INVALID, BREAK_GLASS_EXCEEDED, FROZEN
    (a review too late), RUN_CLOSED, STALE_SUBJECT. What nobody signed is on record as
    unverified, not as said by the person that it names.
    """
    approval = parse_approval(encoded)
    run = await stored_run(context, approval.run_id)
    actor = unverified(approval.approver)

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        nonlocal actor
        said = SignedApproval(encoded=encoded, signature=signature, recorded_at=now)
        plan, verified = _verify(snapshot, run, said)
        actor = approval.approver
        return _decide(context, snapshot, run, plan, verified, said)

    try:
        await decide(
            context,
            lambda loaded: {*_premises(run, approval.approver, loaded), key_counter_key(approval.key_id)},
            decision,
        )
    except DeniedError as error:
        await record_denial(context, error, actor=actor, run_id=run.run_id, operation_id="")
        raise
    return approval


def _premises(run: Run, approver: str, snapshot: Snapshot | None) -> Collection[EntityKey]:
    key = plan_key(run.run_id, run.plans)
    keys = {key, run_key(run.run_id), principal_key(approver), approval_set_key(key)}
    if snapshot is None:
        return keys
    stored = entity_of(snapshot, key)
    if stored is None:
        return keys
    plan = read_plan(stored)
    return keys | judgement_premises(snapshot, plan) | review_premises(plan)


def _verify(snapshot: Snapshot, run: Run, said: SignedApproval) -> tuple[Plan, VerifiedApproval]:
    """Return the run's plan, and the approval once its signature holds for that plan."""
    stored = plan_key(run.run_id, run.plans)
    claimed = parse_approval(said.encoded)
    afterwards = claimed.decision in (ApprovalDecision.WITHDRAW, ApprovalDecision.REVIEW)
    if read_run(required(snapshot, run_key(run.run_id), "run")).state in CLOSED_STATES and not afterwards:
        raise DeniedError("RUN_CLOSED", f"run {run.run_id} has ended: there is nothing left to approve")
    plan = read_plan(required(snapshot, stored, "plan"))
    approver = entity_of(snapshot, principal_key(claimed.approver))
    return plan, verify_approval(
        said.encoded,
        said.signature,
        about=ShownPlan(plan=plan, shown_digest=shown_digest(shown_text(snapshot, plan))),
        principal=stored_principal(approver) if approver else None,
        at=said.recorded_at,
    )


def _decide(
    context: Context, snapshot: Snapshot, run: Run, plan: Plan, verified: VerifiedApproval, said: SignedApproval
) -> Decision:
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


async def end_denied(context: Context, run_id: str) -> None:
    """End a run that somebody denied, and revoke its certificate (protocol 8)."""
    run = await stored_run(context, run_id)
    if run.state not in CLOSED_STATES:
        await abandon_run(context, run, RunState.DENIED, actor=run.requester)
