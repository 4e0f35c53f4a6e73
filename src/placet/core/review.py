"""What was published under break-glass is reviewed within 72 hours, or its package freezes (protocol 6).

The first receipt under broken glass sets a freeze that begins later; the review takes it away.
Once it has begun, only a governed act lifts it.
"""

from __future__ import annotations

from datetime import datetime

from placet.core import identifiers
from placet.core.context import Context
from placet.core.entities.freezes import FREEZES, freezes_object, open_freezes, with_freeze
from placet.domain.authorization.approval import ApprovalDecision, VerifiedApproval
from placet.domain.authorization.break_glass import BrokenGlass
from placet.domain.authorization.freeze import REVIEW_WITHIN, Freeze, checked_freeze
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.kinds import CORE_KINDS
from placet.errors import DeniedError

ACTOR = "service:core"


def review_owed(
    context: Context, snapshot: Snapshot, plan: Plan, glass: BrokenGlass | None, now: datetime
) -> dict[EntityKey, Object | None]:
    """Return what a receipt of `plan` writes besides itself: under broken glass, the freeze that a review prevents.

    Raise `DeniedError` (`FROZEN`) where so much is unreviewed that no more can be kept.
    """
    freezes = open_freezes(snapshot)
    if glass is None or any(freeze.run_id == plan.run_id for freeze in freezes):
        return {}
    names = {each.subject.name for each in plan.operations if each.operation_kind not in CORE_KINDS}
    owed = Freeze(
        freeze_id=identifiers.freeze_id(now, context.randomness.token(identifiers.EVENT_RANDOM_BYTES)),
        subjects=tuple(f"*:{name}" for name in sorted(names)),
        reason="published under break-glass and not reviewed",
        set_by=ACTOR,
        set_at=now,
        begins_at=now + REVIEW_WITHIN,
        run_id=plan.run_id,
    )
    return {FREEZES: with_freeze(freezes, checked_freeze(owed))}


def reviewed(snapshot: Snapshot, verified: VerifiedApproval, now: datetime) -> dict[EntityKey, Object | None]:
    """Return what a review writes: its run's package will not freeze. Nothing for other words.

    Raise `DeniedError`: `BREAK_GLASS_INVALID` where no review is owed, `FROZEN` where it comes too late.
    """
    if verified.approval.decision is not ApprovalDecision.REVIEW:
        return {}
    freezes = open_freezes(snapshot)
    owed = next((freeze for freeze in freezes if freeze.run_id == verified.approval.run_id), None)
    if owed is None:
        raise DeniedError("BREAK_GLASS_INVALID", "nothing of this run waits for a review")
    if owed.begun(now):
        raise DeniedError(
            "FROZEN",
            "the time for a review has passed, and the package is frozen",
            hint=f"placet freeze lift {owed.freeze_id}",
        )
    return {FREEZES: freezes_object(freeze for freeze in freezes if freeze is not owed)}
