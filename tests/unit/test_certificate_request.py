"""A certificate request proves the possession of a key, and that is all that is taken from it."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.certificate.request import key_of_request, make_request
from placet.errors import InvalidInputError, VerificationError
from support.authority import private_key


@pytest.mark.parametrize("algorithm", list(KeyAlgorithm))
def test_a_request_gives_the_key_that_it_was_made_for(algorithm: KeyAlgorithm) -> None:
    key = private_key("leaf", algorithm)

    assert key_of_request(make_request(key)) == key.public_key()


def test_making_a_request_is_pure() -> None:
    key = private_key("leaf")

    assert make_request(key) == make_request(key)


def test_a_request_asks_for_no_name() -> None:
    assert list(make_request(private_key("leaf")).subject) == []


def test_a_request_with_another_key_inside_is_refused() -> None:
    der = make_request(private_key("leaf")).public_bytes(Encoding.DER)
    own = _point("leaf")
    swapped = x509.load_der_x509_csr(der.replace(own, _point("root")))

    with pytest.raises(InvalidInputError) as refused:
        key_of_request(swapped)

    assert refused.value.code == "CSR_SIGNATURE_INVALID"


def _point(name: str) -> bytes:
    key = private_key(name).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    numbers = key.public_numbers()
    return numbers.x.to_bytes(32) + numbers.y.to_bytes(32)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256K1())])
def test_a_request_for_a_key_on_another_curve_is_refused(key: ec.EllipticCurvePrivateKey) -> None:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())

    with pytest.raises(VerificationError) as refused:
        key_of_request(request)

    assert refused.value.code == "KEY_WEAK"


def test_a_request_signed_with_a_short_hash_is_refused() -> None:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))

    with pytest.raises(VerificationError, match="SHA-256, SHA-384 or SHA-512"):
        key_of_request(request.sign(private_key("leaf"), hashes.SHA224()))
