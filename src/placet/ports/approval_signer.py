"""How a person's key signs an approval: the private half stays where it is (protocol 6)."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from placet.domain.encoding.ssh_public_key import SshPublicKey


class ApprovalSigner(Protocol):
    """Signs with a key that somebody holds in a file, an agent or a hardware token.

    Both methods may wait for a person (passphrase, touch), never longer than the adapter's bound,
    and may be repeated: nothing is kept.
    """

    async def public_key(self, key_path: Path) -> SshPublicKey:
        """Return the public half of the key at `key_path`, which may be the `.pub` file itself.

        Raise `InvalidInputError` (`KEY_INVALID`, `KEY_WEAK`) for a key that is not accepted, and
        `ConfigurationError` (`KEY_FILE_UNREADABLE`) where there is none to read.
        """
        ...

    async def sign(self, content: bytes, key_path: Path) -> bytes:
        """Return the SSHSIG blob over `content`, in its one accepted spelling, for approvals only.

        Raise `ConfigurationError` (`SIGNING_FAILED`) where no signature was made: no such key,
        wrong passphrase, nobody touched it, out of time, no `ssh-keygen`.
        """
        ...
