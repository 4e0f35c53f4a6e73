"""The evidence bundle: one file that proves one publication to whoever has the trust root (protocol 8).

Canonical JSON with exactly these members. What has bytes of its own travels as those bytes, in
base64, so that nothing is ever encoded again:

| member | what it is |
|---|---|
| `v`, `typ`, `origin` | 1, `evidence_bundle`, the log |
| `statement` | the DSSE envelope of the in-toto statement |
| `certificates` | DER of the leaf and of the intermediate; the root is the trust root's |
| `plans` | canonical bytes: the certificate's plan, then the publication's |
| `policies` | TOML of each policy that a plan or receipt names, sorted by digest |
| `entries` | ledger entries in order, each with its inclusion proof; `data` holds detached data, else empty |
| `checkpoint` | the signed note that all proofs lead to |
| `revocations` | the log's signed list of revoked certificates, as of that checkpoint |

Approvals with their signatures, enrolments, receipts and outcomes stand in the entries. Which
entries belong in a bundle, and that no others may, is `verifier`'s.
"""

from __future__ import annotations

from msgspec import Struct

from placet.domain.encoding.canonical import Object, Value, decode, encode
from placet.domain.encoding.record import Record
from placet.domain.encoding.strict_base64 import decode_base64, encode_base64
from placet.domain.log.checkpoint import ORIGIN
from placet.errors import InvalidInputError, PlacetError

LIMIT_BYTES = 64 * 1024 * 1024
_CODE = "BUNDLE_MALFORMED"
_MOST_ENTRIES = 4096
_MOST_POLICIES = 64
_MOST_HASHES = 64
_PLANS = 2


class LoggedEntry(Struct, frozen=True, kw_only=True):
    """An entry's bytes, its detached data where it has such, and its inclusion proof."""

    entry: bytes
    data: bytes
    proof: tuple[bytes, ...]

    def to_object(self) -> Object:
        """Return the members of the canonical object."""
        return {
            "entry": encode_base64(self.entry),
            "data": encode_base64(self.data),
            "proof": [each.hex() for each in self.proof],
        }


class Bundle(Struct, frozen=True, kw_only=True):
    """The parts of a bundle, believed in nothing."""

    origin: str
    statement: bytes
    leaf: bytes
    intermediate: bytes
    plans: tuple[bytes, ...]
    policies: tuple[bytes, ...]
    entries: tuple[LoggedEntry, ...]
    checkpoint: str
    revocations: bytes

    def encode(self) -> bytes:
        """Return the bundle's canonical bytes."""
        return encode(
            {
                "v": 1,
                "typ": "evidence_bundle",
                "origin": self.origin,
                "statement": encode_base64(self.statement),
                "certificates": [encode_base64(self.leaf), encode_base64(self.intermediate)],
                "plans": [encode_base64(each) for each in self.plans],
                "policies": [encode_base64(each) for each in self.policies],
                "entries": [each.to_object() for each in self.entries],
                "checkpoint": encode_base64(self.checkpoint.encode()),
                "revocations": encode_base64(self.revocations),
            },
            limit=LIMIT_BYTES,
        )


def parse_bundle(encoded: bytes) -> Bundle:
    """Return the parts of the bundle that canonical `encoded` spells.

    Raise `InvalidInputError` (`BUNDLE_MALFORMED`) for any other spelling, an unknown, missing or
    doubled member, junk in base64, or too much of anything.
    """
    try:
        return _read(Record(decode(encoded, limit=LIMIT_BYTES), what="bundle", code=_CODE))
    except (PlacetError, UnicodeDecodeError) as error:
        reason = error.message if isinstance(error, PlacetError) else "the checkpoint is not UTF-8"
        raise InvalidInputError(_CODE, f"this is not an evidence bundle: {reason}") from error


def _read(record: Record) -> Bundle:
    record.constant("v", 1)
    record.constant("typ", "evidence_bundle")
    certificates = record.list_of("certificates", _bytes, most=2)
    if len(certificates) != 2:  # noqa: PLR2004 - leaf and intermediate
        record.refuse("does not have two certificates")
    bundle = Bundle(
        origin=record.text("origin", ORIGIN),
        statement=decode_base64(record.text("statement")),
        leaf=certificates[0],
        intermediate=certificates[1],
        plans=record.list_of("plans", _bytes, most=_PLANS),
        policies=record.list_of("policies", _bytes, most=_MOST_POLICIES),
        entries=record.list_of("entries", _entry, most=_MOST_ENTRIES),
        checkpoint=decode_base64(record.text("checkpoint")).decode(),
        revocations=decode_base64(record.text("revocations")),
    )
    record.end()
    return bundle


def _entry(value: Value) -> LoggedEntry:
    record = Record(value, what="bundle's entry", code=_CODE)
    logged = LoggedEntry(
        entry=decode_base64(record.text("entry")),
        data=decode_base64(record.text("data")),
        proof=tuple(bytes.fromhex(each) for each in record.texts("proof", r"[0-9a-f]{64}")),
    )
    record.end()
    if len(logged.proof) > _MOST_HASHES:
        record.refuse(f"has more than {_MOST_HASHES} hashes in its proof")
    return logged


def _bytes(value: Value) -> bytes:
    if not isinstance(value, str):
        raise InvalidInputError(_CODE, "a part of the bundle is no text")
    return decode_base64(value)
