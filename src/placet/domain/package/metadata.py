"""The metadata block that a stamped package.json carries (contract 7).

Every member is a claim for people, true when it was written; verifiers read none of them.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.domain.encoding.canonical import Object, Value, encode
from placet.domain.encoding.record import Record
from placet.domain.values.digest import Digest
from placet.domain.values.time import format_instant, parse_instant
from placet.errors import InvalidInputError

BLOCK_KEY = "chittyos"
"""The member of package.json under which existing clients look for the block."""

_CODE = "METADATA_INVALID"


class CertificateClaim(Struct, frozen=True, kw_only=True):
    """The certificate of this package version; `chitty_id` is its `chitty://` name."""

    cert_id: str
    chitty_id: str
    fingerprint: Digest
    issued_at: datetime
    expires_at: datetime
    verify_url: str


class ProvenanceClaim(Struct, frozen=True, kw_only=True):
    """Where the package is recorded and kept; `tarball_hash` is of the unstamped tar stream."""

    chronicle_event: str
    chronicle_url: str
    tarball_hash: Digest
    r2_storage: str
    registry_url: str


class GovernanceClaim(Struct, frozen=True, kw_only=True):
    """The approval of the *source* known from the request (none: empty, None), and the run's page."""

    approved_by: tuple[str, ...]
    approval_date: datetime | None
    approval_url: str
    policy_version: str


class BuildClaim(Struct, frozen=True, kw_only=True):
    """What was built, by which run, when; empty or None where the request did not say."""

    commit: str
    workflow_run: str
    timestamp: datetime | None


class PackageMetadata(Struct, frozen=True, kw_only=True):
    """The whole block. Texts are printable ASCII; what is absent is the empty string."""

    service_id: str
    domain: str
    certificate: CertificateClaim
    provenance: ProvenanceClaim
    governance: GovernanceClaim
    build: BuildClaim

    def to_object(self) -> Object:
        """Return the members, exactly those of the contract."""
        return {
            "service_id": self.service_id,
            "domain": self.domain,
            "certificate": _certificate_object(self.certificate),
            "provenance": {
                "chronicle_event": self.provenance.chronicle_event,
                "chronicle_url": self.provenance.chronicle_url,
                "tarball_hash": self.provenance.tarball_hash,
                "r2_storage": self.provenance.r2_storage,
                "registry_url": self.provenance.registry_url,
            },
            "governance": {
                "approved_by": list(self.governance.approved_by),
                "approval_date": _written(self.governance.approval_date),
                "approval_url": self.governance.approval_url,
                "policy_version": self.governance.policy_version,
            },
            "build": {
                "commit": self.build.commit,
                "workflow_run": self.build.workflow_run,
                "timestamp": _written(self.build.timestamp),
            },
        }

    def encode(self) -> bytes:
        """Return the block's canonical bytes; raise `InvalidInputError` (`JSON_INVALID`) outside the profile."""
        return encode(self.to_object())


def read_metadata(value: Value) -> PackageMetadata:
    """Return the block that `value` holds, or raise `InvalidInputError` (`METADATA_INVALID`)."""
    record = Record(value, what="metadata block", code=_CODE)
    metadata = PackageMetadata(
        service_id=record.text("service_id"),
        domain=record.text("domain"),
        certificate=_read_certificate(record.object("certificate")),
        provenance=_read_provenance(record.object("provenance")),
        governance=_read_governance(record.object("governance")),
        build=_read_build(record.object("build")),
    )
    record.end()
    return metadata


def _read_certificate(value: Value) -> CertificateClaim:
    record = Record(value, what="metadata certificate", code=_CODE)
    claim = CertificateClaim(
        cert_id=record.text("cert_id"),
        chitty_id=record.text("chitty_id"),
        fingerprint=record.digest("fingerprint"),
        issued_at=record.instant("issued_at"),
        expires_at=record.instant("expires_at"),
        verify_url=record.text("verify_url"),
    )
    record.end()
    return claim


def _read_provenance(value: Value) -> ProvenanceClaim:
    record = Record(value, what="metadata provenance", code=_CODE)
    claim = ProvenanceClaim(
        chronicle_event=record.text("chronicle_event"),
        chronicle_url=record.text("chronicle_url"),
        tarball_hash=record.digest("tarball_hash"),
        r2_storage=record.text("r2_storage"),
        registry_url=record.text("registry_url"),
    )
    record.end()
    return claim


def _read_governance(value: Value) -> GovernanceClaim:
    record = Record(value, what="metadata governance", code=_CODE)
    claim = GovernanceClaim(
        approved_by=record.texts("approved_by"),
        approval_date=_instant_or_none(record, "approval_date"),
        approval_url=record.text("approval_url"),
        policy_version=record.text("policy_version"),
    )
    record.end()
    return claim


def _read_build(value: Value) -> BuildClaim:
    record = Record(value, what="metadata build", code=_CODE)
    claim = BuildClaim(
        commit=record.text("commit"),
        workflow_run=record.text("workflow_run"),
        timestamp=_instant_or_none(record, "timestamp"),
    )
    record.end()
    return claim


def _certificate_object(claim: CertificateClaim) -> Object:
    return {
        "cert_id": claim.cert_id,
        "chitty_id": claim.chitty_id,
        "fingerprint": claim.fingerprint,
        "issued_at": format_instant(claim.issued_at),
        "expires_at": format_instant(claim.expires_at),
        "verify_url": claim.verify_url,
    }


def _instant_or_none(record: Record, name: str) -> datetime | None:
    text = record.text(name)
    try:
        return parse_instant(text) if text else None
    except InvalidInputError as error:
        raise InvalidInputError(_CODE, f"the metadata block has no well-formed {name}") from error


def _written(instant: datetime | None) -> str:
    return "" if instant is None else format_instant(instant)
