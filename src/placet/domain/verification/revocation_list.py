"""The log's signed list of revoked certificates, as of one checkpoint (protocol 8).

An in-toto Statement v1 with the predicate `urn:placet:revocation:v1` (schema in
`docs/spec/schemas/revocation-v1.json`), whose subject is the log at that checkpoint: name its
origin, digest the root. It is signed with the checkpoint's own key, because it is the log's word
about itself: an inclusion proof cannot show that a revocation is *absent*. What that key signs
for an envelope begins with `DSSEv1 `, and has no line feed; a checkpoint's text begins with the
origin, which has no space, so neither can pass for the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from placet.domain.certificate.revocation import Revocation, read_revocation
from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.dsse import STATEMENT_TYPE, Envelope, parse_envelope, seal
from placet.domain.encoding.jcs import decode_jcs, encode_jcs
from placet.domain.encoding.record import Record
from placet.domain.log.checkpoint import Checkpoint, CheckpointKey, CheckpointSigner
from placet.domain.values.time import format_instant
from placet.domain.verification.statement import IN_TOTO
from placet.domain.verification.trust_root import Log
from placet.errors import InvalidInputError, PlacetError, VerificationError

REVOCATION = "urn:placet:revocation:v1"
_CODE = "REVOCATION_LIST_MALFORMED"
_MOST = 1_000_000


class RevocationList(Struct, frozen=True, kw_only=True):
    """Every certificate that was revoked when the log had the size and root of `checkpoint`.

    `known_to` is the time of the newest entry then: revocations after it are not in the list.
    """

    checkpoint: Checkpoint
    known_to: datetime
    revocations: tuple[Revocation, ...]

    def encode(self) -> bytes:
        """Return the statement's one spelling; revocations are sorted by certificate id."""
        digest: Object = {"sha256": self.checkpoint.root.hex()}
        return encode_jcs(
            {
                "_type": IN_TOTO,
                "subject": [{"name": self.checkpoint.origin, "digest": digest}],
                "predicateType": REVOCATION,
                "predicate": {
                    "size": self.checkpoint.size,
                    "known_to": format_instant(self.known_to),
                    "revocations": [each.to_object() for each in self.revocations],
                },
            }
        )


def sign_revocations(
    checkpoint: Checkpoint, revocations: Iterable[Revocation], signer: CheckpointSigner, *, known_to: datetime
) -> Envelope:
    """Return the list as of `checkpoint`, signed with the log's key; the key id is the verifier key line."""
    listed = RevocationList(
        checkpoint=checkpoint,
        known_to=known_to,
        revocations=tuple(sorted(revocations, key=lambda each: each.certificate_id)),
    )
    key = CheckpointKey(origin=checkpoint.origin, public_key=signer.public_key)
    return seal(STATEMENT_TYPE, listed.encode(), keyid=key.vkey(), sign=signer.sign)


def open_revocations(envelope: Envelope, checkpoint: Checkpoint, key: CheckpointKey) -> RevocationList:
    """Return the list, if `key` signed it and it is as of this very checkpoint.

    Raise `VerificationError`: `SIGNATURE_INVALID`, `REVOCATION_STALE` for a list of another moment;
    `InvalidInputError` (`REVOCATION_LIST_MALFORMED`, `ENVELOPE_MALFORMED`).
    """
    listed = _signed_by(key, envelope)
    if listed.checkpoint != checkpoint:
        raise VerificationError(
            "REVOCATION_STALE",
            f"the revocation list is as of size {listed.checkpoint.size}, the checkpoint of size {checkpoint.size}",
            hint="get a newer bundle",
        )
    return listed


def open_list(encoded: bytes, log: Log) -> RevocationList:
    """Return a list that stands by itself: as of whatever moment, signed by a key of `log`, about that log.

    Raise `VerificationError`: `SIGNATURE_INVALID`, `ISSUER_MISMATCH` for a list of another log,
    `CHECKPOINT_INVALID` for one beyond the size up to which the log counts; `InvalidInputError`
    (`REVOCATION_LIST_MALFORMED`, `ENVELOPE_MALFORMED`).
    """
    envelope = parse_envelope(encoded)
    key = next((each for each in log.checkpoint_keys if each.vkey() == envelope.keyid), None)
    if key is None:
        raise VerificationError("SIGNATURE_INVALID", f"no known key of {log.origin} signed the revocation list")
    listed = _signed_by(key, envelope)
    if listed.checkpoint.origin != log.origin:
        raise VerificationError("ISSUER_MISMATCH", f"the revocation list is not about the log {log.origin}")
    if log.size and listed.checkpoint.size > log.size:
        raise VerificationError("CHECKPOINT_INVALID", f"the log {log.origin} counts up to size {log.size} only")
    return listed


def _signed_by(key: CheckpointKey, envelope: Envelope) -> RevocationList:
    def verify(signature: bytes, message: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, message)
        except InvalidSignature as error:
            raise VerificationError("SIGNATURE_INVALID", "the log did not sign the revocation list") from error

    return parse_revocations(envelope.opened(STATEMENT_TYPE, keyid=key.vkey(), verify=verify))


def parse_revocations(payload: bytes) -> RevocationList:
    """Return the list that `payload` spells, or raise `InvalidInputError` (`REVOCATION_LIST_MALFORMED`)."""
    try:
        listed = _read(decode_jcs(payload))
    except PlacetError as error:
        raise InvalidInputError(_CODE, f"the revocation list is not one of ours: {error.message}") from error
    ids = [each.certificate_id for each in listed.revocations]
    if ids != sorted(set(ids)):
        raise InvalidInputError(_CODE, "the revocation list is not sorted, each certificate once")
    return listed


def _read(members: Object) -> RevocationList:
    statement = Record(members, what="revocation list", code=_CODE)
    statement.constant("_type", IN_TOTO)
    statement.constant("predicateType", REVOCATION)
    subjects = statement.list_of("subject", _read_subject, most=1)
    predicate = Record(statement.object("predicate"), what="revocation list", code=_CODE)
    statement.end()
    if not subjects:
        statement.refuse("has no subject")
    origin, root = subjects[0]
    listed = RevocationList(
        checkpoint=Checkpoint(origin=origin, size=predicate.integer("size"), root=root),
        known_to=predicate.instant("known_to"),
        revocations=predicate.list_of("revocations", read_revocation, most=_MOST),
    )
    predicate.end()
    return listed


def _read_subject(value: Value) -> tuple[str, bytes]:
    subject = Record(value, what="revocation list's subject", code=_CODE)
    digests = Record(subject.object("digest"), what="revocation list's subject", code=_CODE)
    read = subject.text("name"), bytes.fromhex(digests.text("sha256", r"[0-9a-f]{64}"))
    subject.end()
    digests.end()
    return read
