"""SSHSIG: signatures of `ssh-keygen -Y sign`, read and verified strictly (PROTOCOL.sshsig).

A signature has exactly one accepted spelling: canonical base64, no trailing bytes, minimal
integers, low S. `ssh-keygen` may write an ECDSA signature with a high S; `normalize` turns it
into its low twin, which `ssh-keygen -Y verify` accepts too.
"""

from __future__ import annotations

import hashlib
from typing import NoReturn

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA512, HashAlgorithm
from msgspec import Struct

from placet.domain.encoding.signature import P256_ORDER
from placet.domain.encoding.ssh_public_key import ECDSA, RSA, SK_ECDSA, SshPublicKey, read_public_key
from placet.domain.encoding.ssh_wire import WireReader, mpint, wire_string
from placet.domain.encoding.strict_base64 import decode_base64, encode_base64
from placet.errors import InvalidInputError

_CODE = "SSH_SIGNATURE_INVALID"
_WHAT = "SSH signature"
_MAGIC = b"SSHSIG"
_VERSION = 1
_BEGIN = "-----BEGIN SSH SIGNATURE-----\n"
_END = "\n-----END SSH SIGNATURE-----\n"
_LINE = 70
LIMIT_BYTES = 8 * 1024
_USER_PRESENT = 0x01
_USER_VERIFIED = 0x04
_HASHES = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
_RSA_HASHES: dict[str, HashAlgorithm] = {"rsa-sha2-256": SHA256(), "rsa-sha2-512": SHA512()}


class SshSignature(Struct, frozen=True, kw_only=True):
    """A well-formed signature, believed in nothing until `verify` returns.

    `signature` is the algorithm's own part: for ECDSA the two integers as wire strings.
    `flags` and `counter` are those of a hardware key, 0 for others.
    """

    key: SshPublicKey
    namespace: str
    hash_algorithm: str
    algorithm: str
    signature: bytes
    flags: int
    counter: int

    @property
    def user_present(self) -> bool:
        """Tell whether a hardware key says that somebody touched it."""
        return self.key.hardware_backed and bool(self.flags & _USER_PRESENT)

    @property
    def user_verified(self) -> bool:
        """Tell whether a hardware key says that it knew who touched it: by PIN or finger."""
        return self.user_present and bool(self.flags & _USER_VERIFIED)

    def encode(self) -> bytes:
        """Return the blob that `read_signature` reads."""
        inner = wire_string(self.algorithm.encode()) + wire_string(self.signature)
        if self.key.hardware_backed:
            inner += bytes([self.flags]) + self.counter.to_bytes(4, "big")
        return (
            _MAGIC
            + _VERSION.to_bytes(4, "big")
            + wire_string(self.key.blob)
            + wire_string(self.namespace.encode())
            + wire_string(b"")
            + wire_string(self.hash_algorithm.encode())
            + wire_string(inner)
        )


def unarmor(text: str) -> bytes:
    """Return the blob inside an armored signature, spelled as `ssh-keygen` spells it.

    Raise `InvalidInputError` (`SSH_SIGNATURE_INVALID`) for anything else before, inside or after.
    """
    if len(text) > 2 * LIMIT_BYTES or not text.startswith(_BEGIN) or not text.endswith(_END):
        _refuse("is not armored as ssh-keygen does it")
    try:
        blob = decode_base64(text[len(_BEGIN) : -len(_END)].replace("\n", ""))
    except InvalidInputError as error:
        raise InvalidInputError(_CODE, "the SSH signature is not in canonical base64") from error
    if armor(blob) != text:
        _refuse("is not armored in lines of 70 characters")
    return blob


def armor(blob: bytes) -> str:
    """Return `blob` between the lines that `ssh-keygen -Y verify` expects."""
    text = encode_base64(blob)
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return _BEGIN + "\n".join(lines) + _END


def normalize(blob: bytes) -> bytes:
    """Return the one spelling of a signature that is accepted: the twin with low S.

    Raise `InvalidInputError` (`SSH_SIGNATURE_INVALID`) if it is malformed in any other way.
    """
    return _read(blob, lower=True).encode()


def read_signature(blob: bytes) -> SshSignature:
    """Return the signature that `blob` spells, not verified yet.

    Raise `InvalidInputError`: `SSH_SIGNATURE_INVALID` for anything but its one accepted
    spelling, and the codes of `read_public_key` for the key inside.
    """
    return _read(blob, lower=False)


