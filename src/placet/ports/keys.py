"""Where private keys live, and who makes them. Nothing here ever shows a key in a message or a `repr`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from placet.domain.certificate.authority import Issuer
from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.encoding.signature import PrivateKey


class AuthorityRole(StrEnum):
    """Which of the two certificate authority keys is meant."""

    ROOT = "root"
    INTERMEDIATE = "intermediate"


class Keyring(Protocol):
    """Keeps an installation's long-lived keys, sealed with a passphrase unless it was made for trying out.

    Every `add_…` is durable and complete on return, or changed nothing; an existing key is never
    overwritten (`ConfigurationError` `KEY_EXISTS`; where there is no room or no right to write,
    `UnavailableError` `KEY_FILE_UNWRITABLE`). Every method that gives a private key raises
    `ConfigurationError`: `KEY_MISSING`, `PASSPHRASE_MISSING`, `PASSPHRASE_WRONG`,
    `KEY_FILE_DAMAGED`, `KEY_FILE_EXPOSED` (others may read it), `KEY_FILE_UNREADABLE`.
    """

    def add_authority(self, role: AuthorityRole, issuer: Issuer) -> None:
        """Keep a CA key with its certificate."""
        ...

    def add_checkpoint_key(self, key: Ed25519PrivateKey) -> None:
        """Keep the key that signs the log's checkpoints."""
        ...

    def add_receipt_secret(self, key_id: str, secret: bytes) -> None:
        """Keep the 32 bytes of one generation of the receipt secret."""
        ...

    def authority_certificate(self, role: AuthorityRole) -> x509.Certificate:
        """Return a CA certificate; needs no passphrase."""
        ...

    def authority(self, role: AuthorityRole) -> Issuer:
        """Return a CA key with its certificate."""
        ...

    def checkpoint_key(self) -> Ed25519PrivateKey:
        """Return the key that signs the log's checkpoints."""
        ...

    def receipt_secrets(self) -> Mapping[str, bytes]:
        """Return every generation of the receipt secret by key id: no later look-up reads anything."""
        ...


class KeyMaker(Protocol):
    """Makes fresh keys in this process. What becomes of them is the caller's: a leaf's is used and dropped."""

    def private_key(self, algorithm: KeyAlgorithm) -> PrivateKey:
        """Return a new certificate key (RSA-2048 takes about a tenth of a second)."""
        ...

    def checkpoint_key(self) -> Ed25519PrivateKey:
        """Return a new Ed25519 key."""
        ...
