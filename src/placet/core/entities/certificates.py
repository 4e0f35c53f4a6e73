"""Certificates as stored: what was issued, for which bytes, in which run, and whether it still counts."""

from __future__ import annotations

import base64
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from placet.core.entities.names import word_rows
from placet.core.entities.stored import record_of, with_index
from placet.domain.certificate.identifiers import CERTIFICATE_ID, CHITTY_URI
from placet.domain.certificate.revocation import Revocation, read_revocation
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.strict_base64 import decode_base64
from placet.domain.log.change import Entity, EntityKey
from placet.domain.values.digest import Digest
from placet.domain.values.time import format_instant

NAMED_CERTIFICATES = "certificate_name"
"""The index of certificates by the words of the package's name."""


class CertificateRecord(Struct, frozen=True, kw_only=True):
    """One issued certificate. `der` is public; no private key is ever here.

    `renews` is the certificate that it was issued to follow, empty for all others. `claims` and
    `revoked_saying` are salted digests of what a client said when it asked for it, and for its end.
    """

    certificate_id: str
    chitty_uri: str
    package: str
    version: str
    tar_sha256: str
    fingerprint: Digest
    der: bytes
    issued_at: datetime
    expires_at: datetime
    event_id: str
    run_id: str
    receipt_id: str
    revocation: Revocation | None
    renews: str = ""
    claims: str = ""
    revoked_saying: str = ""

    @property
    def key(self) -> EntityKey:
        """Return `certificate/ID`."""
        return certificate_key(self.certificate_id)

    def revoked(self, revocation: Revocation) -> CertificateRecord:
        """Return the record with its revocation."""
        return replace(self, revocation=revocation)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            "certificate_id": self.certificate_id,
            "chitty_uri": self.chitty_uri,
            "package": self.package,
            "version": self.version,
            "tar_sha256": self.tar_sha256,
            "fingerprint": self.fingerprint,
            "der": base64.b64encode(self.der).decode("ascii"),
            "issued_at": format_instant(self.issued_at),
            "expires_at": format_instant(self.expires_at),
            "event_id": self.event_id,
            "run_id": self.run_id,
            "receipt_id": self.receipt_id,
            "revocation": [self.revocation.to_object()] if self.revocation else [],
            "renews": self.renews,
            "claims": self.claims,
            "revoked_saying": self.revoked_saying,
        }
        about = f"{self.package}@{self.version}"
        rows = [("certificate", self.certificate_id), ("certificate_package", about)]
        return with_index(members, [*rows, *word_rows(NAMED_CERTIFICATES, about)])


def certificate_key(certificate_id: str) -> EntityKey:
    """Return the key of a certificate."""
    return EntityKey(f"certificate/{certificate_id}")


def read_certificate(entity: Entity) -> CertificateRecord:
    """Return the certificate that the entity holds."""
    record = record_of(entity, "stored certificate")
    revocations = record.list_of("revocation", read_revocation, most=1)
    certificate = CertificateRecord(
        certificate_id=record.text("certificate_id", CERTIFICATE_ID),
        chitty_uri=record.text("chitty_uri", CHITTY_URI),
        package=record.text("package"),
        version=record.text("version"),
        tar_sha256=record.text("tar_sha256", r"([0-9a-f]{64})?"),
        fingerprint=record.digest("fingerprint"),
        der=decode_base64(record.text("der")),
        issued_at=record.instant("issued_at"),
        expires_at=record.instant("expires_at"),
        event_id=record.text("event_id"),
        run_id=record.text("run_id"),
        receipt_id=record.text("receipt_id"),
        revocation=revocations[0] if revocations else None,
        renews=record.later_text("renews", rf"({CERTIFICATE_ID})?"),
        claims=record.later_text("claims"),
        revoked_saying=record.later_text("revoked_saying"),
    )
    record.end()
    return certificate
