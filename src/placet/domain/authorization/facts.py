"""What the checks look at: the request as presented, and the facts it is compared with (protocol 4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from placet.domain.authorization.operation import Artifact, Operation
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.receipt import Receipt
from placet.domain.values.digest import Digest
from placet.domain.values.unshown import Unshown


class KeyState(StrEnum):
    """Where a receipt key is in its life; only the first two verify, only the first mints."""

    ACTIVE = "active"
    VERIFY_ONLY = "verify_only"
    RETIRED = "retired"
    REVOKED = "revoked"


class ReceiptState(StrEnum):
    """Where a receipt is in its life (protocol 5). Leaving `issued` is the consumption."""

    ISSUED = "issued"
    RESERVED = "reserved"
    EXECUTED = "executed"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"
    CONFLICT = "conflict"
    REVOKED = "revoked"


class ReceiptKey(Unshown, frozen=True, kw_only=True):
    """One generation of the receipt secret: HMAC-SHA256 by its record, whatever a message says."""

    key_id: str
    state: KeyState
    secret: bytes


class Request(Unshown, frozen=True, kw_only=True):
    """What is asked for, exactly as the caller presents it; nothing here is believed yet.

    `mode` is text and `token` anything at all, because callers present anything.
    """

    mode: str
    run_id: str
    operation: Operation
    token: object


class Desk(Struct, frozen=True, kw_only=True):
    """What must hold before a token is looked at: the port's mode, the clock, the keys."""

    port_mode: str
    now: datetime
    ledger_time: datetime
    keys: Mapping[str, ReceiptKey]


class VerifiedReceipt(Struct, frozen=True, kw_only=True):
    """A receipt whose signature holds, with the payload that was signed.

    Only `checks.open_receipt` makes one.
    """

    receipt: Receipt
    payload: bytes


class StoredReceipt(Struct, frozen=True, kw_only=True):
    """What the store holds under a receipt's id."""

    payload_digest: Digest
    state: ReceiptState


class Refusal(Struct, frozen=True, kw_only=True):
    """One reason of the policy not to allow an operation: a stable code and a sentence."""

    code: str
    sentence: str


class CertificateFacts(Struct, frozen=True, kw_only=True):
    """What is known now of the certificate that an operation names: for what it is, and whether it counts."""

    package: str
    version: str
    revoked: bool
    expires_at: datetime


class ObservedFact(Struct, frozen=True, kw_only=True):
    """A precondition's fact as a provider showed it, and when."""

    fact: str
    value: str
    at: datetime


class Facts(Struct, frozen=True, kw_only=True):
    """The premises of one authorization, all of one moment (protocol 4, checks 3 to 9).

    `contents` are the artifacts measured on the very bytes that would be sent. `held_by` is the
    operation that already holds the effect's subject, empty where none does. `place` is where the
    provider's record leads now, empty for core operations. `refusals` are those of the policy in
    force now, whose digest is `policy_digest`; `frozen` those of open freezes.
    """

    issuer: str
    plan: Plan | None
    stored: StoredReceipt | None
    contents: tuple[Artifact, ...]
    policy_digest: Digest
    refusals: tuple[Refusal, ...]
    frozen: tuple[Refusal, ...]
    requester_active: bool
    certificate: CertificateFacts | None
    held_by: str
    place: str
    observations: tuple[ObservedFact, ...]
