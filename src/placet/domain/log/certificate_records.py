"""What entries hold of certificates and their revocation (see `record_types`)."""

from __future__ import annotations

from msgspec import Struct

from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.record import Record
from placet.domain.log.record_types import CODE, ID
from placet.domain.values.digest import Digest


class CertificateIssued(Struct, frozen=True, kw_only=True):
    """A certificate was made and its receipt consumed. The fingerprints name the DER of leaf and issuer.

    `public_key_digest` and `serial` are once keys too: no key is certified twice, no number used twice.
    """

    certificate_id: str
    chitty_id: str
    fingerprint: Digest
    issuer_fingerprint: Digest
    public_key_digest: Digest
    serial: str
    tar_sha256: str
    receipt: Object

    def to_object(self) -> Object:
        """Return the entry's data."""
        return {
            "certificate_id": self.certificate_id,
            "chitty_id": self.chitty_id,
            "fingerprint": self.fingerprint,
            "issuer_fingerprint": self.issuer_fingerprint,
            "public_key_digest": self.public_key_digest,
            "serial": self.serial,
            "tar_sha256": self.tar_sha256,
            "receipt": self.receipt,
        }


def read_certificate_issued(data: Value) -> CertificateIssued:
    """Return the record that `data` holds, or raise `InvalidInputError` (`ENTRY_DATA_MALFORMED`)."""
    record = Record(data, what="certificate's entry", code=CODE)
    read = CertificateIssued(
        certificate_id=record.text("certificate_id", ID),
        chitty_id=record.text("chitty_id", r"[!-~]{1,512}"),
        fingerprint=record.digest("fingerprint"),
        issuer_fingerprint=record.digest("issuer_fingerprint"),
        public_key_digest=record.digest("public_key_digest"),
        serial=record.text("serial", r"[0-9a-f]{1,40}"),
        tar_sha256=record.text("tar_sha256", r"([0-9a-f]{64})?"),
        receipt=record.object("receipt"),
    )
    record.end()
    return read


class CertificateRevoked(Struct, frozen=True, kw_only=True):
    """A certificate was revoked: the revocation as its own module writes it, and the act's receipt."""

    revocation: Object
    receipt: Object

    def to_object(self) -> Object:
        """Return the entry's data."""
        return {"revocation": self.revocation, "receipt": self.receipt}


def read_certificate_revoked(data: Value) -> CertificateRevoked:
    """Return the record that `data` holds, or raise `InvalidInputError` (`ENTRY_DATA_MALFORMED`)."""
    record = Record(data, what="revocation's entry", code=CODE)
    read = CertificateRevoked(revocation=record.object("revocation"), receipt=record.object("receipt"))
    record.end()
    return read
