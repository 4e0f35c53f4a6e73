"""The certificate authority: root, intermediate and leaf certificates out of given keys, time and numbers."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from msgspec import Struct

from placet.domain.certificate.binding import BINDING_OID
from placet.domain.certificate.keys import check_public_key
from placet.domain.certificate.profile import (
    CODE_SIGNING,
    LeafSubject,
    common_name,
    issuer_identifier,
    key_identifier,
    key_usage,
)
from placet.domain.encoding.signature import PrivateKey, PublicKey, for_builder
from placet.errors import ConfigurationError

ROOT_VALIDITY = timedelta(days=7305)
INTERMEDIATE_VALIDITY = timedelta(days=3652)
LEAF_VALIDITY = timedelta(days=365)
SERIAL_BYTES = 20


class Issuer(Struct, frozen=True, kw_only=True):
    """A CA certificate and the private key that belongs to it."""

    certificate: x509.Certificate
    key: PrivateKey


def serial_number(random_bytes: bytes) -> int:
    """Return a positive serial number out of 20 random bytes (159 bits of them: DER has a sign)."""
    if len(random_bytes) != SERIAL_BYTES:
        raise ValueError(f"a serial number takes {SERIAL_BYTES} random bytes")
    return int.from_bytes(random_bytes) % 2**159 or 1


def make_root(name: str, key: PrivateKey, *, serial: int, now: datetime) -> x509.Certificate:
    """Return the self-signed root certificate of the installation `name` (at most 40 characters)."""
    subject = common_name(f"{name} root CA")
    builder = _builder(subject, subject, key.public_key(), serial).add_extension(
        x509.BasicConstraints(ca=True, path_length=1), critical=True
    )
    return _sign(_valid(builder.add_extension(key_usage(ca=True), critical=True), now, now + ROOT_VALIDITY), key)


def make_intermediate(
    root: Issuer, name: str, key: CertificatePublicKeyTypes, *, serial: int, now: datetime
) -> x509.Certificate:
    """Return the intermediate certificate that issues leaves and nothing else (pathLen 0)."""
    builder = (
        _builder(common_name(f"{name} intermediate CA"), root.certificate.subject, key, serial)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(ca=True), critical=True)
        .add_extension(issuer_identifier(root.certificate), critical=False)
    )
    return _sign(_valid(builder, now, _not_beyond(root.certificate, now, INTERMEDIATE_VALIDITY)), root.key)


def issue_leaf(
    issuer: Issuer, subject: LeafSubject, key: PublicKey, *, crl_url: str, serial: int, now: datetime
) -> x509.Certificate:
    """Return the certificate of one package version and one archive, valid for a year.

    It never outlives its issuer. Raise `VerificationError` (`KEY_WEAK`) and `ConfigurationError`
    (`CA_EXPIRED`).
    """
    names = [x509.UniformResourceIdentifier(subject.package_url), x509.UniformResourceIdentifier(subject.chitty_uri)]
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl_url)], None, None, None)
    builder = (
        _builder(common_name(subject.certificate_id), issuer.certificate.subject, check_public_key(key), serial)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(ca=False), critical=True)
        .add_extension(CODE_SIGNING, critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(issuer_identifier(issuer.certificate), critical=False)
        .add_extension(x509.CRLDistributionPoints([point]), critical=False)
        .add_extension(x509.UnrecognizedExtension(BINDING_OID, subject.binding.to_der()), critical=False)
    )
    return _sign(_valid(builder, now, _not_beyond(issuer.certificate, now, LEAF_VALIDITY)), issuer.key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, serial: int
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier(key_identifier(key))
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key)
        .serial_number(serial)
        .add_extension(identifier, critical=False)
    )


def _not_beyond(issuer: x509.Certificate, now: datetime, validity: timedelta) -> datetime:
    end = issuer.not_valid_after_utc
    if end <= now:
        raise ConfigurationError("CA_EXPIRED", f"the issuing certificate ended at {end:%Y-%m-%dT%H:%M:%SZ}")
    return min(now + validity, end)


def _valid(builder: x509.CertificateBuilder, start: datetime, end: datetime) -> x509.CertificateBuilder:
    return builder.not_valid_before(start.replace(microsecond=0)).not_valid_after(end.replace(microsecond=0))


def _sign(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    return builder.sign(for_builder(key), hashes.SHA256())
