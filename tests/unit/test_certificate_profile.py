"""What our certificates carry, and the names they go by."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from placet.domain.certificate.authority import (
    INTERMEDIATE_VALIDITY,
    LEAF_VALIDITY,
    Issuer,
    issue_leaf,
    make_intermediate,
    serial_number,
)
from placet.domain.certificate.binding import BINDING_OID, Binding, KeyOrigin, parse_binding
from placet.domain.certificate.identifiers import certificate_id, chitty_uri
from placet.domain.certificate.keys import KeyAlgorithm, public_key_digest
from placet.domain.certificate.profile import crl_url, fingerprint, key_identifier, read_leaf
from placet.domain.encoding.pem import certificate_der
from placet.domain.encoding.signature import check_low_s
from placet.domain.values.digest import sha256
from placet.domain.values.npm import PackageName
from placet.errors import ConfigurationError, InvalidInputError, VerificationError
from support.authority import NOW, TAR_SHA256, authority, leaf_subject, private_key


def uris(certificate: x509.Certificate) -> list[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def test_certificates_are_numbered_by_day() -> None:
    assert certificate_id(date(2025, 11, 13), 1) == "CERT-PKG-20251113-001"
    assert certificate_id(date(2025, 11, 13), 1234) == "CERT-PKG-20251113-1234"


def test_the_chitty_name_drops_the_scope() -> None:
    assert chitty_uri(PackageName("@acme/executive-mcp"), 2025, 1) == "chitty://cert/pkg/executive-mcp/2025/001"


def test_the_identity_is_the_package_url() -> None:
    assert uris(authority().leaf()) == ["pkg:npm/%40acme/tool@1.0.0", "chitty://cert/pkg/tool/2026/001"]


def test_the_common_name_is_the_certificate_id() -> None:
    names = authority().leaf().subject.get_attributes_for_oid(NameOID.COMMON_NAME)

    assert [name.value for name in names] == ["CERT-PKG-20260102-001"]


def test_a_leaf_is_for_code_signing_only() -> None:
    usage = authority().leaf().extensions.get_extension_for_class(x509.ExtendedKeyUsage)

    assert usage.critical
    assert list(usage.value) == [ExtendedKeyUsageOID.CODE_SIGNING]


def test_a_leaf_is_no_authority() -> None:
    constraints = authority().leaf().extensions.get_extension_for_class(x509.BasicConstraints)

    assert constraints.critical
    assert not constraints.value.ca


def test_a_leaf_names_the_revocation_list_of_its_issuer() -> None:
    issuer = authority().intermediate.certificate
    points = authority().leaf().extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    expected = f"http://localhost:8480/crl/{key_identifier(issuer.public_key()).hex()}.crl"

    assert [point.full_name for point in points] == [[x509.UniformResourceIdentifier(expected)]]
    assert crl_url("http://localhost:8480/", issuer) == expected


def test_what_a_leaf_says_is_read_back() -> None:
    assert read_leaf(authority().leaf()) == leaf_subject()


def test_a_leaf_is_valid_for_a_year() -> None:
    leaf = authority().leaf()

    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == LEAF_VALIDITY


def test_a_leaf_never_outlives_its_issuer() -> None:
    late = NOW + INTERMEDIATE_VALIDITY - timedelta(days=1)

    assert authority().leaf(now=late).not_valid_after_utc == authority().intermediate.certificate.not_valid_after_utc


def test_an_authority_that_has_ended_issues_nothing() -> None:
    with pytest.raises(ConfigurationError) as refused:
        authority().leaf(now=NOW + INTERMEDIATE_VALIDITY)

    assert refused.value.code == "CA_EXPIRED"


def test_an_intermediate_never_outlives_its_root() -> None:
    root, key = authority().root, private_key("second intermediate").public_key()
    late = root.certificate.not_valid_after_utc - timedelta(days=1)
    made = make_intermediate(root, "acme", key, serial=9, now=late)

    assert made.not_valid_after_utc == root.certificate.not_valid_after_utc


def test_no_certificate_is_issued_for_a_weak_key() -> None:
    weak = ec.generate_private_key(ec.SECP384R1()).public_key()

    with pytest.raises(VerificationError) as refused:
        issue_leaf(authority().intermediate, leaf_subject(), weak, crl_url="http://localhost/", serial=1, now=NOW)

    assert refused.value.code == "KEY_WEAK"


def test_certificates_too_are_signed_with_the_lower_s() -> None:
    check_low_s(authority().leaf().signature)
    check_low_s(authority().root.certificate.signature)


def test_issuing_is_pure() -> None:
    assert authority().leaf() == authority().leaf()


def test_the_fingerprint_is_the_digest_of_the_der() -> None:
    assert fingerprint(authority().leaf()) == sha256(certificate_der(authority().leaf()))


def test_the_digest_of_a_public_key_does_not_depend_on_its_certificate() -> None:
    later = authority().leaf(now=NOW + timedelta(days=1))

    assert public_key_digest(later.public_key()) == public_key_digest(authority().leaf_key.public_key())


@pytest.mark.parametrize("content", [bytes(20), b"\xff" * 20, bytes(19) + b"\1"])
def test_a_serial_number_is_positive_and_at_most_twenty_octets(content: bytes) -> None:
    assert 0 < serial_number(content) < 2**159


def test_a_serial_number_keeps_159_of_its_random_bits() -> None:
    assert serial_number(b"\x81" + bytes(18) + b"\x07") == (1 << 152) + 7


def test_a_serial_number_takes_twenty_bytes() -> None:
    with pytest.raises(ValueError, match="20 random bytes"):
        serial_number(bytes(19))


@pytest.mark.parametrize("origin", list(KeyOrigin))
@pytest.mark.parametrize("tar_sha256", ["", TAR_SHA256])
def test_a_binding_is_read_back(origin: KeyOrigin, tar_sha256: str) -> None:
    binding = Binding(key_origin=origin, tar_sha256=tar_sha256)

    assert parse_binding(binding.to_der()) == binding


def test_a_binding_is_a_utf8_string_of_canonical_json() -> None:
    der = Binding(key_origin=KeyOrigin.SERVER, tar_sha256="").to_der()

    assert der == b'\x0c\x2d{"key_origin":"server","tar_sha256":"","v":1}'


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x0c\x00",
        b'\x0c\x80{"key_origin":"server","tar_sha256":"","v":1}',
        b'\x0c\x81\x2d{"key_origin":"server","tar_sha256":"","v":1}',
        b'\x13\x2d{"key_origin":"server","tar_sha256":"","v":1}',
        b'\x0c\x2c{"key_origin":"server","tar_sha256":"","v":1}',
        b'\x0c\x2d{"key_origin":"server","tar_sha256":"","v":2}',
        b'\x0c\x2d{"key_origin":"vendor","tar_sha256":"","v":1}',
        b'\x0c\x2e{"key_origin":"server", "tar_sha256":"","v":1}',
        b'\x0c\x36{"key_origin":"server","more":1,"tar_sha256":"","v":1}',
        b'\x0c\x2f{"key_origin":"server","tar_sha256":"00","v":1}',
    ],
)
def test_any_other_binding_is_refused(der: bytes) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_binding(der)

    assert refused.value.code in {"CERTIFICATE_MALFORMED", "JSON_INVALID", "JSON_NOT_CANONICAL"}


def test_the_extensions_number_is_our_uuid() -> None:
    assert BINDING_OID.dotted_string == f"2.25.{0x5CD0C857B5274F23A1093CD3DF3CAA19}"


@pytest.mark.parametrize("algorithm", list(KeyAlgorithm))
def test_both_kinds_of_authority_issue(algorithm: KeyAlgorithm) -> None:
    made = authority(algorithm)

    assert read_leaf(made.leaf()) == leaf_subject()
    assert isinstance(made.root, Issuer)
