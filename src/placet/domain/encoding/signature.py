"""Signatures with exactly one spelling: ECDSA P-256 low-S in strict DER, RSA PKCS #1 v1.5 (protocol 8).

For every ECDSA signature (r, s) there is a second valid one, (r, n-s): a verifier that accepts
both lets anybody alter signed evidence without its key. Here only the lower s is made and accepted.
ECDSA is made deterministic (RFC 6979), so that the domain needs no randomness.
"""

from __future__ import annotations

from typing import NoReturn, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.utils import Buffer

from placet.errors import VerificationError

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_INVALID = "SIGNATURE_INVALID"


def sign(key: PrivateKey, message: bytes) -> bytes:
    """Return the SHA-256 signature of `message`: the same bytes for the same key and message."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    signature = key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    r, s = utils.decode_dss_signature(signature)
    return utils.encode_dss_signature(r, min(s, P256_ORDER - s))


def verify(key: PublicKeyTypes, signature: bytes, message: bytes) -> None:
    """Raise `VerificationError` (`SIGNATURE_INVALID`) unless `signature` is the one over `message`.

    Keys other than RSA and P-256 verify nothing.
    """
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            check_low_s(signature)
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        else:
            _refuse("the key is neither RSA nor P-256")
    except InvalidSignature as error:
        raise VerificationError(_INVALID, "the signature does not fit key and content") from error


def check_low_s(signature: bytes) -> None:
    """Raise `VerificationError` (`SIGNATURE_INVALID`) unless it is strict DER with the lower s of P-256."""
    try:  # the decoder reads DER alone: other spellings of the two integers are ValueErrors
        r, s = utils.decode_dss_signature(signature)
    except ValueError as error:
        raise VerificationError(_INVALID, "the signature is not the DER of two integers") from error
    if not (0 < r < P256_ORDER and 0 < s <= P256_ORDER // 2):
        _refuse("the signature is not in its low-S form")


def _refuse(reason: str) -> NoReturn:
    raise VerificationError(_INVALID, reason)


class LowSKey(ec.EllipticCurvePrivateKey):
    """A P-256 key that the certificate builder can use and whose signatures are all `sign`'s.

    It never gives its private half away: what asks for it is refused with `TypeError`.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        """Wrap `key`."""
        self._key = key

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Return the deterministic low-S signature of `data`; only ECDSA with SHA-256 is known."""
        if not isinstance(signature_algorithm.algorithm, hashes.SHA256):
            raise TypeError("this key signs with SHA-256 only")
        return sign(self._key, bytes(data))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half."""
        return self._key.public_key()

    @property
    def curve(self) -> ec.EllipticCurve:
        """Return the curve."""
        return self._key.curve

    @property
    def key_size(self) -> int:
        """Return the size in bits."""
        return self._key.key_size

    def exchange(self, *_: object, **__: object) -> NoReturn:
        """Refuse: the key signs, nothing else."""
        raise TypeError("this key signs, it agrees on no secret")

    def private_numbers(self) -> NoReturn:
        """Refuse: the private half stays here."""
        raise TypeError("this key does not show its private half")

    def private_bytes(self, *_: object, **__: object) -> NoReturn:
        """Refuse: the private half stays here."""
        raise TypeError("this key does not show its private half")

    def __copy__(self) -> LowSKey:
        """Return itself: there is nothing to change."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> LowSKey:
        """Return itself: there is nothing to change."""
        return self


def for_builder(key: PrivateKey) -> PrivateKey:
    """Return what a certificate builder should sign with, so that certificates too are low-S."""
    return LowSKey(key) if isinstance(key, ec.EllipticCurvePrivateKey) else key