def verify(signature: SshSignature, message: bytes, *, namespace: str) -> None:
    """Return only if the signature's own key signed `message` for `namespace`.

    Raise `InvalidInputError` (`SSH_SIGNATURE_INVALID`). Whose key it is, is the caller's question.
    """
    if signature.namespace != namespace:
        _refuse(f"was made for {signature.namespace[:40]!r}, not for {namespace!r}")
    signed = _MAGIC + b"".join(
        wire_string(part)
        for part in (
            namespace.encode(),
            b"",
            signature.hash_algorithm.encode(),
            _HASHES[signature.hash_algorithm](message).digest(),
        )
    )
    if signature.key.hardware_backed:
        signed = _authenticated(signature, signed)
    try:
        _verify_bytes(signature, signed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        raise InvalidInputError(_CODE, "the SSH signature does not hold for these bytes") from error


def _read(blob: bytes, *, lower: bool) -> SshSignature:
    if len(blob) > LIMIT_BYTES:
        _refuse(f"has more than {LIMIT_BYTES} bytes")
    reader = WireReader(blob, what=_WHAT, code=_CODE)
    if reader.raw(len(_MAGIC)) != _MAGIC or reader.uint32() != _VERSION:
        _refuse("is not an SSHSIG of version 1")
    key = read_public_key(reader.string())
    namespace = reader.name()
    if not namespace or reader.string():
        _refuse("has no namespace, or a reserved field that is not empty")
    hash_algorithm = reader.name()
    if hash_algorithm not in _HASHES:
        _refuse(f"hashes with {hash_algorithm[:20]!r}, not with sha256 or sha512")
    inner = WireReader(reader.string(), what=_WHAT, code=_CODE)
    reader.end()
    algorithm = _read_algorithm(inner, key)
    content = inner.string()
    if key.key_type in {ECDSA, SK_ECDSA}:
        content = _read_ecdsa(content, lower=lower)
    flags, counter = (inner.byte(), inner.uint32()) if key.hardware_backed else (0, 0)
    inner.end()
    return SshSignature(
        key=key,
        namespace=namespace,
        hash_algorithm=hash_algorithm,
        algorithm=algorithm,
        signature=content,
        flags=flags,
        counter=counter,
    )


def _read_algorithm(inner: WireReader, key: SshPublicKey) -> str:
    algorithm = inner.name()
    allowed = _RSA_HASHES if key.key_type == RSA else {key.key_type}
    if algorithm not in allowed:
        _refuse(f"says {algorithm[:40]!r}, which does not go with a key of type {key.key_type}")
    return algorithm


def _read_ecdsa(content: bytes, *, lower: bool) -> bytes:
    reader = WireReader(content, what=_WHAT, code=_CODE)
    r, s = reader.positive_integer(), reader.positive_integer()
    reader.end()
    if s > P256_ORDER // 2:
        # (r, n - s) verifies too: accepting both would give every approval two spellings.
        if not lower or s >= P256_ORDER:
            _refuse("has a high S")
        s = P256_ORDER - s
    return mpint(r) + mpint(s)


def _authenticated(signature: SshSignature, signed: bytes) -> bytes:
    application = hashlib.sha256(signature.key.application.encode()).digest()
    counter = signature.counter.to_bytes(4, "big")
    return application + bytes([signature.flags]) + counter + hashlib.sha256(signed).digest()


def _verify_bytes(signature: SshSignature, signed: bytes) -> None:
    verifier = signature.key.verifier
    if isinstance(verifier, Ed25519PublicKey):
        verifier.verify(signature.signature, signed)
    elif isinstance(verifier, ec.EllipticCurvePublicKey):
        reader = WireReader(signature.signature, what=_WHAT, code=_CODE)
        pair = encode_dss_signature(reader.positive_integer(), reader.positive_integer())
        verifier.verify(pair, signed, ec.ECDSA(SHA256()))
    else:
        _verify_rsa(verifier, signature, signed)


def _verify_rsa(verifier: RSAPublicKey, signature: SshSignature, signed: bytes) -> None:
    verifier.verify(signature.signature, signed, PKCS1v15(), _RSA_HASHES[signature.algorithm])


def _refuse(reason: str) -> NoReturn:
    raise InvalidInputError(_CODE, f"the {_WHAT} {reason}")
