"""A63: RSA-1024, e=3, SHA-1, ROCA-like and close factors, curves not allowed, a key certified twice."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from placet.domain.certificate.chain import check_chain
from placet.domain.certificate.keys import KeyAlgorithm, check_public_key, public_key_digest
from placet.domain.encoding.pem import read_certificate_der
from placet.errors import VerificationError
from support.authority import NOW, authority, forged, private_key
from support.weak_keys import RSA_MD5, RSA_SHA1, RSA_SHA256, prime_from, public, roca_prime


def refusal(key: PublicKeyTypes) -> str:
    with pytest.raises(VerificationError) as refused:
        check_public_key(key)
    assert refused.value.code == "KEY_WEAK"
    return refused.value.message


@pytest.mark.parametrize("algorithm", list(KeyAlgorithm))
def test_keys_as_we_make_them_pass(algorithm: KeyAlgorithm) -> None:
    key = private_key("leaf", algorithm).public_key()

    assert check_public_key(key) is key


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_short_rsa_key_is_refused(bits: int) -> None:
    assert f"{bits} bits" in refusal(public(2**bits - 1))


def test_an_rsa_key_that_is_absurdly_long_is_refused() -> None:
    assert "8193 bits" in refusal(public(2**8192 + 1))


@pytest.mark.parametrize("exponent", [3, 5, 17, 257, 65_539])
def test_another_exponent_is_refused(exponent: int) -> None:
    numbers = private_key("leaf", KeyAlgorithm.RSA_2048).public_key()
    assert isinstance(numbers, rsa.RSAPublicKey)

    assert "exponent" in refusal(public(numbers.public_numbers().n, exponent))


@pytest.mark.parametrize("factor", [3, 5, 167])
def test_a_modulus_with_a_small_factor_is_refused(factor: int) -> None:
    assert "small factor" in refusal(public(factor * (2**2047 + 1)))


def test_a_modulus_of_the_broken_library_is_refused() -> None:
    assert "ROCA" in refusal(public(roca_prime(1) * roca_prime(2)))


@pytest.mark.parametrize("gap", [2, 2**400])
def test_close_factors_are_refused(gap: int) -> None:
    first = prime_from(2**1024 + 2**1000 + 1)

    assert "close" in refusal(public(first * prime_from(first + gap)))


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1(), ec.SECP224R1()])
def test_another_curve_is_refused(curve: ec.EllipticCurve) -> None:
    assert "curve" in refusal(ec.generate_private_key(curve).public_key())


@pytest.mark.parametrize(
    "key", [ed25519.Ed25519PrivateKey.generate().public_key(), ed448.Ed448PrivateKey.generate().public_key()]
)
def test_another_kind_of_key_is_refused(key: PublicKeyTypes) -> None:
    assert "neither" in refusal(key)


@pytest.mark.parametrize("algorithm", [RSA_SHA1, RSA_MD5])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_weak_hash_anywhere_in_the_chain_is_refused(place: int, algorithm: bytes) -> None:
    made = authority(KeyAlgorithm.RSA_2048)
    chain = [made.leaf(), made.intermediate.certificate, made.root.certificate]
    chain[place] = read_certificate_der(chain[place].public_bytes(Encoding.DER).replace(RSA_SHA256, algorithm))

    assert chain_code(*chain) == "KEY_WEAK"


def test_a_certificate_for_a_weak_key_is_refused_whoever_issued_it() -> None:
    made = authority()
    leaf = forged(made.leaf(), made.intermediate, key=ec.generate_private_key(ec.SECP384R1()).public_key())

    assert chain_code(leaf, made.intermediate.certificate, made.root.certificate) == "KEY_WEAK"


def chain_code(leaf: x509.Certificate, intermediate: x509.Certificate, root: x509.Certificate) -> str:
    with pytest.raises(VerificationError) as refused:
        check_chain(leaf, intermediate, [root], at=NOW)
    return refused.value.code


def test_a_key_that_is_certified_twice_is_known_by_its_digest() -> None:
    made = authority()
    again = forged(made.leaf(), made.root)

    assert public_key_digest(again.public_key()) == public_key_digest(made.leaf().public_key())
    assert public_key_digest(private_key("other").public_key()) != public_key_digest(made.leaf().public_key())
