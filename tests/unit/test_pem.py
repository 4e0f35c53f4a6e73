"""Certificates and requests are read in one spelling, and everything odd about them is found at the door."""

from __future__ import annotations

import base64
from datetime import timedelta
from itertools import count

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from placet.domain.certificate.request import make_request
from placet.domain.encoding import pem
from placet.domain.encoding.pem import (
    certificate_der,
    read_certificate,
    read_certificate_der,
    read_certificates,
    read_request,
    write_pem,
)
from placet.errors import InvalidInputError
from support.authority import NOW, authority, private_key

LEAF = authority().leaf()
# Written by `openssl x509 -req -signkey` without extensions.
VERSION_1 = b"""\
-----BEGIN CERTIFICATE-----
MIIBFjCBvQIUMXkXHtUJSD2iiHYIxdI6eKKRUJYwCgYIKoZIzj0EAwIwDTELMAkG
A1UEAwwCdjEwIBcNMjYxMTIxMjE1MjM0WhgPMjEyNjEwMjgyMTUyMzRaMA0xCzAJ
BgNVBAMMAnYxMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVbDWn7jvSk418JNb
i2w95nThCGl9qpxH9m4tE+VoF9WjmxxEhTpOFZNUfgbzqKrb5MpWG2zLz07W8DKP
iBTI0jAKBggqhkjOPQQDAgNIADBFAiEA+kh37qk3UGGumQozHrnUcRi9KE7HBeJQ
YYmSbzyUqgwCID87IU+8D0AFasO1VNKwZT5HaP+ahqUuUzwWcZuTILyw
-----END CERTIFICATE-----
"""
REQUEST = make_request(private_key("leaf")).public_bytes(Encoding.PEM)


def pem_of(der: bytes) -> bytes:
    text = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE REQUEST-----\n" + text + b"-----END CERTIFICATE REQUEST-----\n"


def code_of(refused: pytest.ExceptionInfo[InvalidInputError]) -> str:
    return refused.value.code


def test_a_certificate_comes_back_from_pem_and_der() -> None:
    assert read_certificate(write_pem(LEAF)) == LEAF
    assert read_certificate_der(certificate_der(LEAF)) == LEAF


def test_a_chain_comes_back_in_its_order() -> None:
    chain = (LEAF, authority().intermediate.certificate, authority().root.certificate)

    assert read_certificates(write_pem(*chain)) == chain


def test_windows_line_ends_are_read() -> None:
    assert read_certificate(write_pem(LEAF).replace(b"\n", b"\r\n")) == LEAF


def test_a_request_comes_back() -> None:
    assert read_request(REQUEST).public_key() == private_key("leaf").public_key()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"text\n" + write_pem(LEAF),
        write_pem(LEAF) + b"text",
        write_pem(LEAF).replace(b"-----END CERT", b"-----END CART"),
        write_pem(LEAF).replace(b"-----BEGIN CERT", b"-----BEGIN CART"),
        write_pem(LEAF).replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"),
        write_pem(LEAF).replace(b"\n", b" \n", 3),
        write_pem(LEAF).replace(b"MII", b"M=I"),
        write_pem(LEAF, LEAF),
        REQUEST,
    ],
)
def test_anything_but_one_certificate_block_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_certificate(content)

    assert code_of(refused) == "PEM_INVALID"


@pytest.mark.parametrize("unused", [1, 2, 3])
def test_the_signature_has_no_unused_bits(unused: int) -> None:
    made = authority()
    later = (made.leaf(now=NOW + timedelta(seconds=each)) for each in count())
    leaf = next(each for each in later if each.signature[-1] % 8 == 0)
    der = bytearray(certificate_der(leaf))
    der[-len(leaf.signature) - 1] = unused

    with pytest.raises(InvalidInputError, match="one DER spelling"):
        read_certificate_der(bytes(der))


def test_outside_the_signed_part_only_the_algorithm_can_be_renamed() -> None:
    der = certificate_der(LEAF)
    start = der.index(LEAF.tbs_certificate_bytes)
    outside = [*range(start), *range(start + len(LEAF.tbs_certificate_bytes), len(der) - len(LEAF.signature))]
    read = [_algorithm(_flipped(der, at, bit)) for at in outside for bit in range(8)]

    assert {each for each in read if each} == {"1.2.840.10045.4.3.3"}


def _flipped(der: bytes, at: int, bit: int) -> bytes:
    return der[:at] + bytes([der[at] ^ 1 << bit]) + der[at + 1 :]


def _algorithm(der: bytes) -> str:
    try:
        return read_certificate_der(der).signature_algorithm_oid.dotted_string
    except InvalidInputError:
        return ""


def test_one_flipped_bit_anywhere_is_refused_or_reads_without_a_foreign_exception() -> None:
    der = certificate_der(LEAF)

    assert all(_algorithm(_flipped(der, at, bit)) is not None for at in range(len(der)) for bit in range(8))


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidInputError, match="more than"):
        read_certificate_der(bytes(pem.LIMIT_BYTES + 1))
    with pytest.raises(InvalidInputError, match="not the DER"):
        read_certificate_der(bytes(pem.LIMIT_BYTES))


def test_a_certificate_with_bytes_behind_it_is_refused() -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_certificate_der(certificate_der(LEAF) + b"\0")

    assert code_of(refused) == "CERTIFICATE_MALFORMED"


def test_a_serial_number_that_is_not_positive_is_refused() -> None:
    der = certificate_der(LEAF)
    at = der.index(bytes([2, 1, LEAF.serial_number]))

    for serial in (0, 0x80):
        with pytest.raises(InvalidInputError):
            read_certificate_der(der[: at + 2] + bytes([serial]) + der[at + 3 :])


def test_a_certificate_of_version_1_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="version 3"):
        read_certificate(VERSION_1)


@pytest.mark.parametrize(
    "content",
    [REQUEST.replace(b"MIG", b"MIH"), pem_of(bytes(pem.LIMIT_BYTES + 1)), pem_of(b"\x30\x00")],
)
def test_what_is_no_request_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_request(content)

    assert code_of(refused) == "CSR_MALFORMED"


def test_a_doubled_extension_is_refused() -> None:
    usage = certificate_der(LEAF)
    basic, key = b"\x06\x03\x55\x1d\x13", b"\x06\x03\x55\x1d\x0e"
    assert usage.count(key) == 1

    with pytest.raises(InvalidInputError):
        read_certificate_der(usage.replace(basic, key))
