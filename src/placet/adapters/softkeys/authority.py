"""The certificate authority with its keys in this process."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509

from placet.domain.certificate.authority import Issuer, issue_leaf, serial_number
from placet.domain.certificate.crl import CrlDraft, sign_crl
from placet.domain.certificate.profile import LeafSubject, crl_url
from placet.domain.encoding.signature import PublicKey
from placet.ports.keys import AuthorityRole, Keyring


class SoftwareAuthority:
    """Implements `ports.authority.CertificateAuthority` with the CA keys of a keyring.

    A key is opened when it first signs, not before: whoever only verifies
    needs no passphrase.
    """

    def __init__(self, keyring: Keyring, *, public_base_url: str) -> None:
        """Take keys from `keyring`; revocation lists will be served under `public_base_url`."""
        self._keyring = keyring
        self._public_base_url = public_base_url
        self._issuers: dict[AuthorityRole, Issuer] = {}
        self._chain: tuple[x509.Certificate, ...] = ()

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Return intermediate and root, in this order."""
        if not self._chain:
            roles = (AuthorityRole.INTERMEDIATE, AuthorityRole.ROOT)
            self._chain = tuple(self._keyring.authority_certificate(role) for role in roles)
        return self._chain

    def issue(self, subject: LeafSubject, key: PublicKey, *, random: bytes, now: datetime) -> x509.Certificate:
        """Return a certificate of one package version (see the port)."""
        issuer = self._issuer(AuthorityRole.INTERMEDIATE)
        where = crl_url(self._public_base_url, issuer.certificate)
        return issue_leaf(issuer, subject, key, crl_url=where, serial=serial_number(random), now=now)

    def sign_crl(self, role: AuthorityRole, draft: CrlDraft) -> x509.CertificateRevocationList:
        """Return a revocation list (see the port)."""
        return sign_crl(self._issuer(role), draft)

    def _issuer(self, role: AuthorityRole) -> Issuer:
        """Return the key, opened once: opening one that is sealed takes long, on purpose."""
        if role not in self._issuers:
            self._issuers[role] = self._keyring.authority(role)
        return self._issuers[role]
