"""What the policy in force now says of one operation, on the approvals that stand now (protocol 6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from placet.core.context import Context
from placet.core.credentials import asked_in_order, credential_premises, still_vouched_for
from placet.core.entities.credentials import credential_key, read_credential
from placet.core.entities.freezes import FREEZES, open_freezes
from placet.core.entities.governance import (
    BOOTSTRAP,
    POLICY_IN_FORCE,
    approval_key,
    approval_set_key,
    kept_policy_key,
    principal_key,
    read_approval_set,
    read_bootstrap_key,
    read_policy_in_force,
    read_signed_approval,
    stored_denial,
    stored_principal,
)
from placet.core.entities.runs import plan_key_of, read_run, run_key
from placet.core.entities.stored import entity_of, remembered
from placet.core.places import place_premises
from placet.domain.authorization.approval import ShownPlan, VerifiedApproval, parse_approval, verify_recorded
from placet.domain.authorization.break_glass import BrokenGlass
from placet.domain.authorization.circumstances import Circumstances
from placet.domain.authorization.denial import Denial, denial_keys
from placet.domain.authorization.evaluate import OperationDecision, PolicyDecision, approvals_digest, evaluate, unwaived
from placet.domain.authorization.facts import Refusal
from placet.domain.authorization.freeze import frozen_from
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy import Policy
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.principal import Principal
from placet.domain.authorization.receipt import MAX_AGE_SECONDS
from placet.domain.authorization.render import render_plan, shown_digest
from placet.domain.log.change import Entity, EntityKey, Snapshot
from placet.domain.values.digest import Digest, sha256
from placet.domain.values.kinds import GOVERNED_KINDS, OperationKind
from placet.errors import DeniedError, InvalidInputError

BOOTSTRAP_REQUESTER = "bootstrap:init"
LOCAL_PERSON = "person:local"
_BOOTSTRAP_KINDS = frozenset({OperationKind.ENROL_PRINCIPAL, OperationKind.ACTIVATE_POLICY})
_BOOTSTRAP_LIFETIME_SECONDS = 300
_NO_POLICY = sha256(b"")


class Judgement(Struct, frozen=True, kw_only=True):
    """The policy's word on one operation: allowed exactly when there is no refusal.

    Limits are None where no rule sets any. `awaiting` tells that only approvals are missing;
    `approved_until` when the first of those that count runs out, None where it takes none;
    `frozen_from` when a freeze of it will begin, None where none will; `glass` what break-glass waived.
    """

    policy_digest: Digest
    policy_version: str
    refusals: tuple[Refusal, ...]
    awaiting: bool
    approvers: tuple[str, ...]
    approvals_digest: Digest
    approved_until: datetime | None
    frozen_from: datetime | None
    lifetime_seconds: int
    max_age_seconds: int
    per_subject_per_hour: int | None
    per_requester_per_hour: int | None
    requester_active: bool
    glass: BrokenGlass | None = None


def judgement_premises(snapshot: Snapshot, plan: Plan) -> set[EntityKey]:
    """Return every entity that a judgement of `plan` rests on, as far as `snapshot` tells.

    The set of a plan's approvals has an anchor that each approval also writes, so that one that
    comes in meanwhile makes the decision be taken again.
    """
    stored = plan_key_of(plan.operations[0].operation_id)
    keys = {
        POLICY_IN_FORCE,
        FREEZES,
        BOOTSTRAP,
        principal_key(plan.requester),
        *_owner(snapshot, plan),
        run_key(plan.run_id),
        *credential_premises(snapshot, _credential_id(snapshot, plan)),
        approval_set_key(stored),
        *place_premises(plan.operations),
    }
    keys |= {
        EntityKey(key) for operation in plan.operations for key in denial_keys(operation, _archive(snapshot, plan))
    }
    anchor = entity_of(snapshot, approval_set_key(stored))
    if anchor is not None:
        approvals = read_approval_set(anchor)
        keys |= {approval_key(stored, number) for number in range(1, approvals.count + 1)}
        keys |= {principal_key(approver) for approver in approvals.approvers}
        keys |= _sessions(snapshot, stored, approvals.count) | {kept_policy_key(plan.policy_digest)}
    return keys


def _sessions(snapshot: Snapshot, plan: EntityKey, count: int) -> set[EntityKey]:
    """Return what tells whether the sessions count in which something was said about the plan."""
    found = (entity_of(snapshot, approval_key(plan, number)) for number in range(1, count + 1))
    sessions = {read_signed_approval(each).session for each in found if each is not None}
    return {key for session in sessions for key in credential_premises(snapshot, session)}


def _owner(snapshot: Snapshot, plan: Plan) -> set[EntityKey]:
    """Return the person on whose behalf the requester acts: the owner's other accounts are known by its keys."""
    requester = entity_of(snapshot, principal_key(plan.requester))
    owner = stored_principal(requester).on_behalf_of if requester else ""
    return {principal_key(owner)} if owner else set()


