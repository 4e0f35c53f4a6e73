"""A63 on the whole road: weak keys are not certified, a key not twice, and evidence with one is not verified."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from placet.facade import Placet
from support.authority import forged
from support.evidence import Evidence
from support.road import Road, Work
from support.weak_keys import close_key, request_signed_with_sha1, roca_key


def request_for(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """Return a request that proves the possession of any key."""
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM)


def certification(request: bytes, package: str = "@acme/tool") -> Work:
    """Return the work of certifying a key."""
    return lambda placet: placet.certificates.issue(package, "9.0.0", request=request, made_here=False)


WEAK = {
    "rsa_1024": lambda: request_for(rsa.generate_private_key(65_537, 1024)),  # noqa: S505 - that is the attack
    "exponent_3": lambda: request_for(rsa.generate_private_key(3, 2048)),
    "roca": lambda: request_for(roca_key()),
    "close_factors": lambda: request_for(close_key()),
    "p384": lambda: request_for(ec.generate_private_key(ec.SECP384R1())),
    "secp256k1": lambda: request_for(ec.generate_private_key(ec.SECP256K1())),
    "ed25519": lambda: request_for(ed25519.Ed25519PrivateKey.generate()),
    "sha1": request_signed_with_sha1,
}


@pytest.mark.parametrize("case", WEAK)
def test_a63_a_weak_key_is_not_certified(case: str, road: Road) -> None:
    assert road.refused_unasked(certification(WEAK[case]())) == "KEY_WEAK"


def test_a63_a_key_is_certified_once_and_the_second_time_denied_and_on_record(road: Road) -> None:
    request = request_for(ec.generate_private_key(ec.SECP256R1()))
    road.do(certification(request))

    refused = road.refused(certification(request, "@acme/another"))

    denials = [each["data"] for each in refused.entries if each["type"] == "authorization.denied"]
    assert (refused.code, [each["code"] for each in denials]) == ("KEY_WEAK", ["KEY_WEAK"])
    assert "package.certificate.issued" not in refused.types
    assert refused.types[-1] == "run.abandoned"


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(3, 2048)])
def test_a63_evidence_with_a_certificate_for_a_weak_key_is_not_verified(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, evidence: Evidence
) -> None:
    leaf = forged(evidence.leaf, evidence.issuer(), key=key.public_key())

    assert evidence.code_of(evidence.with_leaf(leaf)) == "KEY_WEAK"


def test_a63_no_two_certificates_of_an_installation_have_one_serial_number(road: Road, evidence: Evidence) -> None:
    for version in ("9.1.0", "9.2.0"):
        request = request_for(ec.generate_private_key(ec.SECP256R1()))
        road.do(lambda placet: _issue(placet, version, request))  # noqa: B023 - done within this turn
    rows = road.do(lambda placet: placet.certificates.list())["certificates"]
    serials = [road.do(lambda placet: placet.certificates.show(row["cert_id"]))["serial_number"] for row in rows]  # noqa: B023 - as above

    assert len(set(serials)) == len(serials) >= 3
    assert f"{evidence.leaf.serial_number:x}" in serials


async def _issue(placet: Placet, version: str, request: bytes) -> object:
    return await placet.certificates.issue("@acme/tool", version, request=request, made_here=False)
