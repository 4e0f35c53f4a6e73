"""Issue a certificate for one package version and one unstamped archive (protocol 8, contract 2).

With the parameter `renews` it follows another one, which stays until it ends (contract 3): for the
same package, version and archive, with another key. Only a certificate that counts now is
renewed; who wants to certify anew what a revoked or ended one certified, issues.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from cryptography import x509

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.certificates import CertificateRecord, certificate_key, read_certificate
from placet.core.entities.chronicle import ChronicleEvent
from placet.core.entities.stored import required
from placet.core.numbers import sequence_key
from placet.domain.authorization.operation import Operation
from placet.domain.certificate import identifiers
from placet.domain.certificate.authority import SERIAL_BYTES
from placet.domain.certificate.binding import Binding, KeyOrigin
from placet.domain.certificate.keys import public_key_digest
from placet.domain.certificate.profile import LeafSubject, fingerprint
from placet.domain.certificate.request import requested_key
from placet.domain.encoding.pem import certificate_der
from placet.domain.encoding.record import Record
from placet.domain.log.certificate_records import CertificateIssued
from placet.domain.log.change import EntityKey
from placet.domain.log.lifecycle import LifecycleType, Source
from placet.domain.values.npm import package_url, parse_package_name, parse_version, unscoped_name
from placet.domain.values.time import format_instant
from placet.errors import DeniedError

REQUEST_ARTIFACT = "request.csr.pem"


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    return {certificate_key(_renewed(operation))} if _renewed(operation) else set()


def _sequences(operation: Operation, now: datetime) -> tuple[EntityKey, ...]:
    return _numbered(operation.subject.name, now.date())


def _renewed(operation: Operation) -> str:
    value = operation.params.get("renews", "")
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=1024)
def _numbered(package: str, day: date) -> tuple[EntityKey, EntityKey]:
    """Return the sequences of the day's certificates and of the package name's in the year."""
    name = unscoped_name(parse_package_name(package))
    return sequence_key(f"certificate/{day:%Y%m%d}"), sequence_key(f"chitty/{name}/{day:%Y}")


def _perform(performance: Performance) -> Deed:
    """Sign and record the certificate. A public key is certified once, ever.

    Raise `DeniedError` where it would renew what cannot be: `CERTIFICATE_REVOKED`,
    `CERTIFICATE_EXPIRED`, `CERTIFICATE_SUBJECT_MISMATCH`.
    """
    now, operation = performance.now, performance.operation
    name, version = parse_package_name(operation.subject.name), parse_version(operation.subject.version)
    asked = Record(dict(operation.params), what="certificate's plan", code="PLAN_INVALID")
    binding = Binding(
        key_origin=asked.choice("key_origin", KeyOrigin),
        tar_sha256=asked.text("tar_sha256", r"([0-9a-f]{64})?"),
    )
    renews = asked.later_text("renews", rf"({identifiers.CERTIFICATE_ID})?")
    if renews:
        _check_renewable(performance, renews, binding)
    key = requested_key(performance.content(REQUEST_ARTIFACT))
    key_digest = public_key_digest(key)
    number, in_year = (performance.numbers[key] for key in _sequences(operation, now))
    subject = LeafSubject(
        certificate_id=identifiers.certificate_id(now.date(), number),
        package_url=package_url(name, version),
        chitty_uri=identifiers.chitty_uri(name, now.year, in_year),
        binding=binding,
    )
    random = performance.context.randomness.token(SERIAL_BYTES)
    certificate = performance.context.authority.issue(subject, key, random=random, now=now)
    record = _record(performance, subject, certificate)
    event = _event(performance, record)
    return Deed(
        type="package.certificate.issued",
        data=CertificateIssued(
            certificate_id=record.certificate_id,
            chitty_id=record.chitty_uri,
            fingerprint=record.fingerprint,
            issuer_fingerprint=fingerprint(performance.context.authority.chain[0]),
            public_key_digest=key_digest,
            serial=f"{certificate.serial_number:x}",
            tar_sha256=record.tar_sha256,
            receipt=performance.receipt,
        ).to_object(),
        writes={record.key: record.to_object(), event.key: event.to_object()},
        once=(f"certificate/{record.certificate_id}", f"leaf_key/{key_digest}"),
        response={"certificate_id": record.certificate_id},
        certificate_id=record.certificate_id,
    )


def _check_renewable(performance: Performance, name: str, binding: Binding) -> None:
    """Check that the certificate to be renewed is about the same bytes, and counts now."""
    old = read_certificate(required(performance.snapshot, certificate_key(name), f"certificate {name}"))
    subject = performance.operation.subject
    if (old.package, old.version, old.tar_sha256) != (subject.name, subject.version, binding.tar_sha256):
        raise DeniedError("CERTIFICATE_SUBJECT_MISMATCH", f"{name} is about another version or another archive")
    if old.revocation is not None:
        raise DeniedError(
            "CERTIFICATE_REVOKED",
            f"{name} was revoked ({old.revocation.reason.value}), so it is not renewed",
            hint="placet certificate issue makes a certificate that does not follow it",
        )
    if performance.now > old.expires_at:
        raise DeniedError(
            "CERTIFICATE_EXPIRED",
            f"{name} ended at {format_instant(old.expires_at)}, so it is not renewed",
            hint="placet certificate issue makes a certificate that does not follow it",
        )


def _event(performance: Performance, record: CertificateRecord) -> ChronicleEvent:
    return ChronicleEvent(
        event_id=performance.entry_id,
        event_type=LifecycleType.CERTIFICATE_ISSUED,
        package=record.package,
        version=record.version,
        certificate_id=record.certificate_id,
        actor=performance.plan.requester,
        source=Source.OBSERVED,
        recorded_at=performance.now,
        run_id=record.run_id,
        receipt_id=record.receipt_id,
    )


def _record(performance: Performance, subject: LeafSubject, certificate: x509.Certificate) -> CertificateRecord:
    return CertificateRecord(
        certificate_id=subject.certificate_id,
        chitty_uri=subject.chitty_uri,
        package=performance.operation.subject.name,
        version=performance.operation.subject.version,
        tar_sha256=subject.binding.tar_sha256,
        fingerprint=fingerprint(certificate),
        der=certificate_der(certificate),
        issued_at=certificate.not_valid_before_utc,
        expires_at=certificate.not_valid_after_utc,
        event_id=performance.entry_id,
        run_id=performance.plan.run_id,
        receipt_id=performance.receipt_id,
        revocation=None,
        renews=_renewed(performance.operation),
        claims=performance.text("said"),
    )


ACT = Act(premises=_premises, perform=_perform, sequences=_sequences)
