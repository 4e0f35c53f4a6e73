"""Approve, deny or withdraw: what one person says about one plan, signed with their key (protocol 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from placet.core.abandon import abandon_run
from placet.core.approvals import approval_premises, plan_to_judge, recorded
from placet.core.context import Context
from placet.core.decide import Decision, decide, load
from placet.core.denials import record_denial, unverified
from placet.core.entities.governance import SignedApproval, key_counter_key, principal_key, stored_principal
from placet.core.entities.runs import CLOSED_STATES, Run, RunState, plan_key, read_plan
from placet.core.entities.stored import entity_of, required
from placet.core.judgement import policy_in_force, shown_text
from placet.core.runs import stored_run
from placet.domain.authorization.admission import groups_demanded, groups_open_to
from placet.domain.authorization.approval import Approval, ApprovalDecision, parse_approval, verify_approval
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.render import shown_digest
from placet.domain.log.change import Snapshot
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
    snapshot = await load(context, lambda loaded: approval_premises(run, approver, loaded))
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
