"""SSH keys in memory, hardware keys among them: an independent writer of SSHSIG for the tests.

`ssh-keygen` is asked in `test_ssh_signature_oracle.py` whether it agrees with what is written here.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import struct
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

from placet.domain.encoding.ssh_public_key import SshPublicKey, parse_public_key

NAMESPACE = "placet-approval"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SK_SUFFIX = "@openssh.com"

_TOUCHES = itertools.count(1)

Private = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def string(content: bytes | str) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return struct.pack(">I", len(raw)) + raw


def mpint(value: int) -> bytes:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return string(b"\0" + raw if raw and raw[0] & 0x80 else raw)


class SoftKey(Struct, frozen=True):
    """A private key and the SSH type under which it appears."""

    key_type: str
    private: Private
    application: str = "ssh:"

    @property
    def blob(self) -> bytes:
        public = self.private.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            content = string(public.public_bytes_raw())
        elif isinstance(public, ec.EllipticCurvePublicKey):
            point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            content = string("nistp256") + string(point)
        else:
            numbers = public.public_numbers()
            content = mpint(numbers.e) + mpint(numbers.n)
        tail = string(self.application) if self.is_hardware else b""
        return string(self.key_type) + content + tail

    @property
    def is_hardware(self) -> bool:
        return self.key_type.startswith("sk-")

    @property
    def line(self) -> str:
        return f"{self.key_type} {base64.b64encode(self.blob).decode()}"

    @property
    def public(self) -> SshPublicKey:
        return parse_public_key(self.line)

    def sign(
        self,
        content: bytes,
        *,
        namespace: str = NAMESPACE,
        hash_name: str = "sha512",
        rsa_algorithm: str = "rsa-sha2-512",
        flags: int = 1,
        counter: int | None = None,
        high_s: bool = False,
    ) -> bytes:
        """Return an SSHSIG blob as `ssh-keygen -Y sign` or a FIDO token would make it; tokens count on by default."""
        hashed = hashlib.new(hash_name, content).digest()
        signed = b"SSHSIG" + string(namespace) + string("") + string(hash_name) + string(hashed)
        token = bytes([flags]) + struct.pack(">I", next(_TOUCHES) if counter is None else counter)
        if self.is_hardware:
            signed = hashlib.sha256(self.application.encode()).digest() + token + hashlib.sha256(signed).digest()
        algorithm, raw = self._sign_bytes(signed, rsa_algorithm, high_s=high_s)
        inner = string(algorithm) + string(raw) + (token if self.is_hardware else b"")
        parts = (self.blob, namespace, "", hash_name, inner)
        return b"SSHSIG" + struct.pack(">I", 1) + b"".join(string(part) for part in parts)

    def _sign_bytes(self, signed: bytes, rsa_algorithm: str, *, high_s: bool) -> tuple[str, bytes]:
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.key_type, self.private.sign(signed)
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self.private.sign(signed, ec.ECDSA(SHA256())))
            low = min(s, P256_ORDER - s)
            return self.key_type, mpint(r) + mpint(P256_ORDER - low if high_s else low)
        digest = SHA256() if rsa_algorithm == "rsa-sha2-256" else SHA512()
        return rsa_algorithm, self.private.sign(signed, padding.PKCS1v15(), digest)


@cache
def soft_key(kind: str, number: int = 0) -> SoftKey:
    """Return the key of that kind and number: the same one within a test run."""
    if kind == "ed25519":
        return SoftKey("ssh-ed25519", ed25519.Ed25519PrivateKey.generate())
    if kind == "sk-ed25519":
        return SoftKey("sk-ssh-ed25519" + SK_SUFFIX, ed25519.Ed25519PrivateKey.generate())
    if kind == "ecdsa":
        return SoftKey("ecdsa-sha2-nistp256", ec.generate_private_key(ec.SECP256R1()))
    if kind == "sk-ecdsa":
        return SoftKey("sk-ecdsa-sha2-nistp256" + SK_SUFFIX, ec.generate_private_key(ec.SECP256R1()))
    return SoftKey("ssh-rsa", rsa.generate_private_key(65537, number or 2048))


KINDS = ("ed25519", "ecdsa", "rsa", "sk-ed25519", "sk-ecdsa")
