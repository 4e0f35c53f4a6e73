"""A certificate authority for tests, its keys made once per process, and the means to forge odd certificates."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from msgspec import Struct

from placet.domain.certificate.authority import Issuer, issue_leaf, make_intermediate, make_root
from placet.domain.certificate.binding import Binding, KeyOrigin
from placet.domain.certificate.identifiers import certificate_id, chitty_uri
from placet.domain.certificate.keys import KeyAlgorithm, check_public_key
from placet.domain.certificate.profile import LeafSubject, crl_url
from placet.domain.encoding.signature import PrivateKey, PublicKey, for_builder
from placet.domain.values.npm import PackageName, Version, package_url

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TAR_SHA256 = "ab" * 32
PACKAGE = PackageName("@acme/tool")
VERSION = Version("1.0.0")


@cache
def private_key(name: str, algorithm: KeyAlgorithm = KeyAlgorithm.P256) -> PrivateKey:
    """Return the key of that name: the same one whenever it is asked for in this process."""
    del name
    if algorithm is KeyAlgorithm.RSA_2048:
        return rsa.generate_private_key(65_537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


class Authority(Struct, frozen=True, kw_only=True):
    """A root, an intermediate, and the leaf keys they certify."""

    root: Issuer
    intermediate: Issuer
    leaf_key: PrivateKey

    @property
    def roots(self) -> list[x509.Certificate]:
        """Return what a trust root would name."""
        return [self.root.certificate]

    def leaf(self, subject: LeafSubject | None = None, *, now: datetime = NOW) -> x509.Certificate:
        """Return an ordinary leaf certificate."""
        key = self.leaf_key.public_key()
        where = crl_url("http://localhost:8480", self.intermediate.certificate)
        return issue_leaf(self.intermediate, subject or leaf_subject(), key, crl_url=where, serial=77, now=now)


@cache
def authority(algorithm: KeyAlgorithm = KeyAlgorithm.P256) -> Authority:
    """Return the authority of tests, the same one for the same algorithm."""
    root_key, intermediate_key = private_key("root", algorithm), private_key("intermediate", algorithm)
    root = Issuer(certificate=make_root("acme", root_key, serial=5, now=NOW), key=root_key)
    certificate = make_intermediate(root, "acme", intermediate_key.public_key(), serial=6, now=NOW)
    intermediate = Issuer(certificate=certificate, key=intermediate_key)
    return Authority(root=root, intermediate=intermediate, leaf_key=private_key("leaf", algorithm))


def leaf_subject(
    package: PackageName = PACKAGE, version: Version = VERSION, *, tar_sha256: str = TAR_SHA256
) -> LeafSubject:
    """Return the subject of a certificate for this package version and archive."""
    return LeafSubject(
        certificate_id=certificate_id(NOW.date(), 1),
        package_url=package_url(package, version),
        chitty_uri=chitty_uri(package, NOW.year, 1),
        binding=Binding(key_origin=KeyOrigin.CSR, tar_sha256=tar_sha256),
    )


def forged(
    certificate: x509.Certificate,
    issuer: Issuer,
    *,
    without: tuple[type[x509.ExtensionType], ...] = (),
    add: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    subject: x509.Name | None = None,
    key: PublicKey | None = None,
    validity: tuple[datetime, datetime] | None = None,
) -> x509.Certificate:
    """Return `certificate` issued again by `issuer` with these changes: what a broken or bribed CA would sign."""
    start, end = validity or (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    builder = (
        x509.CertificateBuilder()
        .issuer_name(issuer.certificate.subject)
        .subject_name(certificate.subject if subject is None else subject)
        .public_key(key or check_public_key(certificate.public_key()))
        .serial_number(certificate.serial_number)
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for extension in certificate.extensions:
        if not isinstance(extension.value, without):
            builder = builder.add_extension(extension.value, extension.critical)
    for value, critical in add:
        builder = builder.add_extension(value, critical)
    return builder.sign(for_builder(issuer.key), hashes.SHA256())
