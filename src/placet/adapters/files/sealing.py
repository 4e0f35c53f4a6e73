"""Sealing: how a key rests on disk, encrypted and authenticated under a passphrase.

    key     = scrypt(passphrase, salt; N 2^14, r 8, p 1)          once per keyring, 16 MiB, ~50 ms
    subkey  = HKDF-SHA256(key, info "placet/key-file/v1/" name)   one per file
    sealed  = AES-256-GCM(subkey, nonce, content, aad = everything else in the file)

Why not encrypted PKCS #8: the library writes it with 2 048 rounds of PBKDF2 (half a millisecond a
guess, no memory) and unauthenticated CBC. scrypt costs a guesser memory; one evaluation opens the
whole keyring, because all its files share the salt; GCM over name, kind and certificate means that
no file can be altered, renamed or exchanged for another. `check`, another HKDF output, tells a
wrong passphrase from a damaged file; it gives a guesser nothing that the GCM tag does not.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from placet.domain.encoding.canonical import Object, decode, encode
from placet.domain.encoding.record import Record
from placet.domain.encoding.strict_base64 import decode_base64, encode_base64
from placet.domain.values.unshown import Unshown
from placet.errors import ConfigurationError, PlacetError
from placet.ports.effects import Secret

SCRYPT_COST = 2**14
_SCRYPT = {"n": SCRYPT_COST, "r": 8, "p": 1}
_SCRYPT_MEMORY = 64 * 2**20
_SALT_BYTES = 16
_NONCE_BYTES = 12
_DAMAGED = "KEY_FILE_DAMAGED"
_HINT = "set PLACET_PASSPHRASE or PLACET_PASSPHRASE_FILE"


class KeyFile(Unshown, frozen=True, kw_only=True):
    """A key as it is kept: its name, its certificate (DER, may be empty, public), its secret content."""

    name: str
    certificate: bytes
    content: bytes


class Sealer:
    """Seals and opens key files with one passphrase, or leaves them open where `plain` says so."""

    def __init__(self, passphrase: Secret | None, *, plain: bool = False) -> None:
        """Seal with `passphrase`. Without one, only `plain` (a trial, said loudly) can make files."""
        self._passphrase = passphrase
        self._plain = plain
        self._salt = b""
        self._keys: dict[bytes, bytes] = {}

    def seal(self, file: KeyFile) -> bytes:
        """Return the bytes to store; `ConfigurationError` (`PASSPHRASE_MISSING`) without a passphrase."""
        if self._plain and self._passphrase is None:
            return encode({**_header(file, "plain"), "content": encode_base64(file.content)})
        self._salt = self._salt or os.urandom(_SALT_BYTES)
        key, nonce = self._key(self._salt), os.urandom(_NONCE_BYTES)
        header: Object = {
            **_header(file, "scrypt-aes256gcm"),
            "salt": encode_base64(self._salt),
            "nonce": encode_base64(nonce),
            "check": _subkey(key, "check").hex(),
        }
        sealed = AESGCM(_subkey(key, "v1/" + file.name)).encrypt(nonce, file.content, encode(header))
        return encode({**header, "content": encode_base64(sealed)})

    def open(self, stored: bytes, name: str) -> KeyFile:
        """Return the key stored under `name`.

        Raise `ConfigurationError`: `PASSPHRASE_MISSING`, `PASSPHRASE_WRONG`, `KEY_FILE_DAMAGED`.
        """
        header, content = _parse(stored, name)
        if header["sealed"] == "scrypt-aes256gcm":
            content = self._unsealed(header, content, name)
        return KeyFile(name=name, certificate=decode_base64(str(header["certificate"])), content=content)

    def _unsealed(self, header: Object, sealed: bytes, name: str) -> bytes:
        self._salt = decode_base64(str(header["salt"]))
        key = self._key(self._salt)
        if not hmac.compare_digest(_subkey(key, "check").hex(), str(header["check"])):
            raise ConfigurationError("PASSPHRASE_WRONG", f"the passphrase does not open the key {name}", hint=_HINT)
        nonce = decode_base64(str(header["nonce"]))
        try:
            return AESGCM(_subkey(key, "v1/" + name)).decrypt(nonce, sealed, encode(header))
        except InvalidTag as error:
            raise ConfigurationError(_DAMAGED, f"the key file {name} was altered or damaged") from error

    def _key(self, salt: bytes) -> bytes:
        if self._passphrase is None or not self._passphrase.reveal():
            raise ConfigurationError("PASSPHRASE_MISSING", "the keys are sealed with a passphrase", hint=_HINT)
        if salt not in self._keys:
            password = unicodedata.normalize("NFC", self._passphrase.reveal()).encode()
            self._keys[salt] = hashlib.scrypt(password, salt=salt, **_SCRYPT, maxmem=_SCRYPT_MEMORY, dklen=32)
        return self._keys[salt]


def read_certificate_of(stored: bytes, name: str) -> bytes:
    """Return the public certificate of a key file, without opening it (`KEY_FILE_DAMAGED`)."""
    header, _ = _parse(stored, name)
    return decode_base64(str(header["certificate"]))


def _header(file: KeyFile, sealed: str) -> Object:
    return {"v": 1, "name": file.name, "sealed": sealed, "certificate": encode_base64(file.certificate)}


def _subkey(key: bytes, info: str) -> bytes:
    return HKDFExpand(algorithm=SHA256(), length=32, info=b"placet/key-file/" + info.encode()).derive(key)


def _parse(stored: bytes, name: str) -> tuple[Object, bytes]:
    try:
        header = decode(stored)
        record = Record(header, what="key file", code=_DAMAGED)
        record.constant("v", 1)
        record.constant("name", name)
        decode_base64(record.text("certificate"))
        if record.text("sealed", "plain|scrypt-aes256gcm") != "plain":
            _check_length(record, "salt", _SALT_BYTES)
            _check_length(record, "nonce", _NONCE_BYTES)
            record.text("check", r"[0-9a-f]{64}")
        content = decode_base64(record.text("content"))
        record.end()
    except PlacetError as error:
        raise ConfigurationError(_DAMAGED, f"the key file {name} is damaged: {error.message}") from error
    return {key: value for key, value in header.items() if key != "content"}, content


def _check_length(record: Record, name: str, length: int) -> None:
    if len(decode_base64(record.text(name))) != length:
        record.refuse(f"has a {name} of another length than {length}")
