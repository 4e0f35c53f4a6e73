"""Register a published version in our own registry, with its statement and certificate (protocol 5)."""

from __future__ import annotations

from datetime import datetime

from placet.core import identifiers
from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.registrations import Registration, read_registration, registration_key
from placet.core.entities.stored import entity_of, required
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import EntityKey
from placet.errors import DeniedError

STATEMENT_ARTIFACT = "statement.dsse.json"


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    return {
        registration_key(operation.subject.name, operation.subject.version),
        certificate_key(operation.certificate_id),
    }


def _perform(performance: Performance) -> Deed:
    """Record the registration; one that stands with the same digests is adopted."""
    operation = performance.operation
    certificate = read_certificate(
        required(performance.snapshot, certificate_key(operation.certificate_id), "certificate")
    )
    wanted = Registration(
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
        status="published",
        registered_by=performance.plan.requester,
        registered_at=performance.now,
    )
    standing = entity_of(performance.snapshot, wanted.key)
    if standing is not None:
        _check_same(read_registration(standing), wanted)
        return Deed(
            type="package.registration.adopted",
            data={"receipt": performance.receipt},
            writes={},
            response={"adopted": True},
        )
    return Deed(
        type="package.registered",
        data={
            "receipt": performance.receipt,
            "registration_id": wanted.registration_id,
            "sha256": wanted.sha256,
            "sha512": wanted.sha512,
        },
        writes={wanted.key: wanted.to_object()},
        once=(f"registration/{wanted.package}@{wanted.version}",),
        response={"registration_id": wanted.registration_id},
    )


def _check_same(standing: Registration, wanted: Registration) -> None:
    if (standing.sha256, standing.sha512) != (wanted.sha256, wanted.sha512):
        raise DeniedError(
            "VERSION_EXISTS",
            f"{wanted.package}@{wanted.version} is registered with other bytes",
            hint="a version is written once: publish the next one",
        )


ACT = Act(premises=_premises, perform=_perform)
