"""The trust root: all that a verifier must know beforehand, one small file (protocol 8).

Canonical JSON `{v, origin, checkpoint_keys, ca_roots, predecessors}`: the log, the keys that sign
its checkpoints (verifier key lines), the root certificates (DER in base64), and the logs that it
continued, each with its own keys and the size up to which it counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509
from msgspec import Struct

from placet.domain.encoding.canonical import Object, Value, decode, encode
from placet.domain.encoding.pem import certificate_der, read_certificate_der
from placet.domain.encoding.record import Record
from placet.domain.encoding.strict_base64 import decode_base64, encode_base64
from placet.domain.log.checkpoint import ORIGIN, Checkpoint, CheckpointKey, open_checkpoint, parse_vkey
from placet.errors import InvalidInputError, PlacetError, VerificationError

LIMIT_BYTES = 256 * 1024
_CODE = "TRUST_ROOT_INVALID"
_MOST = 64


class Log(Struct, frozen=True, kw_only=True):
    """A log whose checkpoints are believed, up to `size` where it was continued by another (else 0)."""

    origin: str
    checkpoint_keys: tuple[CheckpointKey, ...]
    size: int = 0

    def open_checkpoint(self, note: str) -> tuple[Checkpoint, CheckpointKey]:
        """Return what a note of this log states and the key that signed it.

        Raise `VerificationError` (`CHECKPOINT_INVALID`) unless exactly one of the keys signed it.
        """
        for key in self.checkpoint_keys:
            try:
                opened = open_checkpoint(note, key)
            except VerificationError:
                continue
            if self.size and opened.size > self.size:
                raise VerificationError(
                    "CHECKPOINT_INVALID", f"the log {self.origin} counts up to size {self.size}, not {opened.size}"
                )
            return opened, key
        raise VerificationError("CHECKPOINT_INVALID", f"no known key of {self.origin} signed the checkpoint")


class TrustRoot(Struct, frozen=True, kw_only=True):
    """The log and the certificate authorities that a verifier believes."""

    log: Log
    ca_roots: tuple[x509.Certificate, ...]
    predecessors: tuple[Log, ...] = ()

    def log_of(self, origin: str) -> Log:
        """Return the log of that origin, or raise `VerificationError` (`ISSUER_MISMATCH`)."""
        for log in (self.log, *self.predecessors):
            if log.origin == origin:
                return log
        raise VerificationError("ISSUER_MISMATCH", f"the trust root does not know the log {origin}")

    def encode(self) -> bytes:
        """Return the file's canonical bytes."""
        predecessors: list[Value] = [{**_log_object(log), "size": log.size} for log in self.predecessors]
        return encode(
            {
                "v": 1,
                **_log_object(self.log),
                "ca_roots": [encode_base64(certificate_der(each)) for each in self.ca_roots],
                "predecessors": predecessors,
            },
            limit=LIMIT_BYTES,
        )


def parse_trust_root(encoded: bytes) -> TrustRoot:
    """Return the trust root that canonical `encoded` spells, or raise `InvalidInputError` (`TRUST_ROOT_INVALID`).

    A single line feed at the end is allowed: editors add one.
    """
    try:
        record = Record(decode(encoded.removesuffix(b"\n"), limit=LIMIT_BYTES), what="trust root", code=_CODE)
        record.constant("v", 1)
        root = TrustRoot(
            log=_read_log(record, size=0),
            ca_roots=record.list_of("ca_roots", _read_certificate, most=_MOST),
            predecessors=record.list_of("predecessors", _read_predecessor, most=_MOST),
        )
        record.end()
    except PlacetError as error:
        raise InvalidInputError(_CODE, f"the trust root cannot be read: {error.message}") from error
    if len({log.origin for log in (root.log, *root.predecessors)}) != 1 + len(root.predecessors):
        raise InvalidInputError(_CODE, "the trust root names a log twice")
    return root


def _log_object(log: Log) -> Object:
    return {"origin": log.origin, "checkpoint_keys": [key.vkey() for key in log.checkpoint_keys]}


def _read_log(record: Record, *, size: int) -> Log:
    origin = record.text("origin", ORIGIN)
    keys = tuple(parse_vkey(line) for line in record.texts("checkpoint_keys"))
    if not 0 < len(keys) <= _MOST or not _all_of(origin, keys):
        record.refuse("has no checkpoint keys, or some of another log")
    return Log(origin=origin, checkpoint_keys=keys, size=size)


def _all_of(origin: str, keys: Iterable[CheckpointKey]) -> bool:
    return all(key.origin == origin for key in keys)


def _read_predecessor(value: Value) -> Log:
    record = Record(value, what="predecessor", code=_CODE)
    log = _read_log(record, size=record.integer("size", least=1))
    record.end()
    return log


def _read_certificate(value: Value) -> x509.Certificate:
    if not isinstance(value, str):
        raise InvalidInputError(_CODE, "the trust root has a root certificate that is no text")
    return read_certificate_der(decode_base64(value))
