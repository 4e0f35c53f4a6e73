"""DSSE: what a signature over a typed payload is computed over (DSSE v1.0.2)."""

from __future__ import annotations


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: `DSSEv1 LEN TYPE LEN PAYLOAD`."""
    typ = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(typ), typ, len(payload), payload)
