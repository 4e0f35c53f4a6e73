"""Revoke a certificate: what it signed at or after `invalid_since` no longer counts (protocol 8)."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from placet.core.acts.act import Act, Deed, Performance
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.revocations import REVOCATIONS, revocation_writes
from placet.core.entities.stored import required
from placet.domain.authorization.operation import Operation
from placet.domain.certificate.revocation import Revocation, parse_reason
from placet.domain.encoding.canonical import Object
from placet.domain.log.certificate_records import CertificateRevoked
from placet.domain.log.change import EntityKey
from placet.domain.values.time import parse_instant


def _premises(operation: Operation, now: datetime) -> set[EntityKey]:  # noqa: ARG001 - one shape for all acts
    return {certificate_key(_certificate_id(operation)), REVOCATIONS}


def _certificate_id(operation: Operation) -> str:
    value = operation.params.get("certificate_id")
    return value if isinstance(value, str) else ""


def _perform(performance: Performance) -> Deed:
    """Record the revocation; of two the stricter holds, else the first one stays as it is (contract 3)."""
    key = certificate_key(_certificate_id(performance.operation))
    certificate = read_certificate(required(performance.snapshot, key, "certificate"))
    since = performance.text("invalid_since")
    said = Revocation(
        certificate_id=certificate.certificate_id,
        reason=parse_reason(performance.text("reason")),
        revoked_at=performance.now,
        invalid_since=min(parse_instant(since), performance.now) if since else performance.now,
    )
    revocation = certificate.revocation.tightened(said) if certificate.revocation else said
    if revocation != certificate.revocation:  # what was said first stays, but where this says more
        certificate = replace(certificate, revoked_saying=performance.text("said"))
    recorded: Object = revocation.to_object()
    return Deed(
        type="certificate.revoked",
        data=CertificateRevoked(revocation=recorded, receipt=performance.receipt).to_object(),
        writes=revocation_writes(performance.snapshot, certificate, revocation),
        response={"revocation": recorded},
    )


ACT = Act(premises=_premises, perform=_perform)
