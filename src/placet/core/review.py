"""What was published under break-glass is reviewed within 72 hours, or its package freezes (protocol 6).

The first receipt under broken glass sets a freeze that begins later; the review takes it away.
Once it has begun, only a governed act lifts it. Neither is for those who asked or broke the glass.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from placet.core import identifiers
from placet.core.context import Context
from placet.core.entities.freezes import FREEZES, freezes_object, open_freezes, with_freeze
from placet.core.entities.governance import principal_key, stored_principal
from placet.core.entities.receipts import UNSETTLED
from placet.core.entities.runs import operation_key, read_operation_state
from placet.core.entities.stored import entity_of
from placet.domain.authorization.approval import ApprovalDecision, VerifiedApproval
from placet.domain.authorization.break_glass import BrokenGlass
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.freeze import REVIEW_WITHIN, Freeze, checked_freeze
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.kinds import CORE_KINDS
from placet.errors import DeniedError

ACTOR = "service:core"
_PENDING = UNSETTLED | {ReceiptState.ISSUED}


def review_owed(
    context: Context, snapshot: Snapshot, plan: Plan, glass: BrokenGlass | None, now: datetime
) -> dict[EntityKey, Object | None]:
    """Return what a receipt of `plan` writes besides itself: under broken glass, the freeze that a review prevents.

    One that stands already is kept, with everybody who broke the glass since among those involved.
    Raise `DeniedError` (`FROZEN`) where so much is unreviewed that no more can be kept.
    """
    freezes = open_freezes(snapshot)
    if glass is None:
        return {}
    involved = asking(snapshot, plan) | {each.approval.approver for each in glass.counted}
    standing = _owed(freezes, plan.run_id)
    if standing:
        joined = replace(standing, involved=tuple(sorted(involved.union(standing.involved))))
        return {FREEZES: freezes_object(joined if each is standing else each for each in freezes)}
    names = {each.subject.name for each in plan.operations if each.operation_kind not in CORE_KINDS}
    owed = Freeze(
        freeze_id=identifiers.freeze_id(now, context.randomness.token(identifiers.EVENT_RANDOM_BYTES)),
        subjects=tuple(f"*:{name}" for name in sorted(names)),
        reason="published under break-glass and not reviewed",
        set_by=ACTOR,
        set_at=now,
        begins_at=now + REVIEW_WITHIN,
        run_id=plan.run_id,
        involved=tuple(sorted(involved)),
    )
    return {FREEZES: with_freeze(freezes, checked_freeze(owed))}


def asking(snapshot: Snapshot, plan: Plan) -> set[str]:
    """Return who asked for `plan`, and the owner of who asked: `judgement_premises` must be loaded."""
    requester = entity_of(snapshot, principal_key(plan.requester))
    owner = stored_principal(requester).on_behalf_of if requester else ""
    return {plan.requester, owner} - {""}


def review_premises(plan: Plan) -> set[EntityKey]:
    """Return the entities that tell how far the effects of `plan` are."""
    return {operation_key(each.operation_id) for each in plan.operations if each.operation_kind not in CORE_KINDS}


def reviewed(
    snapshot: Snapshot, plan: Plan, verified: VerifiedApproval, now: datetime
) -> dict[EntityKey, Object | None]:
    """Return what a review writes: its run's package will not freeze. Nothing for other words.

    Raise `DeniedError`: `BREAK_GLASS_INVALID` where no review is owed, or what is to be reviewed is
    not there or may still come, `FROZEN` where it comes too late.
    """
    if verified.approval.decision is not ApprovalDecision.REVIEW:
        return {}
    freezes = open_freezes(snapshot)
    owed = _owed(freezes, plan.run_id)
    if owed is None:
        raise DeniedError("BREAK_GLASS_INVALID", "nothing of this run waits for a review")
    if owed.begun(now):
        raise DeniedError(
            "FROZEN",
            "the time for a review has passed, and the package is frozen",
            hint=f"placet freeze lift {owed.freeze_id}",
        )
    _check_published(snapshot, plan)
    return {FREEZES: freezes_object(freeze for freeze in freezes if freeze is not owed)}


def _owed(freezes: tuple[Freeze, ...], run_id: str) -> Freeze | None:
    return next((freeze for freeze in freezes if freeze.run_id == run_id), None)


def _check_published(snapshot: Snapshot, plan: Plan) -> None:
    """Return if an effect of `plan` is there and none is under way, in doubt, or may still be made with a receipt."""
    found = (entity_of(snapshot, key) for key in review_premises(plan))
    states = {read_operation_state(entity).state for entity in found if entity is not None}
    if not states.isdisjoint(_PENDING):
        raise DeniedError(
            "BREAK_GLASS_INVALID",
            "what is to be reviewed is not settled: more of it may still be published",
            hint=f"placet run resume {plan.run_id}",
        )
    if ReceiptState.EXECUTED not in states:
        raise DeniedError(
            "BREAK_GLASS_INVALID",
            "nothing of this run was published, so there is nothing to review",
            hint=f"placet run show {plan.run_id}",
        )
