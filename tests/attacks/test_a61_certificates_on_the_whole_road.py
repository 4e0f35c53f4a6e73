"""A61 on the whole road: a certificate for another package, version, archive or run neither is issued nor verifies."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from placet.domain.encoding.archive import read_archive
from placet.domain.verification.verifier import Held
from placet.facade import Placet
from support.authority import forged
from support.evidence import ARCHIVE, PACKAGE, VERSION, Evidence
from support.publication import SECOND, story
from support.road import Road
from support.verdicts import code_of

OTHER_RUN = SECOND.run_id
TAR_SHA256 = read_archive(ARCHIVE).tarball_hash.removeprefix("sha256:")


async def issued(placet: Placet, asked: tuple[str, str, str]) -> Any:
    """Return a certificate that the authority issued on its own, in a run of its own, with a key of its own."""
    package, version, tar_sha256 = asked
    _, request = placet.certificates.make_key("p256")
    return await placet.certificates.issue(package, version, request=request, made_here=True, tar_sha256=tar_sha256)


OTHERS = {
    "other_package": ("@acme/other", VERSION, TAR_SHA256),
    "other_version": (PACKAGE, "1.0.1", TAR_SHA256),
    "other_archive": (PACKAGE, VERSION, "cd" * 32),
    "other_run": (PACKAGE, VERSION, TAR_SHA256),  # just the same, but for its run and its key
}


@pytest.fixture(scope="module")
def others(road: Road) -> dict[str, x509.Certificate]:
    """Return the certificates for something else, issued before the publication."""
    made = {case: road.do(partial(issued, asked=asked)) for case, asked in OTHERS.items()}
    return {case: x509.load_pem_x509_certificate(each["pem"].encode()) for case, each in made.items()}


@pytest.fixture(scope="module")
def evidence(road: Road, others: dict[str, x509.Certificate]) -> Evidence:  # noqa: ARG001 - they are older than it
    return Evidence.made(road)


@pytest.mark.parametrize("case", OTHERS)
def test_a61_a_real_certificate_for_something_else_proves_nothing(
    case: str, others: dict[str, x509.Certificate], evidence: Evidence
) -> None:
    assert evidence.code_of(evidence.with_leaf(others[case])) == "CERTIFICATE_SUBJECT_MISMATCH"


@pytest.mark.parametrize("url", ["pkg:npm/%40acme-evil/tool@1.0.0", "pkg:npm/%40acme/*@1.0.0", "pkg:npm/%40acme/tool"])
def test_a61_another_name_under_the_same_id_is_not_what_the_log_issued(url: str, evidence: Evidence) -> None:
    honest = evidence.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(url), list(honest)[1]])
    leaf = forged(evidence.leaf, evidence.issuer(), without=(x509.SubjectAlternativeName,), add=((names, False),))

    assert evidence.code_of(evidence.with_leaf(leaf)) == "CERTIFICATE_UNTRUSTED"


@pytest.mark.parametrize(("package", "version"), [("@acme-evil/tool", VERSION), ("@acme/too", VERSION), (PACKAGE, "1")])
def test_a61_evidence_is_for_the_name_that_is_asked_for(package: str, version: str, evidence: Evidence) -> None:
    assert evidence.code_of(evidence.bundle, Held(package=package, version=version)) == "SUBJECT_MISMATCH"


def test_a61_evidence_is_for_the_archive_that_is_held(evidence: Evidence) -> None:
    assert evidence.code_of(evidence.bundle, Held(sha256="cd" * 32)) == "DIGEST_MISMATCH"
    assert evidence.verdict(evidence.bundle)["verified"] is True


def test_a61_a_scope_that_begins_alike_is_denied_and_on_record(road: Road) -> None:
    refused = road.refused(lambda placet: issued(placet, ("@acme-evil/tool", VERSION, "")))

    denials = [each["data"] for each in refused.entries if each["type"] == "authorization.denied"]
    assert (refused.code, [each["code"] for each in denials]) == ("NO_RULE", ["NO_RULE"])
    assert "package.certificate.issued" not in refused.types


def test_a61_what_a_request_says_of_itself_is_ignored(road: Road) -> None:
    """Whoever asks may write any subject and any alternative names: the authority names the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    evil = "pkg:npm/%40acme-evil/tool@1.0.0"
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(evil), x509.DNSName("*.example.com")])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CERT-PKG-20200101-001")]))
        .add_extension(names, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )

    made = road.do(lambda placet: placet.certificates.issue("@acme/asked", VERSION, request=request, made_here=False))

    leaf = x509.load_pem_x509_certificate(made["pem"].encode())
    san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [each.value for each in san] == ["pkg:npm/%40acme/asked@1.0.0", made["chitty_id"]]
    assert leaf.subject.rfc4514_string() == f"CN={made['cert_id']}"
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


# Another run: what a log would have to say for a certificate of one run to serve a publication of another.


def test_a61_a_publication_with_the_plan_of_a_certificate_of_another_run_is_refused() -> None:
    told, other = story(), story(SECOND)
    told.plans[0] = other.plans[0]
    told.events |= {name: other.events[name] for name in ("certification planned", "certificate")}
    told.leaf = other.leaf

    assert code_of(told) == "PLAN_MISMATCH"


def test_a61_a_certificate_that_was_issued_in_another_run_is_refused() -> None:
    told, other = story(), story(SECOND)
    told.events["certificate"].data["receipt"] = other.events["certificate"].data["receipt"]

    assert code_of(told) == "OPERATION_MISMATCH"


def test_a61_a_certificate_whose_receipt_was_for_another_run_is_refused() -> None:
    assert code_of(story().change_receipt("certificate", run_id=OTHER_RUN)) == "RUN_MISMATCH"


def test_a61_a_publication_planned_with_the_certificate_of_another_run_is_refused() -> None:
    told = story()
    told.leaf = story(SECOND).leaf

    assert code_of(told) == "CERTIFICATE_SUBJECT_MISMATCH"
