"""Our X.509 extension: which unstamped archive a certificate is bound to, and who made its key (protocol 8)."""

from __future__ import annotations

from enum import StrEnum

from cryptography import x509
from msgspec import Struct

from placet.domain.encoding.canonical import decode, encode
from placet.domain.encoding.record import Record
from placet.errors import InvalidInputError

BINDING_OID = x509.ObjectIdentifier("2.25.123373036789622682137787242925233318425")
"""The UUID 5cd0c857-b527-4f23-a109-3cd3df3caa19 as an object identifier (ITU-T X.667)."""

_UTF8_STRING = 0x0C
_HEADER_BYTES = 2
_CODE = "CERTIFICATE_MALFORMED"


class KeyOrigin(StrEnum):
    """Who made a certificate's key: its holder (`csr`), or the service that then forgot it (`server`)."""

    CSR = "csr"
    SERVER = "server"


class Binding(Struct, frozen=True, kw_only=True):
    """The unstamped archive's SHA-256 (of its tar stream, lower-case hex) and the key's origin.

    An empty `tar_sha256` binds to no bytes: such a certificate proves no publication.
    """

    key_origin: KeyOrigin
    tar_sha256: str

    def to_der(self) -> bytes:
        """Return the DER UTF8String of the canonical JSON: under 128 bytes, so its length is one octet."""
        content = encode({"v": 1, "key_origin": self.key_origin.value, "tar_sha256": self.tar_sha256})
        return bytes([_UTF8_STRING, len(content)]) + content


def parse_binding(der: bytes) -> Binding:
    """Return the binding that `der` spells.

    Raise `InvalidInputError` (`CERTIFICATE_MALFORMED`, `JSON_INVALID`, `JSON_NOT_CANONICAL`).
    """
    record = Record(decode(der[_HEADER_BYTES:]), what="certificate's binding", code=_CODE)
    record.constant("v", 1)
    binding = Binding(
        key_origin=KeyOrigin(record.text("key_origin", "csr|server")),
        tar_sha256=record.text("tar_sha256", r"([0-9a-f]{64})?"),
    )
    record.end()
    if binding.to_der() != der:
        raise InvalidInputError(_CODE, "the certificate's binding is not in its one DER spelling")
    return binding
