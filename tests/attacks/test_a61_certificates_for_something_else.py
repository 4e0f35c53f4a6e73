"""A61: a certificate for another package, version or archive; wildcards, prefixes, look-alike scopes."""

from __future__ import annotations

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.certificate.chain import check_chain, check_subject
from placet.domain.certificate.profile import LeafSubject
from placet.domain.values.npm import PackageName, Version
from placet.errors import VerificationError
from support.authority import NOW, TAR_SHA256, VERSION, authority, forged, leaf_subject

OTHER_SHA256 = "cd" * 32
NAMES = ["@acme/tool", "@acme-evil/tool", "@acme/tools", "@acme/too", "tool", "@acm/tool", "acme.tool", "@acme/tool-x"]
VERSIONS = ["1.0.0", "1.0.0-rc.1", "11.0.0", "1.0.01", "1.0", "1.0.0.0", "1.0.10"]


def code_for(subject: LeafSubject, package: str, version: str, tar_sha256: str) -> str:
    try:
        check_subject(subject, package=PackageName(package), version=Version(version), tar_sha256=tar_sha256)
    except VerificationError as error:
        return error.code
    return ""


@pytest.mark.parametrize("certified", NAMES)
@pytest.mark.parametrize("presented", NAMES)
def test_a_certificate_is_for_one_package_name_and_no_other(certified: str, presented: str) -> None:
    code = code_for(leaf_subject(PackageName(certified)), presented, VERSION, TAR_SHA256)

    assert code == ("" if certified == presented else "CERTIFICATE_SUBJECT_MISMATCH")


@pytest.mark.parametrize("certified", VERSIONS)
@pytest.mark.parametrize("presented", VERSIONS)
def test_a_certificate_is_for_one_version_and_no_other(certified: str, presented: str) -> None:
    code = code_for(leaf_subject(version=Version(certified)), "@acme/tool", presented, TAR_SHA256)

    assert code == ("" if certified == presented else "CERTIFICATE_SUBJECT_MISMATCH")


@given(st.sampled_from(NAMES), st.sampled_from(VERSIONS), st.sampled_from([TAR_SHA256, OTHER_SHA256, ""]))
def test_only_the_certified_triple_passes(package: str, version: str, tar_sha256: str) -> None:
    same = (package, version, tar_sha256) == ("@acme/tool", "1.0.0", TAR_SHA256)

    assert code_for(leaf_subject(), package, version, tar_sha256) == ("" if same else "CERTIFICATE_SUBJECT_MISMATCH")


def test_a_certificate_bound_to_no_archive_fits_none() -> None:
    unbound = leaf_subject(tar_sha256="")

    assert code_for(unbound, "@acme/tool", "1.0.0", "") == "CERTIFICATE_SUBJECT_MISMATCH"
    assert code_for(unbound, "@acme/tool", "1.0.0", TAR_SHA256) == "CERTIFICATE_SUBJECT_MISMATCH"


@pytest.mark.parametrize("url", ["pkg:npm/%40acme/*@1.0.0", "pkg:npm/*", "pkg:npm/%40acme/tool@*"])
def test_a_wildcard_is_no_name(url: str) -> None:
    wild = LeafSubject(
        certificate_id=leaf_subject().certificate_id,
        package_url=url,
        chitty_uri=leaf_subject().chitty_uri,
        binding=leaf_subject().binding,
    )

    assert code_for(wild, "@acme/tool", "1.0.0", TAR_SHA256) == "CERTIFICATE_SUBJECT_MISMATCH"


@pytest.mark.parametrize(
    "names",
    [
        [],
        [x509.UniformResourceIdentifier("pkg:npm/%40acme/tool@1.0.0")],
        [x509.UniformResourceIdentifier("pkg:npm/%40acme/tool@1.0.0"), x509.DNSName("example.com")],
        [x509.UniformResourceIdentifier("pkg:npm/%40acme/tool@1.0.0")] * 2,
        [x509.UniformResourceIdentifier("pkg:npm/%40acme/tool@1.0.0")] * 3,
        [
            x509.UniformResourceIdentifier("chitty://cert/pkg/tool/2026/001"),
            x509.UniformResourceIdentifier("pkg:npm/%40acme/tool@1.0.0"),
        ],
    ],
)
def test_a_certificate_with_other_names_than_ours_is_refused(names: list[x509.GeneralName]) -> None:
    made = authority()
    san = x509.SubjectAlternativeName(names)
    leaf = forged(made.leaf(), made.intermediate, without=(x509.SubjectAlternativeName,), add=((san, False),))

    with pytest.raises(VerificationError) as refused:
        check_chain(leaf, made.intermediate.certificate, made.roots, at=NOW)

    assert refused.value.code == "CERTIFICATE_INVALID_CHAIN"
