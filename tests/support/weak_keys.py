"""Keys that nobody should certify (attack A63), and requests for them."""

from __future__ import annotations

from math import prod

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.certificate.request import make_request
from support.authority import private_key

RSA_SHA256, RSA_SHA1, RSA_MD5 = (bytes.fromhex("06092a864886f70d0101" + each) for each in ("0b", "05", "04"))
SMALL_PRIMES = [p for p in range(2, 168) if all(p % d for d in range(2, p))]


def is_prime(number: int) -> bool:
    return all(number % p for p in SMALL_PRIMES) and all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7))


def prime_from(start: int, step: int = 2) -> int:
    while not is_prime(start):
        start += step
    return start


def public(modulus: int, exponent: int = 65_537) -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def roca_prime(seed: int) -> int:
    """Return a prime of the form k*M + 65537^a mod M, as the broken library made them (CVE-2017-15361)."""
    primorial = prod(SMALL_PRIMES)
    return prime_from((2**1024 // primorial + seed) * primorial + pow(65_537, 40 + seed, primorial), primorial)


def rsa_key(first: int, second: int) -> rsa.RSAPrivateKey:
    """Return the key of two primes, however badly they were chosen."""
    exponent = 65_537
    private = pow(exponent, -1, (first - 1) * (second - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=first,
        q=second,
        d=private,
        dmp1=private % (first - 1),
        dmq1=private % (second - 1),
        iqmp=pow(second, -1, first),
        public_numbers=rsa.RSAPublicNumbers(exponent, first * second),
    )
    return numbers.private_key()


def roca_key() -> rsa.RSAPrivateKey:
    """Return a key as the broken library made them."""
    return rsa_key(roca_prime(1), roca_prime(2))


def close_key() -> rsa.RSAPrivateKey:
    """Return a key whose factors are neighbours."""
    first = prime_from(2**1024 + 2**1000 + 1)
    return rsa_key(first, prime_from(first + 2))


def request_signed_with_sha1() -> bytes:
    """Return a request that says to be signed with SHA-1."""
    key = private_key("leaf", KeyAlgorithm.RSA_2048)
    der = make_request(key).public_bytes(Encoding.DER)
    assert RSA_SHA256 in der
    return x509.load_der_x509_csr(der.replace(RSA_SHA256, RSA_SHA1)).public_bytes(Encoding.PEM)
