"""OpenSSH public keys: the four types that may speak here, parsed strictly (protocol 6).

`ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa` of 2048 bits or more, and the two FIDO-backed
types `sk-…@openssh.com`. Certificates, DSA and other curves are refused.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from placet.domain.encoding.ssh_wire import WireReader
from placet.domain.encoding.strict_base64 import decode_base64, encode_base64
from placet.errors import InvalidInputError

ED25519 = "ssh-ed25519"
ECDSA = "ecdsa-sha2-nistp256"
RSA = "ssh-rsa"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
SK_ECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"
KEY_ID = r"SHA256:[A-Za-z0-9+/]{43}"

Verifier: TypeAlias = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey

_CODE = "KEY_INVALID"
_WHAT = "SSH public key"
_LIMIT_CHARACTERS = 8192
_LEAST_BITS, _MOST_BITS = 2048, 8192
_LEAST_EXPONENT, _MOST_EXPONENT = 2**16 + 1, 2**32 - 1
_UNCOMPRESSED = 0x04
_PRIME = 2**255 - 19
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _PRIME - 1, _PRIME, _PRIME + 1, _ORDER_8, _PRIME - _ORDER_8})
"""The y coordinates of the points under which anybody can sign anything."""


@dataclass(frozen=True, slots=True, kw_only=True)  # not a `Struct`, which compares all its members
class SshPublicKey:
    """A public key: its type, its wire bytes, and what verifies with it.

    `application` is the FIDO relying party (`ssh:…`) of a hardware key, empty for others.
    """

    key_type: str
    blob: bytes
    application: str
    verifier: Verifier = field(repr=False, compare=False)

    @property
    def key_id(self) -> str:
        """Return the fingerprint as `ssh-keygen -l` prints it: `SHA256:` and 43 characters."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).rstrip(b"=").decode("ascii")

    @property
    def hardware_backed(self) -> bool:
        """Tell whether the private half lives in a FIDO token."""
        return self.key_type in {SK_ED25519, SK_ECDSA}

    @property
    def line(self) -> str:
        """Return `TYPE BASE64`, the one spelling that is stored."""
        return f"{self.key_type} {encode_base64(self.blob)}"


def parse_public_key(line: str) -> SshPublicKey:
    """Return the key of one line of a `.pub` file: `TYPE BASE64 [COMMENT]`.

    Raise `InvalidInputError`: `KEY_INVALID` for another form or type, `KEY_WEAK` for a key that
    is too short or lets anybody sign. The comment is free text and dropped.
    """
    hint = "give one line of a .pub file: ed25519, ecdsa nistp256, rsa (2048 bits or more), or a FIDO key"
    words = line.removesuffix("\n").removesuffix("\r").split(" ", 2)
    if len(line) > _LIMIT_CHARACTERS or len(words) < 2 or "\n" in words[-1]:  # noqa: PLR2004 - type and key
        raise InvalidInputError(_CODE, "this is not one line of an OpenSSH public key file", hint=hint)
    if words[0] not in _READERS:
        raise InvalidInputError(_CODE, f"keys of type {words[0][:60]!a} are not accepted", hint=hint)
    key = read_public_key(_decoded(words[1]))
    if key.key_type != words[0]:
        raise InvalidInputError(_CODE, f"the SSH public key says {words[0]} and holds {key.key_type}")
    return key


def _decoded(text: str) -> bytes:
    try:
        return decode_base64(text)
    except InvalidInputError as error:
        raise InvalidInputError(_CODE, "the SSH public key is not in canonical base64") from error


def read_public_key(blob: bytes) -> SshPublicKey:
    """Return the key that wire bytes hold; raises as `parse_public_key`."""
    reader = WireReader(blob, what=_WHAT, code=_CODE)
    key_type = reader.name()
    if key_type not in _READERS:
        reader.refuse(f"is of type {key_type[:60]}, which is not accepted")
    try:
        verifier = _READERS[key_type](reader)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInputError(_CODE, "the SSH public key names no point or number that verifies") from error
    application = _application(reader) if key_type in {SK_ED25519, SK_ECDSA} else ""
    reader.end()
    return SshPublicKey(key_type=key_type, blob=blob, application=application, verifier=verifier)


def _read_ed25519(reader: WireReader) -> Verifier:
    point = reader.string()
    key = Ed25519PublicKey.from_public_bytes(point)
    if int.from_bytes(point, "little") % 2**255 in _SMALL_ORDER:
        raise InvalidInputError("KEY_WEAK", "the SSH public key is a point under which anybody can sign")
    return key


def _read_ecdsa(reader: WireReader) -> Verifier:
    if reader.name() != "nistp256":
        reader.refuse("is on another curve than nistp256")
    point = reader.string()
    if point[:1] != bytes([_UNCOMPRESSED]):
        reader.refuse("has no uncompressed point")
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)


def _read_rsa(reader: WireReader) -> Verifier:
    exponent, modulus = reader.positive_integer(), reader.positive_integer()
    if not _LEAST_BITS <= modulus.bit_length() <= _MOST_BITS:
        raise InvalidInputError("KEY_WEAK", f"the RSA key has {modulus.bit_length()} bits, 2048 to 8192 are accepted")
    if not _LEAST_EXPONENT <= exponent <= _MOST_EXPONENT or exponent % 2 == 0 or modulus % 2 == 0:
        raise InvalidInputError("KEY_WEAK", "the RSA key's numbers are not those of a sound key")
    return RSAPublicNumbers(exponent, modulus).public_key()


def _application(reader: WireReader) -> str:
    # The prefix keeps SSH apart from web sites: a passkey made for one never signs here.
    application = reader.name()
    if not application.startswith("ssh:"):
        reader.refuse("is a FIDO key for something else than SSH")
    return application


_READERS: dict[str, Callable[[WireReader], Verifier]] = {
    ED25519: _read_ed25519,
    ECDSA: _read_ecdsa,
    RSA: _read_rsa,
    SK_ED25519: _read_ed25519,
    SK_ECDSA: _read_ecdsa,
}
