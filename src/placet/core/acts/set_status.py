"""Change the status of a registered version: a report, which the status machine alone judges (contract 5)."""

from __future__ import annotations

from datetime import datetime

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.registered import registered_key, registration_writes
from placet.core.entities.registrations import read_registration, registration_key
from placet.core.entities.stored import required
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import EntityKey
from placet.domain.package.status import VersionStatus, check_transition
from placet.domain.values.time import format_instant


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    subject = operation.subject
    return {registration_key(subject.name, subject.version), registered_key(subject.name)}


def _perform(performance: Performance) -> Deed:
    """Record the status; whether the version was published stays what it is.

    Raise `NotFoundError` where the version is not registered, and `DeniedError`
    (`ILLEGAL_TRANSITION`) where the status may not follow on the one that stands.
    """
    subject = performance.operation.subject
    key = registration_key(subject.name, subject.version)
    standing = read_registration(required(performance.snapshot, key, "registration"))
    status = VersionStatus(performance.text("status"))
    check_transition(standing.status, status)
    moved = standing.moved(status, at=performance.now, reason=performance.text("said"))
    return Deed(
        type="package.status.reported",
        data={"receipt": performance.receipt, "status": status.value, "said": moved.status_reason},
        writes=registration_writes(performance.snapshot, moved),
        response={"status": status.value, "updated_at": format_instant(performance.now)},
    )


ACT = Act(premises=_premises, perform=_perform)
