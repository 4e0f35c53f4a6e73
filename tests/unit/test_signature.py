"""A signature has exactly one spelling, and only RSA and P-256 keys verify anything."""

from __future__ import annotations

import copy

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.encoding.signature import P256_ORDER, LowSKey, for_builder, sign, verify
from placet.errors import VerificationError
from support.authority import private_key

MESSAGE = b"what is signed"
BITS = [(at, bit) for at in range(70) for bit in range(8)]


def refusal(signature: bytes, message: bytes = MESSAGE) -> str:
    with pytest.raises(VerificationError) as refused:
        verify(private_key("leaf").public_key(), signature, message)
    return f"{refused.value.code} {refused.value.message}"


@pytest.mark.parametrize("algorithm", list(KeyAlgorithm))
def test_what_was_signed_verifies(algorithm: KeyAlgorithm) -> None:
    key = private_key("leaf", algorithm)

    verify(key.public_key(), sign(key, MESSAGE), MESSAGE)


@pytest.mark.parametrize("algorithm", list(KeyAlgorithm))
def test_the_same_message_always_gives_the_same_signature(algorithm: KeyAlgorithm) -> None:
    key = private_key("leaf", algorithm)

    assert sign(key, MESSAGE) == sign(key, MESSAGE)


@pytest.mark.parametrize("number", range(16))
def test_every_signature_has_the_lower_s(number: int) -> None:
    _, s = utils.decode_dss_signature(sign(private_key("leaf"), b"%d" % number))

    assert s <= P256_ORDER // 2


def test_the_second_valid_signature_is_refused() -> None:
    r, s = utils.decode_dss_signature(sign(private_key("leaf"), MESSAGE))

    assert refusal(utils.encode_dss_signature(r, P256_ORDER - s)) == (
        "SIGNATURE_INVALID the signature is not in its low-S form"
    )


@pytest.mark.parametrize("r_and_s", [(0, 1), (1, 0), (P256_ORDER, 1)])
def test_numbers_out_of_range_are_refused(r_and_s: tuple[int, int]) -> None:
    assert "low-S" in refusal(utils.encode_dss_signature(*r_and_s))


def test_a_signature_that_is_no_der_is_refused() -> None:
    assert "DER of two integers" in refusal(b"\x30\x02\x01")


def test_a_signature_with_an_integer_that_is_not_minimal_is_refused() -> None:
    r, s = utils.decode_dss_signature(sign(private_key("leaf"), MESSAGE))
    integers = b"\x02\x22\x00\x00" + r.to_bytes(32) + b"\x02\x20" + s.to_bytes(32)

    assert refusal(b"\x30" + bytes([len(integers)]) + integers).startswith("SIGNATURE_INVALID")


def test_every_signature_that_is_read_is_in_its_one_spelling() -> None:
    signature = sign(private_key("leaf"), MESSAGE)
    flipped = [signature[:at] + bytes([signature[at] ^ 1 << bit]) + signature[at + 1 :] for at, bit in BITS]

    assert all(respelt(each) in (each, b"") for each in [*flipped, signature + b"\0", b"\x30\x81" + signature[1:]])


def respelt(signature: bytes) -> bytes:
    try:
        return utils.encode_dss_signature(*utils.decode_dss_signature(signature))
    except ValueError:
        return b""


def test_a_signature_over_something_else_is_refused() -> None:
    assert "does not fit" in refusal(sign(private_key("leaf"), MESSAGE), b"other")


def test_a_signature_by_another_key_is_refused() -> None:
    assert "does not fit" in refusal(sign(private_key("root"), MESSAGE))


@pytest.mark.parametrize("key", [Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())])
def test_other_kinds_of_keys_verify_nothing(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> None:
    with pytest.raises(VerificationError, match="neither RSA nor P-256"):
        verify(key.public_key(), sign(private_key("leaf"), MESSAGE), MESSAGE)


def low_s_key() -> LowSKey:
    key = for_builder(private_key("leaf"))
    assert isinstance(key, LowSKey)
    return key


def test_the_builders_key_signs_as_the_key_itself() -> None:
    assert low_s_key().sign(MESSAGE, ec.ECDSA(hashes.SHA256())) == sign(private_key("leaf"), MESSAGE)


def test_the_builders_key_signs_with_no_other_hash() -> None:
    with pytest.raises(TypeError, match="SHA-256 only"):
        low_s_key().sign(MESSAGE, ec.ECDSA(hashes.SHA384()))


def test_the_builders_key_is_its_own_copy() -> None:
    key = low_s_key()

    assert copy.copy(key) is key
    assert copy.deepcopy(key) is key


def test_the_builders_key_says_what_it_is() -> None:
    key = low_s_key()

    assert (key.curve.name, key.key_size) == ("secp256r1", 256)
    assert key.public_key() == private_key("leaf").public_key()


def test_the_builders_key_keeps_its_private_half() -> None:
    key = low_s_key()

    with pytest.raises(TypeError):
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(TypeError):
        key.private_numbers()
    with pytest.raises(TypeError):
        key.exchange(ec.ECDH(), key.public_key())


def test_rsa_keys_need_no_wrapping() -> None:
    key = private_key("leaf", KeyAlgorithm.RSA_2048)

    assert for_builder(key) is key
