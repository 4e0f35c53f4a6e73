"""Lift a freeze: what it held may be published again (protocol 6)."""

from __future__ import annotations

from datetime import datetime

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.freezes import FREEZES, freezes_object, open_freezes
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import EntityKey
from placet.errors import DeniedError, InvalidInputError


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    return {FREEZES}


def _perform(performance: Performance) -> Deed:
    """Take the freeze away.

    Raise `InvalidInputError` (`FREEZE_INVALID`) where none of that id is open, and `DeniedError`
    (`PARAMS_MISMATCH`) where it is over other subjects than the approvers were shown.
    """
    freezes = open_freezes(performance.snapshot)
    freeze_id = performance.operation.subject.name
    lifted = next((freeze for freeze in freezes if freeze.freeze_id == freeze_id), None)
    if lifted is None:
        raise InvalidInputError("FREEZE_INVALID", f"no freeze {freeze_id[:60]!a} is open", hint="placet freeze list")
    if lifted.subjects != performance.texts("subjects"):
        raise DeniedError("PARAMS_MISMATCH", f"{freeze_id} is over other subjects than those that were approved")
    return Deed(
        type="freeze.lifted",
        data={"receipt": performance.receipt, "freeze_id": freeze_id},
        writes={FREEZES: freezes_object(freeze for freeze in freezes if freeze is not lifted)},
        response={"freeze_id": freeze_id},
    )


ACT = Act(premises=_premises, perform=_perform)
