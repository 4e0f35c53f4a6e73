"""Judging a certificate chain at an instant: leaf, one intermediate, a root that is trusted (attacks A60 to A63).

The path has a fixed shape, so the check is a list and not a search: nothing is built, looked up
or fetched. Chains are `VerificationError`s with the code of the first check that fails.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NoReturn

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import SignatureAlgorithmOID
from msgspec import Struct

from placet.domain.certificate.keys import check_public_key
from placet.domain.certificate.profile import LeafSubject, check_extensions, key_identifier, read_leaf, required
from placet.domain.encoding.signature import PublicKey, verify
from placet.domain.values.npm import PackageName, Version, package_url
from placet.errors import VerificationError

_ALGORITHMS: dict[x509.ObjectIdentifier, type] = {
    SignatureAlgorithmOID.ECDSA_WITH_SHA256: ec.EllipticCurvePublicKey,
    SignatureAlgorithmOID.RSA_WITH_SHA256: rsa.RSAPublicKey,
}


class CheckedLeaf(Struct, frozen=True, kw_only=True):
    """What a leaf says and its key, after the chain up to a trusted root was found good at an instant."""

    subject: LeafSubject
    key: PublicKey


def check_chain(
    leaf: x509.Certificate, intermediate: x509.Certificate, roots: Collection[x509.Certificate], *, at: datetime
) -> CheckedLeaf:
    """Return what the leaf says, if it chains to one of `roots` and all three are valid `at` that time.

    Raise `VerificationError`: CERTIFICATE_UNTRUSTED, KEY_WEAK, CERTIFICATE_INVALID_CHAIN,
    CERTIFICATE_NOT_YET_VALID, CERTIFICATE_EXPIRED. Revocation is `revocation.check_not_revoked`'s,
    and what the certificate is for is `check_subject`'s.
    """
    root = _trusted_issuer(intermediate, roots)
    for certificate in (root, intermediate, leaf):
        check_public_key(certificate.public_key())
    for certificate, issuer in ((root, root), (intermediate, root), (leaf, intermediate)):
        _check_issued(certificate, issuer)
    check_extensions(root, path_length=1)
    check_extensions(intermediate, path_length=0)
    subject = read_leaf(leaf)
    for certificate in (root, intermediate, leaf):
        _check_validity(certificate, at)
    return CheckedLeaf(subject=subject, key=check_public_key(leaf.public_key()))


def check_subject(subject: LeafSubject, *, package: PackageName, version: Version, tar_sha256: str) -> None:
    """Check that a certificate is for this package, version and unstamped archive, and no other.

    Raise `VerificationError` (`CERTIFICATE_SUBJECT_MISMATCH`). Names are compared whole: no
    wildcard, no prefix, no case folding. A certificate bound to no archive fits none.
    """
    expected = package_url(package, version)
    if subject.package_url != expected:
        _refuse("CERTIFICATE_SUBJECT_MISMATCH", f"the certificate is for {subject.package_url}, not for {expected}")
    if not tar_sha256 or subject.binding.tar_sha256 != tar_sha256:
        _refuse("CERTIFICATE_SUBJECT_MISMATCH", "the certificate is bound to another archive")


def _trusted_issuer(intermediate: x509.Certificate, roots: Collection[x509.Certificate]) -> x509.Certificate:
    named = _authority_of(intermediate)
    fitting = [each for each in roots if each.subject == intermediate.issuer and _own(each) == named]
    if not fitting:
        _refuse("CERTIFICATE_UNTRUSTED", "the chain does not end in a root that the trust root names")
    return fitting[0]


def _check_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    algorithm = certificate.signature_algorithm_oid
    if algorithm not in _ALGORITHMS:
        _refuse("KEY_WEAK", f"the certificate is signed with {algorithm.dotted_string}, not with SHA-256")
    key = issuer.public_key()
    if not isinstance(key, _ALGORITHMS[algorithm]) or certificate.issuer != issuer.subject:
        _refuse("CERTIFICATE_INVALID_CHAIN", "the certificate was not issued by the next one in the chain")
    if certificate is not issuer and _authority_of(certificate) != _own(issuer):
        _refuse("CERTIFICATE_INVALID_CHAIN", "the certificate names another issuer's key")
    try:
        verify(key, certificate.signature, certificate.tbs_certificate_bytes)
    except VerificationError as error:
        raise VerificationError(
            "CERTIFICATE_INVALID_CHAIN", "the certificate is not signed by the next one in the chain"
        ) from error


def _own(certificate: x509.Certificate) -> bytes:
    return key_identifier(certificate.public_key())


def _authority_of(certificate: x509.Certificate) -> bytes | None:
    return required(certificate, x509.AuthorityKeyIdentifier, critical=False).key_identifier


def _check_validity(certificate: x509.Certificate, at: datetime) -> None:
    name = certificate.subject.rfc4514_string()
    if at < certificate.not_valid_before_utc:
        _refuse("CERTIFICATE_NOT_YET_VALID", f"{name} begins at {certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}")
    if at > certificate.not_valid_after_utc:
        _refuse("CERTIFICATE_EXPIRED", f"{name} ended at {certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}")


def _refuse(code: str, reason: str) -> NoReturn:
    raise VerificationError(code, reason)
