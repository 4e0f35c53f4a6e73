"""Checkpoints: signed statements of a log's size and root (C2SP tlog-checkpoint, signed-note).

Placet writes and accepts exactly one spelling: origin, size, root, no extension lines, one Ed25519
signature line by the log's key. So no byte of a note can be altered without being noticed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from placet.domain.log.merkle import HASH_BYTES
from placet.errors import InvalidInputError, VerificationError

ORIGIN = r"[!-*,-~]{1,256}"
"""Printable ASCII without space and plus sign: an origin is also the name of the log's key."""
NOTE_LIMIT_BYTES = 1024
_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_SIGNATURE_BYTES = 64
_NOTE = re.compile(rf"({ORIGIN})\n(0|[1-9][0-9]{{0,15}})\n([A-Za-z0-9+/=]+)\n\n— ({ORIGIN}) ([A-Za-z0-9+/=]+)\n")
_VKEY = re.compile(rf"({ORIGIN})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/=]+)")


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A log's size and root, as a valid note states them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the signed text of the note."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


class CheckpointKey(Struct, frozen=True, kw_only=True):
    """Who may sign checkpoints of `origin`: a raw Ed25519 public key of 32 bytes."""

    origin: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """Return the first 4 bytes of SHA-256 over name, newline, algorithm and key (signed-note)."""
        return _key_id(self.origin, self.public_key)

    def vkey(self) -> str:
        """Return the verifier key line: `name+key id+base64(algorithm, key)`."""
        return f"{self.origin}+{self.key_id.hex()}+{_base64(_ED25519 + self.public_key)}"


class CheckpointSigner(Struct, frozen=True, kw_only=True):
    """The log's signing key, wherever it is: its public half, and a function that signs with it.

    `sign` returns the 64 bytes of an Ed25519 signature and is deterministic; it may raise
    `UnavailableError`, in which case nothing is acknowledged.
    """

    public_key: bytes
    sign: Callable[[bytes], bytes]


def signer_from(key: Ed25519PrivateKey) -> CheckpointSigner:
    """Return the signer of a key in memory."""
    return CheckpointSigner(public_key=key.public_key().public_bytes_raw(), sign=key.sign)


def sign_checkpoint(checkpoint: Checkpoint, signer: CheckpointSigner) -> str:
    """Return the signed note of `checkpoint`. The same checkpoint always gives the same note."""
    text = checkpoint.text()
    signature = _key_id(checkpoint.origin, signer.public_key) + signer.sign(text.encode())
    return f"{text}\n— {checkpoint.origin} {_base64(signature)}\n"


def open_checkpoint(note: str, key: CheckpointKey) -> Checkpoint:
    """Return what `note` states, once its one signature by `key` holds.

    Raise `VerificationError` (`CHECKPOINT_INVALID`) for any other note.
    """
    checkpoint, name, signature = _parse(note)
    if checkpoint.origin != key.origin or name != key.origin or signature[:_KEY_ID_BYTES] != key.key_id:
        raise VerificationError("CHECKPOINT_INVALID", "the checkpoint is of another log or key")
    try:
        public_key = Ed25519PublicKey.from_public_bytes(key.public_key)
        public_key.verify(signature[_KEY_ID_BYTES:], checkpoint.text().encode())
    except InvalidSignature as error:
        raise VerificationError("CHECKPOINT_INVALID", "the checkpoint's signature does not hold") from error
    return checkpoint


def parse_origin(text: str) -> str:
    """Return `text` as a log's origin, or raise `InvalidInputError` (`ORIGIN_INVALID`)."""
    if re.fullmatch(ORIGIN, text) is None:
        raise InvalidInputError("ORIGIN_INVALID", f"{text[:80]!r} is not a log's origin")
    return text


def parse_vkey(text: str) -> CheckpointKey:
    """Return the key of a verifier key line, or raise `InvalidInputError` (`CHECKPOINT_KEY_INVALID`)."""
    found = _VKEY.fullmatch(text)
    content = _from_base64(found[3]) if found else None
    if found and content and content[:1] == _ED25519 and len(content) == 1 + HASH_BYTES:
        key = CheckpointKey(origin=found[1], public_key=content[1:])
        if key.key_id.hex() == found[2]:
            return key
    raise InvalidInputError("CHECKPOINT_KEY_INVALID", "the text is not an Ed25519 verifier key line")


def _parse(note: str) -> tuple[Checkpoint, str, bytes]:
    found = _NOTE.fullmatch(note) if len(note) <= NOTE_LIMIT_BYTES else None
    if found:
        root, signature = _from_base64(found[3]), _from_base64(found[5])
        if root and len(root) == HASH_BYTES and signature and len(signature) == _KEY_ID_BYTES + _SIGNATURE_BYTES:
            return Checkpoint(origin=found[1], size=int(found[2]), root=root), found[4], signature
    raise VerificationError("CHECKPOINT_INVALID", "the text is not a checkpoint in its one spelling")


@cache
def _key_id(origin: str, public_key: bytes) -> bytes:
    return hashlib.sha256(origin.encode() + b"\n" + _ED25519 + public_key).digest()[:_KEY_ID_BYTES]


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _from_base64(text: str) -> bytes | None:
    """Return the bytes of strict, canonical base64; None for any other text."""
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return content if _base64(content) == text else None
