"""People of the demo: each holds an SSH key in memory and signs approvals with it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import field

from placet.domain.authorization.approval import NAMESPACE
from placet.domain.encoding.ssh_public_key import SshPublicKey, parse_public_key
from placet.domain.encoding.ssh_wire import wire_string
from placet.domain.encoding.sshsig import SshSignature
from placet.domain.values.unshown import Unshown

IN_MEMORY = Path("/in/memory")
_HASH = "sha512"


class DemoApprover(Unshown, frozen=True):
    """Implements `ports.approval_signer.ApprovalSigner` without a file, an agent or `ssh-keygen`."""

    principal_id: str
    _key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def line(self) -> str:
        """Return the public key as it is enrolled."""
        return self._key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    async def public_key(self, key_path: Path) -> SshPublicKey:  # noqa: ARG002 - the one key it has
        """Return the public half of the key."""
        return parse_public_key(self.line)

    async def sign(self, content: bytes, key_path: Path) -> bytes:
        """Return the SSHSIG blob over `content` (PROTOCOL.sshsig of OpenSSH)."""
        key = await self.public_key(key_path)
        message = b"".join(
            (
                b"SSHSIG",
                wire_string(NAMESPACE.encode()),
                wire_string(b""),
                wire_string(_HASH.encode()),
                wire_string(hashlib.sha512(content).digest()),
            )
        )
        return SshSignature(
            key=key,
            namespace=NAMESPACE,
            hash_algorithm=_HASH,
            algorithm="ssh-ed25519",
            signature=self._key.sign(message),
            flags=0,
            counter=0,
        ).encode()
