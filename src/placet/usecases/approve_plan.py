"""Approve, deny or withdraw: what one person says about one plan, signed with their key (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from placet.core.abandon import abandon_run
from placet.core.approvals import approval_premises, plan_to_judge, recorded
from placet.core.context import Context
from placet.core.decide import Decision, decide, load
from placet.core.denials import record_denial, unverified
from placet.core.entities.governance import SignedApproval, key_counter_key, principal_key, stored_principal
from placet.core.entities.runs import CLOSED_STATES, RunState, plan_key, read_plan
from placet.core.entities.stored import entity_of, required
from placet.core.judgement import policy_in_force, policy_version_of
from placet.core.runs import stored_run
from placet.domain.authorization.admission import groups_demanded, groups_open_to
from placet.domain.authorization.approval import Approval, parse_approval, verify_approval
from placet.domain.authorization.ballot import Ballot
from placet.domain.log.change import Snapshot
from placet.errors import DeniedError, InvalidInputError


async def show_ballot(context: Context, run_id: str, approver: str) -> Ballot:
    """Return the run's newest plan as it must be shown to `approver` before they say anything."""
    run = await stored_run(context, run_id)
    if run.plans == 0:
        raise InvalidInputError("PLAN_MISSING", f"run {run_id} has no plan yet", hint="wait until it is planned")
    snapshot = await load(context, lambda loaded: approval_premises(run, approver, loaded))
    plan = read_plan(required(snapshot, plan_key(run_id, run.plans), "plan"))
    policy = policy_in_force(snapshot)
    demanded = groups_demanded(policy, plan) if policy else ()
    groups = groups_open_to(policy, plan, approver) if policy else ()
    return Ballot(
        plan=plan,
        policy_version=policy_version_of(snapshot, plan),
        demanded=demanded,
        groups=groups,
        breaks_glass=policy.break_glass if policy else "",
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
        about = plan_to_judge(snapshot, run, approval.decision)
        approver = entity_of(snapshot, principal_key(approval.approver))
        person = stored_principal(approver) if approver else None
        verified = verify_approval(encoded, signature, about=about, principal=person, at=now)
        actor = approval.approver
        said = SignedApproval(encoded=encoded, signature=signature, recorded_at=now)
        return recorded(context, snapshot, run, about.plan, verified, said)

    try:
        await decide(
            context,
            lambda loaded: {*approval_premises(run, approval.approver, loaded), key_counter_key(approval.key_id)},
            decision,
        )
    except DeniedError as error:
        await record_denial(context, error, actor=actor, run_id=run.run_id, operation_id="")
        raise
    return approval


async def end_denied(context: Context, run_id: str) -> None:
    """End a run that somebody denied, and revoke its certificate (protocol 8)."""
    run = await stored_run(context, run_id)
    if run.state not in CLOSED_STATES:
        await abandon_run(context, run, RunState.DENIED, actor=run.requester)
