"""The keyring of an installation: sealed files in the home's `keys` folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from placet.adapters.files.keyfolder import KeyFolder
from placet.adapters.files.sealing import KeyFile, Sealer, read_certificate_of
from placet.domain.certificate.authority import Issuer
from placet.domain.certificate.keys import public_key_digest
from placet.domain.encoding.pem import certificate_der, read_certificate_der
from placet.errors import ConfigurationError, PlacetError
from placet.ports.effects import Secret
from placet.ports.keys import AuthorityRole

SECRET_BYTES = 32
_CHECKPOINT = "checkpoint"
_RECEIPT = "receipt_"
_KEY_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class FileKeyring:
    """Implements `ports.keys.Keyring`. Opening all keys takes one scrypt (about 50 ms), then nothing."""

    def __init__(self, folder: Path, *, passphrase: Secret | None, plain: bool = False) -> None:
        """Keep keys in `folder`, sealed with `passphrase`.

        Without a passphrase, keys can be made only where `plain` is said, which is for trying out.
        """
        self._files = KeyFolder(folder)
        self._sealer = Sealer(passphrase, plain=plain)

    def add_authority(self, role: AuthorityRole, issuer: Issuer) -> None:
        """Keep a CA key with its certificate."""
        self._add(_authority_name(role), _to_der(issuer.key), certificate_der(issuer.certificate))

    def add_checkpoint_key(self, key: Ed25519PrivateKey) -> None:
        """Keep the key that signs the log's checkpoints."""
        self._add(_CHECKPOINT, _to_der(key))

    def add_receipt_secret(self, key_id: str, secret: bytes) -> None:
        """Keep the 32 bytes of one generation of the receipt secret."""
        if _KEY_ID.fullmatch(key_id) is None or len(secret) != SECRET_BYTES:
            raise ValueError("a receipt secret has an id of [a-z0-9_-] and 32 bytes")
        self._add(_RECEIPT + key_id, secret)

    def authority_certificate(self, role: AuthorityRole) -> x509.Certificate:
        """Return a CA certificate; needs no passphrase."""
        name = _authority_name(role)
        return _certificate(read_certificate_of(self._files.read(name), name), name)

    def authority(self, role: AuthorityRole) -> Issuer:
        """Return a CA key with its certificate."""
        name = _authority_name(role)
        file = self._open(name)
        key, certificate = _from_der(file), _certificate(file.certificate, name)
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise _damaged(name)
        if public_key_digest(key.public_key()) != public_key_digest(certificate.public_key()):
            raise _damaged(name)
        return Issuer(certificate=certificate, key=key)

    def checkpoint_key(self) -> Ed25519PrivateKey:
        """Return the key that signs the log's checkpoints."""
        key = _from_der(self._open(_CHECKPOINT))
        if not isinstance(key, Ed25519PrivateKey):
            raise _damaged(_CHECKPOINT)
        return key

    def receipt_secrets(self) -> Mapping[str, bytes]:
        """Return every generation of the receipt secret by key id: no later look-up reads anything."""
        return {name.removeprefix(_RECEIPT): self._receipt_secret(name) for name in self._files.names(_RECEIPT)}

    def _receipt_secret(self, name: str) -> bytes:
        secret = self._open(name).content
        if len(secret) != SECRET_BYTES:
            raise _damaged(name)
        return secret

    def _add(self, name: str, content: bytes, certificate: bytes = b"") -> None:
        for existing in self._files.names("")[:1]:
            self._open(existing)  # one keyring, one passphrase: a mistyped one must not seal a new key
        self._files.write(name, self._sealer.seal(KeyFile(name=name, certificate=certificate, content=content)))

    def _open(self, name: str) -> KeyFile:
        return self._sealer.open(self._files.read(name), name)


def _authority_name(role: AuthorityRole) -> str:
    return f"ca_{role.value}"


def _to_der(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _from_der(file: KeyFile) -> PrivateKeyTypes:
    try:
        return load_der_private_key(file.content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _damaged(file.name) from error


def _certificate(der: bytes, name: str) -> x509.Certificate:
    try:
        return read_certificate_der(der)
    except PlacetError as error:
        raise _damaged(name) from error


def _damaged(name: str) -> ConfigurationError:
    return ConfigurationError("KEY_FILE_DAMAGED", f"the key file {name} does not hold the key that it should")
