"""A62: CA:TRUE leaves, path length and names bypassed, missing usage, unknown critical extensions."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from placet.domain.certificate.authority import Issuer, make_intermediate, make_root
from placet.domain.certificate.binding import BINDING_OID
from placet.domain.certificate.chain import check_chain, check_subject
from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.certificate.profile import CODE_SIGNING, common_name, key_usage
from placet.domain.encoding.pem import read_certificate_der
from placet.errors import InvalidInputError, VerificationError
from support.authority import NOW, PACKAGE, TAR_SHA256, VERSION, authority, forged, private_key

MADE = authority()
LEAF = MADE.leaf()
INTERMEDIATE = MADE.intermediate.certificate
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.25.1"), b"\x05\x00")
Added = tuple[tuple[x509.ExtensionType, bool], ...]


def code_of(
    leaf: x509.Certificate = LEAF,
    intermediate: x509.Certificate = INTERMEDIATE,
    root: x509.Certificate = MADE.root.certificate,
) -> str:
    try:
        check_chain(leaf, intermediate, [root], at=NOW)
    except VerificationError as error:
        return error.code
    return ""


def leaf_with(*removed: type[x509.ExtensionType], add: Added = ()) -> x509.Certificate:
    return forged(LEAF, MADE.intermediate, without=removed, add=add)


def without_binding() -> x509.Certificate:
    return leaf_with(x509.UnrecognizedExtension)


def test_the_honest_chain_passes() -> None:
    assert code_of() == ""


@pytest.mark.parametrize(
    "leaf",
    [
        leaf_with(x509.BasicConstraints, add=((x509.BasicConstraints(ca=True, path_length=None), True),)),
        leaf_with(x509.BasicConstraints, add=((x509.BasicConstraints(ca=True, path_length=0), True),)),
        leaf_with(x509.BasicConstraints, add=((x509.BasicConstraints(ca=False, path_length=None), False),)),
        leaf_with(x509.BasicConstraints),
        leaf_with(x509.KeyUsage),
        leaf_with(x509.KeyUsage, add=((key_usage(ca=False), False),)),
        leaf_with(x509.KeyUsage, add=((key_usage(ca=True), True),)),
        leaf_with(x509.ExtendedKeyUsage),
        leaf_with(x509.ExtendedKeyUsage, add=((CODE_SIGNING, False),)),
        leaf_with(
            x509.ExtendedKeyUsage, add=((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), True),)
        ),
        leaf_with(
            x509.ExtendedKeyUsage,
            add=((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.SERVER_AUTH]), True),),
        ),
        leaf_with(x509.SubjectAlternativeName),
        leaf_with(x509.SubjectKeyIdentifier),
        leaf_with(x509.SubjectKeyIdentifier, add=((x509.SubjectKeyIdentifier(bytes(20)), False),)),
        leaf_with(x509.AuthorityKeyIdentifier),
        leaf_with(x509.AuthorityKeyIdentifier, add=((x509.AuthorityKeyIdentifier(bytes(20), None, None), False),)),
        leaf_with(x509.CRLDistributionPoints),
        leaf_with(add=((UNKNOWN, True),)),
        without_binding(),
        leaf_with(x509.UnrecognizedExtension, add=((x509.UnrecognizedExtension(BINDING_OID, b"\x0c\x02{}"), False),)),
    ],
)
def test_a_leaf_that_leaves_the_profile_is_refused(leaf: x509.Certificate) -> None:
    assert code_of(leaf) == "CERTIFICATE_INVALID_CHAIN"


@pytest.mark.parametrize(
    "subject",
    [
        x509.Name([]),
        common_name("CERT-PKG-2026-1"),
        common_name("example.com"),
        common_name("CERT-PKG-20260102-001."),
        common_name("cert-pkg-20260102-001"),
        x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "CERT-PKG-20260102-001")]),
        x509.Name([*LEAF.subject, x509.NameAttribute(NameOID.ORGANIZATION_NAME, "acme")]),
        x509.Name([*LEAF.subject, *LEAF.subject]),
    ],
)
def test_a_leaf_with_another_subject_is_refused(subject: x509.Name) -> None:
    assert code_of(forged(LEAF, MADE.intermediate, subject=subject)) == "CERTIFICATE_INVALID_CHAIN"


URL, URI = "pkg:npm/%40acme/tool@1.0.0", "chitty://cert/pkg/tool/2026/001"


def named(*names: x509.GeneralName, critical: bool = False) -> x509.Certificate:
    """Return the leaf with other alternative names."""
    return leaf_with(x509.SubjectAlternativeName, add=((x509.SubjectAlternativeName(names), critical),))


def uris(*texts: str) -> list[x509.GeneralName]:
    return [x509.UniformResourceIdentifier(text) for text in texts]


@pytest.mark.parametrize(
    "leaf",
    [
        named(),
        named(*uris(URL)),
        named(*uris(URI, URL)),
        named(*uris(URL, URI, "pkg:npm/evil@1.0.0")),
        named(*uris(URL, URI), critical=True),
        named(*uris(URL.upper(), URI)),
        named(*uris(f" {URL}", URI)),
        named(*uris(URL, f"{URI}.")),
        named(*uris(URL, URI.replace("tool", "TOOL"))),
        named(*uris("", "")),
        named(x509.DNSName(URL), x509.DNSName(URI)),
        named(x509.RFC822Name("tool@example.com"), *uris(URI)),
    ],
)
def test_names_in_another_case_number_order_or_kind_are_refused(leaf: x509.Certificate) -> None:
    assert code_of(leaf) == "CERTIFICATE_INVALID_CHAIN"


@pytest.mark.parametrize("url", [f"{URL}.", URL.replace("acme", "ACME"), URL.replace("%40", "%2540"), "pkg:npm/*"])
def test_a_package_url_in_another_spelling_is_for_another_package(url: str) -> None:
    checked = check_chain(named(*uris(url, URI)), INTERMEDIATE, MADE.roots, at=NOW)

    with pytest.raises(VerificationError, match="CERTIFICATE_SUBJECT_MISMATCH"):
        check_subject(checked.subject, package=PACKAGE, version=VERSION, tar_sha256=TAR_SHA256)


ONLY_EXAMPLE = x509.NameConstraints(
    permitted_subtrees=[x509.UniformResourceIdentifier("example.com")], excluded_subtrees=None
)


@pytest.mark.parametrize("critical", [True, False])
@pytest.mark.parametrize("constraint", [ONLY_EXAMPLE, x509.PolicyConstraints(0, None), x509.InhibitAnyPolicy(0)])
def test_an_intermediate_that_is_restricted_is_refused_instead_of_not_heeded(
    constraint: x509.ExtensionType, critical: bool
) -> None:
    restricted = forged(INTERMEDIATE, MADE.root, add=((constraint, critical),))

    assert code_of(intermediate=restricted) == "CERTIFICATE_INVALID_CHAIN"


def test_an_unknown_extension_that_is_not_critical_is_let_pass() -> None:
    assert code_of(leaf_with(add=((UNKNOWN, False),))) == ""


def test_a_leaf_signed_by_a_leaf_is_refused() -> None:
    rogue = Issuer(certificate=LEAF, key=MADE.leaf_key)

    assert code_of(forged(LEAF, rogue), LEAF) == "CERTIFICATE_UNTRUSTED"


def test_a_leaf_signed_by_the_root_itself_is_refused() -> None:
    assert code_of(forged(LEAF, MADE.root)) == "CERTIFICATE_INVALID_CHAIN"


@pytest.mark.parametrize("path_length", [None, 1, 2])
def test_an_intermediate_with_another_path_length_is_refused(path_length: int | None) -> None:
    changed = x509.BasicConstraints(ca=True, path_length=path_length)
    rogue = forged(INTERMEDIATE, MADE.root, without=(x509.BasicConstraints,), add=((changed, True),))

    assert code_of(intermediate=rogue) == "CERTIFICATE_INVALID_CHAIN"


def test_an_intermediate_below_the_intermediate_is_refused() -> None:
    key = private_key("below")
    below = make_intermediate(MADE.intermediate, "acme", key.public_key(), serial=8, now=NOW)
    leaf = forged(LEAF, Issuer(certificate=below, key=key), without=(x509.AuthorityKeyIdentifier,))

    assert code_of(leaf, below) == "CERTIFICATE_UNTRUSTED"


def test_a_root_with_another_path_length_is_refused() -> None:
    unlimited = x509.BasicConstraints(ca=True, path_length=None)
    root = forged(MADE.root.certificate, MADE.root, without=(x509.BasicConstraints,), add=((unlimited, True),))

    assert code_of(root=root) == "CERTIFICATE_INVALID_CHAIN"


def test_a_root_of_the_same_name_with_another_key_is_not_the_root() -> None:
    other = make_root("acme", private_key("other root"), serial=5, now=NOW)

    assert code_of(root=other) == "CERTIFICATE_UNTRUSTED"


def test_a_root_of_another_name_with_the_same_key_is_not_the_root() -> None:
    other = make_root("other", MADE.root.key, serial=5, now=NOW)

    assert code_of(root=other) == "CERTIFICATE_UNTRUSTED"


def test_a_trust_root_without_roots_trusts_nobody() -> None:
    with pytest.raises(VerificationError) as refused:
        check_chain(LEAF, INTERMEDIATE, [], at=NOW)

    assert refused.value.code == "CERTIFICATE_UNTRUSTED"


def test_a_leaf_signed_by_somebody_who_names_the_intermediate_is_refused() -> None:
    impostor = Issuer(certificate=INTERMEDIATE, key=private_key("impostor"))

    assert code_of(forged(LEAF, impostor)) == "CERTIFICATE_INVALID_CHAIN"


def test_an_intermediate_signed_by_somebody_who_names_the_root_is_refused() -> None:
    impostor = Issuer(certificate=MADE.root.certificate, key=private_key("impostor"))

    assert code_of(intermediate=forged(INTERMEDIATE, impostor)) == "CERTIFICATE_INVALID_CHAIN"


def test_a_leaf_that_names_another_issuer_is_refused() -> None:
    renamed = forged(INTERMEDIATE, MADE.root, subject=common_name("another intermediate CA"))

    assert code_of(intermediate=renamed) == "CERTIFICATE_INVALID_CHAIN"


def test_a_signature_algorithm_of_another_kind_of_key_is_refused() -> None:
    rsa = authority(KeyAlgorithm.RSA_2048)
    crossed = Issuer(certificate=INTERMEDIATE, key=rsa.intermediate.key)

    assert code_of(forged(LEAF, crossed)) == "CERTIFICATE_INVALID_CHAIN"


def test_no_flipped_bit_of_a_certificate_passes() -> None:
    der = LEAF.public_bytes(Encoding.DER)
    flipped = [der[:at] + bytes([der[at] ^ 1 << bit]) + der[at + 1 :] for at in range(len(der)) for bit in range(8)]

    assert not [at for at, each in enumerate(flipped) if _passes(each)]


def _passes(der: bytes) -> bool:
    try:
        return code_of(read_certificate_der(der)) == ""
    except InvalidInputError:
        return False
