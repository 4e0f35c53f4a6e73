"""The certificate authority's signing side: certificates and revocation lists out, never a key."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from cryptography import x509

from placet.domain.certificate.crl import CrlDraft
from placet.domain.certificate.profile import LeafSubject
from placet.domain.encoding.signature import PublicKey
from placet.ports.keys import AuthorityRole


class CertificateAuthority(Protocol):
    """Issues leaf certificates under the installation's intermediate, and the revocation lists of both CA keys."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Return intermediate and root, in this order."""
        ...

    def issue(self, subject: LeafSubject, key: PublicKey, *, random: bytes, now: datetime) -> x509.Certificate:
        """Return a certificate of one package version; `random` are 20 bytes for its serial number.

        Records nothing: a certificate counts only once the change that holds it is committed.
        Raise `VerificationError` (`KEY_WEAK`) and `ConfigurationError` (`CA_EXPIRED`,
        `PASSPHRASE_MISSING`).
        """
        ...

    def sign_crl(self, role: AuthorityRole, draft: CrlDraft) -> x509.CertificateRevocationList:
        """Return the X.509 revocation list of the intermediate or of the root, as `draft` says.

        Records nothing: whoever asks has the number from the store. Raise `ConfigurationError`
        (`PASSPHRASE_MISSING`).
        """
        ...
