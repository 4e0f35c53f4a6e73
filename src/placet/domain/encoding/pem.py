"""X.509 certificates and requests, read strictly from DER and PEM (protocol 1 and 8).

Whatever the library would complain about later (a key it does not know, a doubled extension, a
serial number that is not positive) is refused here, so that nobody downstream meets a foreign
exception in a certificate that was already read.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import NoReturn

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning

from placet.domain.encoding.strict_base64 import decode_base64
from placet.errors import InvalidInputError, PlacetError

LIMIT_BYTES = 16 * 1024
_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----\n((?:[A-Za-z0-9+/=]{1,76}\n)+)-----END ([A-Z ]+)-----\n?")
_CERTIFICATE = "CERTIFICATE_MALFORMED"
_REQUEST = "CSR_MALFORMED"
_FOREIGN = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    CryptographyDeprecationWarning,
)


def read_certificate_der(der: bytes) -> x509.Certificate:
    """Return the certificate that `der` holds, or raise `InvalidInputError` (`CERTIFICATE_MALFORMED`).

    Guarantees version 3, a positive serial number, a key and extensions that can be read, and
    that outside its signed part nothing but the algorithm's name could be another.
    """
    _check_size(der, _CERTIFICATE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", CryptographyDeprecationWarning)
            certificate = x509.load_der_x509_certificate(der)
            _touch_certificate(certificate)
    except _FOREIGN as error:
        raise InvalidInputError(_CERTIFICATE, "the bytes are not the DER of a certificate we can read") from error
    if certificate.version is not x509.Version.v3:
        _refuse(_CERTIFICATE, "the certificate is not of version 3")
    # The library ignores the count of unused bits before the signature, which nothing signs.
    if not der.endswith(b"\x00" + certificate.signature):
        _refuse(_CERTIFICATE, "the certificate is not in its one DER spelling")
    return certificate


def kept_certificate(der: bytes) -> x509.Certificate:
    """Return a certificate of ours as our own store keeps it, to be shown; for any other: `read_certificate_der`."""
    return x509.load_der_x509_certificate(der)


def read_certificate(pem: bytes) -> x509.Certificate:
    """Return the one certificate of a PEM file (`PEM_INVALID`, `CERTIFICATE_MALFORMED`)."""
    return read_certificate_der(_one_block(pem, "CERTIFICATE"))


def read_certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a PEM file, in order (`PEM_INVALID`, `CERTIFICATE_MALFORMED`)."""
    return tuple(read_certificate_der(der) for der in _blocks(pem, "CERTIFICATE"))


def read_request(pem: bytes) -> x509.CertificateSigningRequest:
    """Return the certificate request of a PEM file, its own signature not yet checked.

    Raise `InvalidInputError` (`PEM_INVALID`, `CSR_MALFORMED`).
    """
    der = _one_block(pem, "CERTIFICATE REQUEST")
    _check_size(der, _REQUEST)
    try:
        request = x509.load_der_x509_csr(der)
        request.public_key()
    except _FOREIGN as error:
        raise InvalidInputError(_REQUEST, "the bytes are not a certificate request we can read") from error
    return request


@lru_cache(maxsize=16)
def write_pem(*certificates: x509.Certificate) -> bytes:
    """Return the certificates as one PEM file, in the order given."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def public_key_pem(certificate: x509.Certificate) -> bytes:
    """Return the certificate's public key, SubjectPublicKeyInfo in PEM."""
    return certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def certificate_der(certificate: x509.Certificate) -> bytes:
    """Return the certificate's DER."""
    return certificate.public_bytes(Encoding.DER)


def _touch_certificate(certificate: x509.Certificate) -> None:
    certificate.public_key()
    certificate.signature_hash_algorithm  # noqa: B018 - raises where the algorithm is not known
    for extension in certificate.extensions:
        extension.value.public_bytes()
    certificate.subject.public_bytes()
    certificate.issuer.public_bytes()


def _check_size(der: bytes, code: str) -> None:
    if len(der) > LIMIT_BYTES:
        _refuse(code, f"{len(der)} bytes are more than the {LIMIT_BYTES} allowed")


def _one_block(pem: bytes, label: str) -> bytes:
    blocks = _blocks(pem, label)
    if len(blocks) != 1:
        _refuse("PEM_INVALID", f"the file holds {len(blocks)} blocks, one is expected")
    return blocks[0]


def _blocks(pem: bytes, label: str) -> list[bytes]:
    try:
        text = pem.decode("ascii").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InvalidInputError("PEM_INVALID", "the file is not PEM: it holds bytes outside ASCII") from error
    blocks, position = [], 0
    while position < len(text):
        found = _BLOCK.match(text, position)
        if found is None or found[1] != label or found[3] != label:
            _refuse("PEM_INVALID", f"the file is not PEM of {label} and nothing else")
        blocks.append(_decode(found[2].replace("\n", "")))
        position = found.end()
    return blocks


def _decode(text: str) -> bytes:
    try:
        return decode_base64(text)
    except PlacetError as error:
        raise InvalidInputError("PEM_INVALID", "the PEM block is not base64") from error


def _refuse(code: str, reason: str) -> NoReturn:
    raise InvalidInputError(code, reason)
