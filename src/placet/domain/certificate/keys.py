"""Which public keys a certificate may carry (attacks A63): what is too weak is `KEY_WEAK`."""

from __future__ import annotations

from enum import StrEnum
from math import gcd, isqrt, prod
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from placet.domain.encoding.signature import PublicKey
from placet.domain.values.digest import Digest, sha256
from placet.errors import VerificationError

_LEAST_BITS = 2048
_MOST_BITS = 8192
_EXPONENT = 65_537
_SMALL_PRIMES = tuple(p for p in range(3, 168) if all(p % d for d in range(2, isqrt(p) + 1)))
_PRIMORIAL = 2 * prod(_SMALL_PRIMES)
_ROCA_RESIDUES = {p: frozenset(pow(_EXPONENT, k, p) for k in range(p)) for p in _SMALL_PRIMES}
_FERMAT_ROUNDS = 100


class KeyAlgorithm(StrEnum):
    """The kinds of keys that we make ourselves."""

    P256 = "p256"
    RSA_2048 = "rsa2048"


def check_public_key(key: PublicKeyTypes) -> PublicKey:
    """Return `key` as a key that may be certified, or raise `VerificationError` (`KEY_WEAK`).

    P-256, or RSA of 2048 to 8192 bits with exponent 65537, whose modulus has
    no small factor, no two close factors, and not the form of CVE-2017-15361 (ROCA).
    """
    if isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, ec.SECP256R1):
            _weak(f"the curve {key.curve.name} is not allowed")
        return key
    if not isinstance(key, rsa.RSAPublicKey):
        _weak("the key is neither P-256 nor RSA")
    _check_rsa(key.public_numbers())
    return key


def public_key_der(key: PublicKeyTypes) -> bytes:
    """Return the DER SubjectPublicKeyInfo."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def public_key_digest(key: PublicKeyTypes) -> Digest:
    """Return the digest by which a caller notices a key that was certified before (`KEY_WEAK`)."""
    return sha256(public_key_der(key))


def _check_rsa(numbers: rsa.RSAPublicNumbers) -> None:
    bits = numbers.n.bit_length()
    if not _LEAST_BITS <= bits <= _MOST_BITS:
        _weak(f"the RSA key has {bits} bits, {_LEAST_BITS} to {_MOST_BITS} are allowed")
    if numbers.e != _EXPONENT:
        _weak(f"the RSA exponent is not {_EXPONENT}")
    if gcd(numbers.n, _PRIMORIAL) != 1:
        _weak("the RSA modulus has a small factor")
    if all(numbers.n % p in residues for p, residues in _ROCA_RESIDUES.items()):
        _weak("the RSA modulus has the form of CVE-2017-15361 (ROCA)")
    if _factors_are_close(numbers.n):
        _weak("the factors of the RSA modulus are close to each other")


def _factors_are_close(modulus: int) -> bool:
    # Fermat: n = a² - b² with a just above √n, as the CA/Browser Forum asks (100 rounds).
    start = isqrt(modulus) + 1
    squares = (a * a - modulus for a in range(start, start + _FERMAT_ROUNDS))
    return any(isqrt(square) ** 2 == square for square in squares)


def _weak(reason: str) -> NoReturn:
    raise VerificationError("KEY_WEAK", reason, hint="use P-256, or RSA with 2048 bits or more and exponent 65537")