def _credential_id(snapshot: Snapshot, plan: Plan) -> str:
    """Return what the requester showed over the network: empty where they asked on the machine itself."""
    run = entity_of(snapshot, run_key(plan.run_id))
    return read_run(run).credential_id if run else ""


def judge(context: Context, snapshot: Snapshot, plan: Plan | None, operation: Operation, now: datetime) -> Judgement:
    """Return the judgement of `operation` as a step of `plan`, or one that refuses without a plan or policy."""
    if plan is None:
        return _refused("PLAN_MISMATCH", "there is no such plan")
    if plan.requester == BOOTSTRAP_REQUESTER:
        return _bootstrap(snapshot, plan, operation)
    decision = decide_plan(context, snapshot, plan, now)
    if decision is None:
        return _refused("NO_RULE", "no policy is in force: activate the first with the bootstrap key")
    said = decision.of(operation.operation_id)
    if said is None:
        return _refused("PLAN_MISMATCH", "the plan has no such operation")
    return Judgement(
        policy_digest=decision.policy_digest,
        policy_version=decision.policy_version,
        refusals=said.refusals or _asked_by_key_alone(snapshot, plan, operation, said),
        awaiting=said.awaiting,
        approvers=said.approvers,
        approvals_digest=said.approvals_digest,
        approved_until=min((verified.approval.expires_at for verified in said.counted), default=None),
        frozen_from=frozen_from(unwaived(open_freezes(snapshot), _waives(said)), operation, now),
        lifetime_seconds=said.lifetime_seconds,
        max_age_seconds=said.max_age_seconds,
        per_subject_per_hour=said.limits.per_subject_per_hour,
        per_requester_per_hour=said.limits.per_requester_per_hour,
        requester_active=_requester_active(snapshot, plan, now),
        glass=said.glass,
    )


def _asked_by_key_alone(
    snapshot: Snapshot, plan: Plan, operation: Operation, said: OperationDecision
) -> tuple[Refusal, ...]:
    """Refuse what no key and no scope may ever do: change who may say yes without anybody's yes (protocol 6).

    A policy may let a person at the machine do that without approvals, as a trial's does; whoever
    asks over the network shows a secret that may be stolen.
    """
    if operation.operation_kind not in GOVERNED_KINDS or said.counted or not _credential_id(snapshot, plan):
        return ()
    sentence = (
        f"no key and no session lets anybody do {operation.operation_kind.value} without approvals, "
        "and the policy asks for none: who may do it anyway does it on the installation's own machine"
    )
    return (Refusal(code="APPROVALS_MISSING", sentence=sentence),)


def _waives(said: OperationDecision) -> frozenset[str]:
    return said.glass.waives if said.glass else frozenset()


def decide_plan(context: Context, snapshot: Snapshot, plan: Plan, now: datetime) -> PolicyDecision | None:
    """Return what the policy in force says of the whole plan, None where none is in force."""
    policy = policy_in_force(snapshot)
    return evaluate(policy, plan, circumstances_of(context, snapshot, plan, now)) if policy else None


def policy_in_force(snapshot: Snapshot) -> Policy | None:
    """Return the policy that decides now, None before the first."""
    entity = entity_of(snapshot, POLICY_IN_FORCE)
    return _parsed(entity) if entity else None


@remembered
def _parsed(entity: Entity) -> Policy:
    return parse_policy(read_policy_in_force(entity).document)


def circumstances_of(context: Context, snapshot: Snapshot, plan: Plan, now: datetime) -> Circumstances:
    """Return what besides policy and plan a decision rests on: `judgement_premises` must be loaded."""
    principals = _principals(snapshot)
    return Circumstances(
        approvals=_approvals(snapshot, plan, principals, now),
        principals=principals,
        denials=_denials(snapshot, plan),
        freezes=open_freezes(snapshot),
        now=now,
        embedded_in_ci=context.settings.embedded_in_ci,
    )


