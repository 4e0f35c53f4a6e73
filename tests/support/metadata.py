"""Metadata blocks for tests that stamp."""

from __future__ import annotations

from datetime import UTC, datetime

from placet.domain.package.metadata import (
    BuildClaim,
    CertificateClaim,
    GovernanceClaim,
    PackageMetadata,
    ProvenanceClaim,
)
from placet.domain.values.digest import sha256

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def metadata(*, service_id: str = "placet", approved_by: tuple[str, ...] = ("alice", "bob")) -> PackageMetadata:
    """Return a block with every member filled in."""
    return PackageMetadata(
        service_id=service_id,
        domain="packages.example.com",
        certificate=CertificateClaim(
            cert_id="CERT-PKG-20260102-001",
            chitty_id="chitty://cert/pkg/tool/2026/001",
            fingerprint=sha256(b"certificate"),
            issued_at=MOMENT,
            expires_at=MOMENT.replace(year=2027),
            verify_url="https://id.example.com/v1/certificates/verify/CERT-PKG-20260102-001",
        ),
        provenance=ProvenanceClaim(
            chronicle_event="evt_20260102030405_abc123",
            chronicle_url="https://example.com/chronicle/events/evt_20260102030405_abc123",
            tarball_hash=sha256(b"tar stream"),
            r2_storage="packages/tool/1.0.0.tgz",
            registry_url="https://example.com/registry/packages/tool/1.0.0",
        ),
        governance=GovernanceClaim(
            approved_by=approved_by,
            approval_date=MOMENT if approved_by else None,
            approval_url="https://example.com/runs/run_1",
            policy_version="v1.0",
        ),
        build=BuildClaim(commit="0" * 40, workflow_run="", timestamp=None),
    )
