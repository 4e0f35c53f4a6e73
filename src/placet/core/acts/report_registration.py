"""Register a version as a client of the replaced services reports it: a claim, whatever status it names (contract 5).

It names a certificate that counts now and an event, both about this very version. Neither makes
it published: the Core alone does that, and completes then what was reported.
"""

from __future__ import annotations

from placet.core import identifiers
from placet.core.acts.act import Deed, Performance
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.chronicle import event_key, read_event
from placet.core.entities.registered import registration_writes
from placet.core.entities.registrations import PublicationState, Registration, registration_key
from placet.core.entities.stand_ins import a_certificate, an_event
from placet.core.entities.stored import entity_of
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import EntityKey
from placet.domain.package.status import VersionStatus, check_first
from placet.errors import DeniedError

CERTIFICATE, EVENT, STATUS, SAID = "reported_certificate", "reported_event", "reported_status", "said"
"""The parameters of a report; one that has none of them is a publication's."""


def is_report(operation: Operation) -> bool:
    """Tell whether the operation registers what somebody reports."""
    return STATUS in operation.params


def premises(operation: Operation) -> set[EntityKey]:
    """Return what a report rests on besides the version: its certificate and its event."""
    return {certificate_key(_text(operation, CERTIFICATE)), event_key(_text(operation, EVENT))}


def perform(performance: Performance) -> Deed:
    """Record the report.

    Raise `DeniedError`: `VERSION_EXISTS` where the version is registered, `REGISTRATION_MISMATCH`
    where certificate or event do not fit, `ILLEGAL_TRANSITION` where it cannot begin with its status.
    """
    operation, now = performance.operation, performance.now
    subject = operation.subject
    if entity_of(performance.snapshot, registration_key(subject.name, subject.version)) is not None:
        raise DeniedError("VERSION_EXISTS", f"{subject.name}@{subject.version} is registered already")
    status = VersionStatus(performance.text(STATUS))
    check_first(status)
    _check_certificate(performance)
    _check_event(performance)
    registration = Registration(
        registration_id=identifiers.registration_id(now, performance.context.randomness.token(8)),
        package=subject.name,
        version=subject.version,
        certificate_id=performance.text(CERTIFICATE),
        event_id=performance.text(EVENT),
        run_id=performance.plan.run_id,
        receipt_id=performance.receipt_id,
        sha256="",
        sha512="",
        statement_sha256="",
        status=status,
        registered_by=performance.plan.requester,
        registered_at=now,
        publication=PublicationState.NONE,
        said=performance.text(SAID),
    )
    return Deed(
        type="package.registration.reported",
        data={
            "receipt": performance.receipt,
            "registration_id": registration.registration_id,
            "status": status.value,
            "said": registration.said,
        },
        writes=registration_writes(performance.snapshot, registration),
        once=(f"registration/{subject.name}@{subject.version}",),
        response={"registration_id": registration.registration_id},
    )


def _check_certificate(performance: Performance) -> None:
    subject, name = performance.operation.subject, performance.text(CERTIFICATE)
    entity = entity_of(performance.snapshot, certificate_key(name))
    certificate = read_certificate(entity or a_certificate())
    if (certificate.package, certificate.version) != (subject.name, subject.version):
        raise _mismatch(performance, f"{name} is no certificate of it")
    if certificate.revocation is not None or performance.now > certificate.expires_at:
        raise _mismatch(performance, f"{name} was revoked, or has ended")


def _check_event(performance: Performance) -> None:
    subject, name = performance.operation.subject, performance.text(EVENT)
    entity = entity_of(performance.snapshot, event_key(name))
    event = read_event(entity or an_event())
    if (event.package, event.version) != (subject.name, subject.version):
        raise _mismatch(performance, f"{name} is no event about it")
    if event.certificate_id not in ("", performance.text(CERTIFICATE)):
        raise _mismatch(performance, f"{name} is about another certificate")


def _mismatch(performance: Performance, reason: str) -> DeniedError:
    subject = performance.operation.subject
    return DeniedError("REGISTRATION_MISMATCH", f"{subject.name}@{subject.version} is not registered: {reason}")


def _text(operation: Operation, name: str) -> str:
    value = operation.params.get(name, "")
    return value if isinstance(value, str) and value else "none"
