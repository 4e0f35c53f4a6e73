"""Lift a freeze: what it held may be published again (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.freezes import FREEZES, freezes_object, open_freezes
from placet.core.review import asking
from placet.domain.authorization.freeze import Freeze
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import EntityKey
from placet.errors import DeniedError, InvalidInputError


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    return {FREEZES}


def _perform(performance: Performance) -> Deed:
    """Take the freeze away.

    Raise `InvalidInputError` (`FREEZE_INVALID`) where none of that id is open, and `DeniedError`
    (`PARAMS_MISMATCH`) where it is over other subjects than the approvers were shown, or as `_check_not_evaded`.
    """
    freezes = open_freezes(performance.snapshot)
    freeze_id = performance.operation.subject.name
    lifted = next((freeze for freeze in freezes if freeze.freeze_id == freeze_id), None)
    if lifted is None:
        raise InvalidInputError("FREEZE_INVALID", f"no freeze {freeze_id[:60]!a} is open", hint="placet freeze list")
    if lifted.subjects != performance.texts("subjects"):
        raise DeniedError("PARAMS_MISMATCH", f"{freeze_id} is over other subjects than those that were approved")
    if lifted.run_id:
        _check_not_evaded(performance, lifted)
    return Deed(
        type="freeze.lifted",
        data={"receipt": performance.receipt, "freeze_id": freeze_id},
        writes={FREEZES: freezes_object(freeze for freeze in freezes if freeze is not lifted)},
        response={"freeze_id": freeze_id},
    )


def _check_not_evaded(performance: Performance, owed: Freeze) -> None:
    """Return if lifting `owed`, which waits for a review or lacks one, is up to others than those it is about.

    Raise `DeniedError`: `BREAK_GLASS_INVALID` before it begins, when it takes a review;
    `APPROVER_INELIGIBLE` where who asked or broke the glass asks for the lifting, or approves it.
    """
    if not owed.begun(performance.now):
        raise DeniedError(
            "BREAK_GLASS_INVALID",
            f"{owed.freeze_id} waits for a review, and nothing else takes it away before it begins",
            hint=f"placet break-glass review {owed.run_id}",
        )
    lifting = asking(performance.snapshot, performance.plan).union(performance.approvers)
    if evading := sorted(lifting.intersection(owed.involved)):
        raise DeniedError(
            "APPROVER_INELIGIBLE",
            f"{evading[0]} asked for what was never reviewed, or broke the glass for it: others lift the freeze",
            hint="let others ask and approve: placet freeze lift " + owed.freeze_id,
        )


ACT = Act(premises=_premises, perform=_perform)
