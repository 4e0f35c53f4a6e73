"""Certificate requests (PKCS #10): a public key, and the proof that whoever asks holds the private half."""

from __future__ import annotations

from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from placet.domain.certificate.keys import check_public_key
from placet.domain.encoding.pem import read_request
from placet.domain.encoding.signature import PrivateKey, PublicKey, for_builder
from placet.errors import InvalidInputError, VerificationError

_STRONG_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def make_request(key: PrivateKey) -> x509.CertificateSigningRequest:
    """Return a request for `key`, with an empty subject: the authority names the certificate, nobody else."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(for_builder(key), hashes.SHA256())


@lru_cache(maxsize=64)
def requested_key(pem: bytes) -> PublicKey:
    """Return the key whose possession the request in a PEM file proves; raise as `read_request` and `key_of_request`.

    Whoever plans a certificate and whoever issues it both look; the same bytes are verified once.
    """
    return key_of_request(read_request(pem))


def key_of_request(request: x509.CertificateSigningRequest) -> PublicKey:
    """Return the key whose possession the request proves; all else that it asks for is ignored.

    Raise `InvalidInputError` (`CSR_SIGNATURE_INVALID`), and `VerificationError` (`KEY_WEAK`) for
    keys and hashes that we do not certify. Whether the key was certified before, the caller
    knows by `public_key_digest`.
    """
    key = check_public_key(request.public_key())
    if not isinstance(request.signature_hash_algorithm, _STRONG_HASHES):
        raise VerificationError("KEY_WEAK", "the request is not signed with SHA-256, SHA-384 or SHA-512")
    if not request.is_signature_valid:
        raise InvalidInputError("CSR_SIGNATURE_INVALID", "the request is not signed with the key that it names")
    return key
