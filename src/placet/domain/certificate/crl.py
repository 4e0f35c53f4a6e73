"""X.509 revocation lists (RFC 5280, 5): the sibling of the log's own list, for clients that know nothing of logs.

Made from the same revocations. A list names every certificate that was ever revoked, also those
that have ended since: what they signed must not come back to life. Times have whole seconds,
rounded down: a list never says less than the log.

| field | value |
|---|---|
| version, signature | v2, SHA-256 with the issuer's key |
| thisUpdate, nextUpdate | when it was made, and `VALIDITY` later |
| CRL number | at least the second of thisUpdate, more than every number before (ADR 22) |
| authority key identifier | the issuer's |
| each entry | serial number, `revoked_at`, the reason unless unspecified, `invalid_since` as invalidityDate |
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from placet.domain.certificate.authority import Issuer
from placet.domain.certificate.profile import issuer_identifier
from placet.domain.certificate.revocation import Revocation, RevocationReason
from placet.domain.encoding.signature import for_builder

VALIDITY = timedelta(days=7)
"""How long a list may be used: `nextUpdate` after `thisUpdate`."""
RENEWED_AFTER = timedelta(days=1)
"""A list that is older is replaced by the next one who asks (contract 3)."""
_REASONS = {
    RevocationReason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    RevocationReason.AFFILIATION_CHANGED: x509.ReasonFlags.affiliation_changed,
    RevocationReason.SUPERSEDED: x509.ReasonFlags.superseded,
    RevocationReason.CESSATION_OF_OPERATION: x509.ReasonFlags.cessation_of_operation,
    RevocationReason.PRIVILEGE_WITHDRAWN: x509.ReasonFlags.privilege_withdrawn,
}


class RevokedSerial(Struct, frozen=True, kw_only=True):
    """A revocation and the serial number of the certificate that it is about."""

    serial: int
    revocation: Revocation


class CrlDraft(Struct, frozen=True, kw_only=True):
    """What a list will say, before its issuer signs it. `number` is not negative."""

    number: int
    revoked: tuple[RevokedSerial, ...]
    this_update: datetime

    @property
    def next_update(self) -> datetime:
        """Return until when the list may be used."""
        return self.this_update + VALIDITY


def next_crl_number(last: int, now: datetime) -> int:
    """Return the number of a list made `now`, where `last` was the newest number given (0 where none was).

    It rises with every list even where the clock stands, and it passes every number that a lost
    state may have given, because that one had a second of the past.
    """
    return max(last + 1, int(now.timestamp()))


def sign_crl(issuer: Issuer, draft: CrlDraft) -> x509.CertificateRevocationList:
    """Return the list that `draft` spells, signed by `issuer`, sorted by serial number."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(draft.this_update.replace(microsecond=0))
        .next_update(draft.next_update.replace(microsecond=0))
        .add_extension(x509.CRLNumber(draft.number), critical=False)
        .add_extension(issuer_identifier(issuer.certificate), critical=False)
    )
    for each in _in_order(draft.revoked):
        builder = builder.add_revoked_certificate(_entry(each))
    return builder.sign(for_builder(issuer.key), hashes.SHA256())


def crl_der(crl: x509.CertificateRevocationList) -> bytes:
    """Return the list's DER, what `/crl/{issuer}.crl` serves."""
    return crl.public_bytes(Encoding.DER)


def crl_pem(der: bytes) -> bytes:
    """Return a list of ours as a PEM file."""
    return x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)


def is_crl(content: bytes) -> bool:
    """Tell whether `content` is some revocation list, in DER or PEM: a file that a newer one may replace."""
    for load in (x509.load_der_x509_crl, x509.load_pem_x509_crl):
        try:
            load(content)
        except ValueError:
            continue
        return True
    return False


def _in_order(revoked: Iterable[RevokedSerial]) -> list[RevokedSerial]:
    return sorted(revoked, key=lambda each: each.serial)


def _entry(each: RevokedSerial) -> x509.RevokedCertificate:
    revocation = each.revocation
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(each.serial)
        .revocation_date(revocation.revoked_at.replace(microsecond=0))
        .add_extension(x509.InvalidityDate(revocation.invalid_since.replace(microsecond=0)), critical=False)
    )
    if revocation.reason in _REASONS:  # RFC 5280, 5.3.1: "unspecified" is said by saying nothing
        builder = builder.add_extension(x509.CRLReason(_REASONS[revocation.reason]), critical=False)
    return builder.build()
