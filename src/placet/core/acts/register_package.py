"""Register a version in our own registry: as it was just published, or as a client reports it (contract 5, ADR 27).

A publication registers itself with the digests of what was published, right behind the operation
that published it. A report has no digests, and nothing that it says makes a version published.
"""

from __future__ import annotations

from datetime import datetime

from placet.core import identifiers
from placet.core.acts import report_registration
from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.registered import registered_key, registration_writes
from placet.core.entities.registrations import PublicationState, Registration, read_registration, registration_key
from placet.core.entities.runs import operation_key, read_operation_state
from placet.core.entities.stored import entity_of, required
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import EntityKey
from placet.domain.package.status import VersionStatus
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError

STATEMENT_ARTIFACT = "statement.dsse.json"


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    keys = {
        registration_key(operation.subject.name, operation.subject.version),
        registered_key(operation.subject.name),
        certificate_key(operation.certificate_id),
    }
    return keys | report_registration.premises(operation)


def _perform(performance: Performance) -> Deed:
    """Record the registration; one that stands with the same digests is adopted, a reported one completed."""
    if report_registration.is_report(performance.operation):
        return report_registration.perform(performance)
    published = _published(performance)
    standing = entity_of(performance.snapshot, published.key)
    if standing is None:
        return _registered(performance, published, once=(f"registration/{published.package}@{published.version}",))
    before = read_registration(standing)
    if before.is_published:
        _check_same(before, published)
        return Deed(
            type="package.registration.adopted",
            data={"receipt": performance.receipt},
            writes={},
            response={"adopted": True},
        )
    return _registered(performance, before.completed_by(published), once=())


def _published(performance: Performance) -> Registration:
    operation = performance.operation
    certificate = read_certificate(
        required(performance.snapshot, certificate_key(operation.certificate_id), "certificate")
    )
    return Registration(
        registration_id=identifiers.registration_id(performance.now, performance.context.randomness.token(8)),
        package=operation.subject.name,
        version=operation.subject.version,
        certificate_id=operation.certificate_id,
        event_id=certificate.event_id,
        run_id=performance.plan.run_id,
        receipt_id=performance.receipt_id,
        sha256=performance.text("sha256"),
        sha512=performance.text("sha512"),
        statement_sha256=operation.artifacts[0].sha256,
        status=VersionStatus.PUBLISHED,
        registered_by=performance.plan.requester,
        registered_at=performance.now,
        publication=PublicationState.EXECUTED,
        published_under=_publishing_receipt(performance),
    )


def _publishing_receipt(performance: Performance) -> str:
    """Return the receipt under which the very bytes of the registration were published, one step before.

    That the step executed was checked before this one was let. Raise `DeniedError`
    (`OPERATION_OUT_OF_ORDER`) where it is not their publication: without one nothing is published.
    """
    operation = performance.operation
    place, _, step = operation.operation_id.rpartition("/")
    before = performance.plan.operation(f"{place}/{int(step) - 1}")
    digests = (performance.text("sha256"), performance.text("sha512"))
    if (
        before is None
        or before.operation_kind is not OperationKind.PUBLISH_PACKAGE
        or (before.subject.name, before.subject.version) != (operation.subject.name, operation.subject.version)
        or [(each.sha256, each.sha512) for each in before.artifacts] != [digests]
    ):
        raise DeniedError(
            "OPERATION_OUT_OF_ORDER",
            "the registration of a publication comes right behind the publication of its bytes",
        )
    key = operation_key(before.operation_id)
    return read_operation_state(required(performance.snapshot, key, "operation")).receipt_id


def _registered(performance: Performance, registration: Registration, *, once: tuple[str, ...]) -> Deed:
    return Deed(
        type="package.registered",
        data={
            "receipt": performance.receipt,
            "registration_id": registration.registration_id,
            "sha256": registration.sha256,
            "sha512": registration.sha512,
        },
        writes=registration_writes(performance.snapshot, registration),
        once=once,
        response={"registration_id": registration.registration_id},
    )


def _check_same(standing: Registration, wanted: Registration) -> None:
    if (standing.sha256, standing.sha512) != (wanted.sha256, wanted.sha512):
        raise DeniedError(
            "VERSION_EXISTS",
            f"{wanted.package}@{wanted.version} is registered with other bytes",
            hint="a version is written once: publish the next one",
        )


ACT = Act(premises=_premises, perform=_perform)
