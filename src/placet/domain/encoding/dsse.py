"""DSSE: signed envelopes around typed payloads, with exactly one signature (DSSE v1.0.2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from placet.domain.encoding.strict_base64 import decode_base64, encode_base64
from placet.errors import InvalidInputError, PlacetError

STATEMENT_TYPE = "application/vnd.in-toto+json"
LIMIT_BYTES = 48 * 1024 * 1024
_CODE = "ENVELOPE_MALFORMED"


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: `DSSEv1 LEN TYPE LEN PAYLOAD`."""
    typ = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(typ), typ, len(payload), payload)


class Envelope(Struct, frozen=True, kw_only=True):
    """A payload with one signature. Its payload is private: `opened` gives it out, once verified."""

    payload_type: str
    _payload: bytes
    keyid: str
    signature: bytes

    def encode(self) -> bytes:
        """Return the one spelling of the envelope: JSON with sorted keys and nothing between them."""
        signature = {"keyid": self.keyid, "sig": encode_base64(self.signature)}
        envelope = {
            "payload": encode_base64(self._payload),
            "payloadType": self.payload_type,
            "signatures": [signature],
        }
        return json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode("ascii")

    def opened(self, payload_type: str, *, keyid: str, verify: Callable[[bytes, bytes], None]) -> bytes:
        """Return the payload after `verify(signature, message)` raised nothing.

        Raise `InvalidInputError` (`ENVELOPE_MALFORMED`) for another payload type or key id (which
        nothing signs) than asked for, and whatever `verify` raises. There is no other way to the payload.
        """
        if self.payload_type != payload_type:
            raise InvalidInputError(_CODE, f"the envelope holds {self.payload_type[:80]!r}, not {payload_type}")
        if self.keyid != keyid:
            raise InvalidInputError(_CODE, f"the envelope names the key {self.keyid[:80]!r}, not {keyid}")
        verify(self.signature, pae(self.payload_type, self._payload))
        return self._payload


def seal(payload_type: str, payload: bytes, *, keyid: str, sign: Callable[[bytes], bytes]) -> Envelope:
    """Return the envelope of `payload`, signed over its pre-authentication encoding by `sign`."""
    return Envelope(
        payload_type=payload_type, _payload=payload, keyid=keyid, signature=sign(pae(payload_type, payload))
    )


def parse_envelope(encoded: bytes) -> Envelope:
    """Return the envelope that `encoded` spells, its signature not yet checked.

    Raise `InvalidInputError` (`ENVELOPE_MALFORMED`) for any other spelling than `encode`'s:
    unknown, missing or duplicate members, white space, junk in base64, no signature or several.
    """
    if len(encoded) > LIMIT_BYTES:
        raise InvalidInputError(_CODE, f"the envelope has {len(encoded)} bytes, {LIMIT_BYTES} are allowed")
    try:
        envelope = _read(json.loads(encoded.decode("ascii")))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, PlacetError) as error:
        raise InvalidInputError(_CODE, "the bytes are not a DSSE envelope with one signature") from error
    # Duplicate members, unknown members and every other liberty end here: they re-encode differently.
    if envelope.encode() != encoded:
        raise InvalidInputError(_CODE, "the envelope is not in its one spelling")
    return envelope


def _read(members: dict[str, Any]) -> Envelope:
    [signature] = members["signatures"]
    return Envelope(
        payload_type=_text(members["payloadType"]),
        _payload=decode_base64(_text(members["payload"])),
        keyid=_text(signature["keyid"]),
        signature=decode_base64(_text(signature["sig"])),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
