"""A receipt: the single-use authorization of exactly one operation (protocol 3).

The bytes of a receipt come from outside until their MAC holds: `Receipt` values are made by the
Core when it mints, or by `checks.open_receipt` when it verifies, and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from datetime import datetime, timedelta

from msgspec import Struct

from placet.domain.authorization.operation import OPERATION_ID, RUN_ID, Subject, read_subject
from placet.domain.encoding import dsse
from placet.domain.encoding.canonical import LIMIT_BYTES, Object, decode, encode
from placet.domain.encoding.record import Record
from placet.domain.values.digest import Digest
from placet.domain.values.kinds import Mode, OperationKind
from placet.domain.values.time import format_instant
from placet.errors import DeniedError

PAYLOAD_TYPE = "application/vnd.placet.receipt.v1+json"
PREFIX = "placet_rcpt_"
RECEIPT_ID = r"fc-receipt-[0-9]{8}-[0-9]{6}-[0-9a-f]{12}"
MAX_LIFETIME_SECONDS = 86_400
MAX_AGE_SECONDS = 86_400
_MALFORMED = "RECEIPT_MALFORMED"
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_LIMIT_CHARACTERS = LIMIT_BYTES * 4 // 3 + 256


class Receipt(Struct, frozen=True, kw_only=True):
    """The members of a receipt; `reasons` is empty exactly when it is enforceable."""

    receipt_id: str
    issuer: str
    audience: str
    key_id: str
    mode: Mode
    enforceable: bool
    reasons: tuple[str, ...]
    run_id: str
    operation_id: str
    attempt: int
    operation_kind: OperationKind
    subject: Subject
    operation_digest: Digest
    plan_digest: Digest
    policy_digest: Digest
    policy_version: str
    approvals_digest: Digest
    approvers: tuple[str, ...]
    certificate_id: str
    decided_at_size: int
    issued_at: datetime
    not_before: datetime
    expires_at: datetime
    max_age_seconds: int
    nonce: str

    def encode(self) -> bytes:
        """Return the receipt's canonical payload."""
        return encode(self.to_object())

    def to_object(self) -> Object:
        """Return the members of the canonical object."""
        return {
            "v": 1,
            "typ": "receipt",
            "receipt_id": self.receipt_id,
            "issuer": self.issuer,
            "audience": self.audience,
            "key_id": self.key_id,
            "mode": self.mode.value,
            "enforceable": self.enforceable,
            "reasons": list(self.reasons),
            "run_id": self.run_id,
            "operation_id": self.operation_id,
            "attempt": self.attempt,
            "operation_kind": self.operation_kind.value,
            "subject": self.subject.to_object(),
            "operation_digest": self.operation_digest,
            "plan_digest": self.plan_digest,
            "policy_digest": self.policy_digest,
            "policy_version": self.policy_version,
            "approvals_digest": self.approvals_digest,
            "approvers": list(self.approvers),
            "certificate_id": self.certificate_id,
            "decided_at_size": self.decided_at_size,
            "issued_at": format_instant(self.issued_at),
            "not_before": format_instant(self.not_before),
            "expires_at": format_instant(self.expires_at),
            "max_age_seconds": self.max_age_seconds,
            "nonce": self.nonce,
        }


def parse_receipt(payload: bytes) -> Receipt:
    """Return the receipt that canonical `payload` spells.

    Raise `InvalidInputError` (`RECEIPT_MALFORMED`, `JSON_INVALID`, `JSON_NOT_CANONICAL`). That a
    payload parses says nothing about who made it.
    """
    return read_receipt(decode(payload))


def read_receipt(members: Object) -> Receipt:
    """Return the receipt that a decoded payload holds.

    Raise `InvalidInputError` (`RECEIPT_MALFORMED`) for members that are missing, unknown or not
    well-formed, and for a lifetime that is longer than any receipt's.
    """
    record = Record(members, what="receipt", code=_MALFORMED)
    record.constant("v", 1)
    record.constant("typ", "receipt")
    receipt = Receipt(
        receipt_id=record.text("receipt_id", RECEIPT_ID),
        issuer=record.text("issuer", r"[!-~]{1,256}"),
        audience=record.text("audience", r"[a-z0-9][a-z0-9.-]{0,63}"),
        key_id=record.text("key_id", r"[!-~]{1,64}"),
        mode=record.choice("mode", Mode),
        enforceable=record.flag("enforceable"),
        reasons=record.texts("reasons"),
        run_id=record.text("run_id", RUN_ID),
        operation_id=record.text("operation_id", OPERATION_ID),
        attempt=record.integer("attempt", least=1),
        operation_kind=record.choice("operation_kind", OperationKind),
        subject=read_subject(record.object("subject"), code=_MALFORMED),
        operation_digest=record.digest("operation_digest"),
        plan_digest=record.digest("plan_digest"),
        policy_digest=record.digest("policy_digest"),
        policy_version=record.text("policy_version"),
        approvals_digest=record.digest("approvals_digest"),
        approvers=record.texts("approvers"),
        certificate_id=record.text("certificate_id"),
        decided_at_size=record.integer("decided_at_size"),
        issued_at=record.instant("issued_at"),
        not_before=record.instant("not_before"),
        expires_at=record.instant("expires_at"),
        max_age_seconds=record.integer("max_age_seconds", most=MAX_AGE_SECONDS),
        nonce=record.text("nonce", r"[0-9a-f]{32}"),
    )
    record.end()
    latest = receipt.issued_at + timedelta(seconds=MAX_LIFETIME_SECONDS)
    if not receipt.issued_at <= receipt.not_before <= receipt.expires_at <= latest:
        record.refuse("is not valid for at most 24 hours from its issue")
    return receipt


def mac(key: bytes, payload: bytes) -> bytes:
    """Return the 32 bytes of HMAC-SHA256 over DSSE's PAE of the payload."""
    return hmac.digest(key, dsse.pae(PAYLOAD_TYPE, payload), "sha256")


def compact(payload: bytes, tag: bytes) -> str:
    """Return `placet_rcpt_` base64url(payload) `.` base64url(mac), without padding."""
    return f"{PREFIX}{_to_base64url(payload)}.{_to_base64url(tag)}"


def split_compact(token: str) -> tuple[bytes, bytes]:
    """Return payload and MAC of a compact receipt, believed in nothing yet.

    Raise `DeniedError` (`RECEIPT_MALFORMED`) for another prefix or shape, for junk, padding or
    non-canonical trailing bits in base64, and for more than 16 KiB.
    """
    if len(token) > _LIMIT_CHARACTERS or not token.startswith(PREFIX) or token.count(".") != 1:
        raise DeniedError(_MALFORMED, "what was presented does not have the form of a receipt")
    payload, tag = token[len(PREFIX) :].split(".")
    return _from_base64url(payload), _from_base64url(tag)


def _to_base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    if _BASE64URL.fullmatch(text) is None:
        raise DeniedError(_MALFORMED, "the receipt holds characters outside base64url")
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise DeniedError(_MALFORMED, "the receipt is not base64url") from error
    if _to_base64url(content) != text:
        raise DeniedError(_MALFORMED, "the receipt is not in canonical base64url")
    return content
