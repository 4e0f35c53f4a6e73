"""The X.509 v3 profile of our certificates: what they carry, and the one reader that insists on it (protocol 8).

| field | leaf | intermediate | root |
|---|---|---|---|
| subject | CN = certificate id | CN = name + " intermediate CA" | CN = name + " root CA" |
| basicConstraints, critical | CA:FALSE | CA:TRUE, pathLen 0 | CA:TRUE, pathLen 1 |
| keyUsage, critical | digitalSignature | keyCertSign, cRLSign | keyCertSign, cRLSign |
| extKeyUsage, critical | codeSigning | no | no |
| subjectAltName | URI package URL, URI chitty:// | no | no |
| subject and authority key identifier | both | both | subject's |
| CRL distribution point | one URL | no | no |
| binding (`binding.py`) | yes | no | no |
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NoReturn, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from placet.domain.certificate.binding import BINDING_OID, Binding, parse_binding
from placet.domain.certificate.identifiers import CERTIFICATE_ID, CHITTY_URI
from placet.domain.certificate.keys import public_key_der
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.pem import certificate_der
from placet.domain.encoding.record import Record
from placet.domain.values.digest import Digest, sha256
from placet.errors import PlacetError, VerificationError

E = TypeVar("E", bound=x509.ExtensionType)

CODE_SIGNING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
_KNOWN = frozenset(
    extension.oid
    for extension in (
        x509.BasicConstraints,
        x509.KeyUsage,
        x509.ExtendedKeyUsage,
        x509.SubjectAlternativeName,
        x509.SubjectKeyIdentifier,
        x509.AuthorityKeyIdentifier,
        x509.CRLDistributionPoints,
    )
) | {BINDING_OID}
_NOT_EVALUATED = frozenset(
    extension.oid for extension in (x509.NameConstraints, x509.PolicyConstraints, x509.InhibitAnyPolicy)
)
"""Restrictions on what lies below a CA: none of our certificates has one, and nothing here would heed one."""


class LeafSubject(Struct, frozen=True, kw_only=True):
    """What a leaf certificate is about: its id, the package version (a package URL), its archive."""

    certificate_id: str
    package_url: str
    chitty_uri: str
    binding: Binding


def fingerprint(certificate: x509.Certificate) -> Digest:
    """Return the SHA-256 of the DER, what `openssl x509 -fingerprint -sha256` shows."""
    return sha256(certificate_der(certificate))


def key_identifier(key: PublicKeyTypes) -> bytes:
    """Return the 160 leftmost bits of the SHA-256 of the SubjectPublicKeyInfo (RFC 7093, method 4)."""
    return hashlib.sha256(public_key_der(key)).digest()[:20]


@lru_cache(maxsize=16)
def issuer_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return the extension by which what `issuer` signs names its key."""
    return x509.AuthorityKeyIdentifier(key_identifier(issuer.public_key()), None, None)


def key_usage(*, ca: bool) -> x509.KeyUsage:
    """Return the key usage of a CA (certificates and revocation lists) or of a leaf (signatures)."""
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def common_name(text: str) -> x509.Name:
    """Return the name that consists of this common name (at most 64 characters, X.509's limit)."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def crl_url(base_url: str, issuer: x509.Certificate) -> str:
    """Return where the issuer's revocation list is served: `BASE/crl/KEY_IDENTIFIER.crl`."""
    return f"{base_url.rstrip('/')}/crl/{crl_name(issuer)}"


@lru_cache(maxsize=16)
def crl_name(issuer: x509.Certificate) -> str:
    """Return the file name of the issuer's revocation list, as its certificates spell it: `KEY_IDENTIFIER.crl`."""
    return f"{key_identifier(issuer.public_key()).hex()}.crl"


def read_leaf(certificate: x509.Certificate) -> LeafSubject:
    """Return what a leaf says, or raise `VerificationError` (`CERTIFICATE_INVALID_CHAIN`) if it breaks the profile.

    Says nothing about who signed it: that is `chain.check_chain`'s.
    """
    check_extensions(certificate, path_length=None)
    if required(certificate, x509.ExtendedKeyUsage, critical=True) != CODE_SIGNING:
        _refuse("the certificate is not for code signing only")
    required(certificate, x509.CRLDistributionPoints, critical=False)
    names = list(required(certificate, x509.SubjectAlternativeName, critical=False))
    if [type(name) for name in names] != [x509.UniformResourceIdentifier] * 2:
        _refuse("the certificate does not have exactly two URIs as alternative names")
    url, uri = (str(name.value) for name in names)
    return _leaf_subject(certificate, {"url": url, "uri": uri})


def check_extensions(certificate: x509.Certificate, *, path_length: int | None) -> None:
    """Check what root, intermediate and leaf (`path_length` None) have in common.

    Raise `VerificationError` (`CERTIFICATE_INVALID_CHAIN`): CA flag, path length, key usage, key
    identifier, an unknown critical extension, a restriction that would not be heeded.
    """
    ca = path_length is not None
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _KNOWN:
            _refuse(f"the certificate has an unknown critical extension {extension.oid.dotted_string}")
        if extension.oid in _NOT_EVALUATED:
            _refuse(f"the certificate has a restriction that nobody would heed: {extension.oid.dotted_string}")
    constraints = required(certificate, x509.BasicConstraints, critical=True)
    if (constraints.ca, constraints.path_length) != (ca, path_length):
        _refuse("the certificate's CA flag or path length does not fit its place in the chain")
    if required(certificate, x509.KeyUsage, critical=True) != key_usage(ca=ca):
        _refuse("the certificate's key usage does not fit its place in the chain")
    own = required(certificate, x509.SubjectKeyIdentifier, critical=False)
    if own.key_identifier != key_identifier(certificate.public_key()):
        _refuse("the certificate's key identifier is not its key's")


def required(certificate: x509.Certificate, kind: type[E], *, critical: bool) -> E:
    """Return the extension of that kind, or raise `VerificationError` (`CERTIFICATE_INVALID_CHAIN`)."""
    try:
        extension = certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound as error:
        raise VerificationError(
            "CERTIFICATE_INVALID_CHAIN", f"the certificate has no extension {kind.oid.dotted_string}"
        ) from error
    if extension.critical is not critical:
        _refuse(f"the extension {kind.oid.dotted_string} is {'not ' if critical else ''}critical")
    return extension.value


def _leaf_subject(certificate: x509.Certificate, uris: Object) -> LeafSubject:
    names = list(certificate.subject)
    if [name.oid for name in names] != [NameOID.COMMON_NAME]:
        _refuse("the certificate's subject is not one common name")
    bindings = [each.value for each in certificate.extensions if each.oid == BINDING_OID]
    if not bindings or not isinstance(bindings[0], x509.UnrecognizedExtension):
        _refuse("the certificate is bound to no archive: our extension is missing")
    try:
        record = Record({"id": str(names[0].value), **uris}, what="certificate's subject", code="")
        return LeafSubject(
            certificate_id=record.text("id", CERTIFICATE_ID),
            package_url=record.text("url", r"pkg:npm/[!-~]{1,512}"),
            chitty_uri=record.text("uri", CHITTY_URI),
            binding=parse_binding(bindings[0].value),
        )
    except PlacetError as error:
        raise VerificationError("CERTIFICATE_INVALID_CHAIN", error.message) from error


def _refuse(reason: str) -> NoReturn:
    raise VerificationError("CERTIFICATE_INVALID_CHAIN", reason)