def shown_text(snapshot: Snapshot, plan: Plan) -> str:
    """Return the text that approvers of `plan` are shown: the same for ever, whatever policy is in force."""
    return render_plan(plan, policy_version_of(snapshot, plan))


def policy_version_of(snapshot: Snapshot, plan: Plan) -> str:
    """Return the version of the policy that the plan's `policy_digest` names, as its text shows it."""
    kept = entity_of(snapshot, kept_policy_key(plan.policy_digest))
    return read_policy_in_force(kept).version if kept else "none"


def _principals(snapshot: Snapshot) -> Mapping[str, Principal]:
    stored = (
        stored_principal(entity)
        for key, entity in snapshot.entities.items()
        if key.startswith("principal/") and entity.content
    )
    return {principal.principal_id: principal for principal in stored}


def _approvals(
    snapshot: Snapshot, plan: Plan, principals: Mapping[str, Principal], now: datetime
) -> tuple[VerifiedApproval, ...]:
    """Return the plan's approvals that hold, by signature or session; what no longer verifies does not count."""
    stored = plan_key_of(plan.operations[0].operation_id)
    anchor = entity_of(snapshot, approval_set_key(stored))
    if anchor is None:
        return ()
    count = read_approval_set(anchor).count
    about = ShownPlan(plan=plan, shown_digest=shown_digest(shown_text(snapshot, plan)))
    verified = []
    for number in range(1, count + 1):
        entity = entity_of(snapshot, approval_key(stored, number))
        if entity is None:
            continue
        said = read_signed_approval(entity)
        if not said.signature and not still_vouched_for(snapshot, said.session, now):
            continue
        try:
            approver = principals.get(parse_approval(said.encoded).approver)
            verified.append(
                verify_recorded(said.encoded, said.signature, about=about, principal=approver, at=said.recorded_at)
            )
        except (DeniedError, InvalidInputError):
            continue
    return tuple(verified)


def _denials(snapshot: Snapshot, plan: Plan) -> tuple[Denial, ...]:
    archive = _archive(snapshot, plan)
    keys = {EntityKey(key) for operation in plan.operations for key in denial_keys(operation, archive)}
    found = (entity_of(snapshot, key) for key in sorted(keys))
    return tuple(stored_denial(entity) for entity in found if entity is not None)


def _archive(snapshot: Snapshot, plan: Plan) -> str:
    run = entity_of(snapshot, run_key(plan.run_id))
    return read_run(run).archive_sha256 if run else ""


def _requester_active(snapshot: Snapshot, plan: Plan, now: datetime) -> bool:
    """Tell whether the requester may still act, and what they showed is still good."""
    entity = entity_of(snapshot, principal_key(plan.requester))
    requester = stored_principal(entity) if entity else None
    credential_id = _credential_id(snapshot, plan)
    if requester is None or not credential_id:
        return requester is not None and requester.active_at(now)
    shown = entity_of(snapshot, credential_key(credential_id))
    return shown is not None and asked_in_order(snapshot, read_credential(shown), requester, now)


def _bootstrap(snapshot: Snapshot, plan: Plan, operation: Operation) -> Judgement:
    """Judge what the bootstrap key asks: it enrols and activates, and only while it lives."""
    entity = entity_of(snapshot, BOOTSTRAP)
    live = entity is not None and read_bootstrap_key(entity).live
    if not live or operation.operation_kind not in _BOOTSTRAP_KINDS:
        return _refused("NO_RULE", "the bootstrap key only enrols the first approvers and activates the first policy")
    return Judgement(
        policy_digest=_NO_POLICY,
        policy_version="bootstrap",
        refusals=(),
        awaiting=False,
        approvers=(),
        approvals_digest=approvals_digest((), plan.mode),
        approved_until=None,
        frozen_from=None,
        lifetime_seconds=_BOOTSTRAP_LIFETIME_SECONDS,
        max_age_seconds=_BOOTSTRAP_LIFETIME_SECONDS,
        per_subject_per_hour=None,
        per_requester_per_hour=None,
        requester_active=True,
    )


def _refused(code: str, sentence: str) -> Judgement:
    return Judgement(
        policy_digest=_NO_POLICY,
        policy_version="none",
        refusals=(Refusal(code=code, sentence=sentence),),
        awaiting=False,
        approvers=(),
        approvals_digest=_NO_POLICY,
        approved_until=None,
        frozen_from=None,
        lifetime_seconds=0,
        max_age_seconds=MAX_AGE_SECONDS,
        per_subject_per_hour=None,
        per_requester_per_hour=None,
        requester_active=True,
    )
