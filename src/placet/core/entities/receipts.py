"""Receipts as stored, receipt keys, and who holds the subject of an effect."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from placet.core.entities.stored import record_of, remembered, with_index
from placet.domain.authorization.facts import KeyState, ReceiptState, StoredReceipt
from placet.domain.authorization.operation import OPERATION_ID, Operation
from placet.domain.authorization.receipt import RECEIPT_ID
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey
from placet.domain.values.digest import Digest
from placet.domain.values.kinds import WRITTEN_ONCE, OperationKind
from placet.domain.values.time import format_instant, parse_instant

UNSETTLED = frozenset({ReceiptState.RESERVED, ReceiptState.INDETERMINATE})
"""States in which it is not known yet what became of the effect."""
BEGUN = UNSETTLED | {ReceiptState.EXECUTED, ReceiptState.CONFLICT}
"""States in which the effect stands, or may."""
_OF_A_TAG = frozenset({OperationKind.TAG_REPO, OperationKind.PUBLISH_RELEASE})
"""Kinds of which a repository has one for each tag, whatever version they are said to be of."""


class ReceiptRecord(Struct, frozen=True, kw_only=True):
    """A receipt's place in its life. The revision of a reserved one is its fence.

    `deadline` is None until it is reserved; `lookups` counts fruitless look-ups; `response` what
    the provider answered; `error_code` why it failed, empty otherwise.
    """

    receipt_id: str
    operation_id: str
    attempt: int
    payload: str
    payload_digest: Digest
    state: ReceiptState
    deadline: datetime | None
    lookups: int
    response: Object
    error_code: str

    @property
    def key(self) -> EntityKey:
        """Return `receipt/ID`."""
        return receipt_key(self.receipt_id)

    def reserved(self, deadline: datetime) -> ReceiptRecord:
        """Return the record of the receipt being used until `deadline`."""
        return replace(self, state=ReceiptState.RESERVED, deadline=deadline)

    def settled(self, state: ReceiptState, response: Object, error_code: str) -> ReceiptRecord:
        """Return the record with what became of the effect."""
        return replace(self, state=state, response=response, error_code=error_code)

    def looked_up(self) -> ReceiptRecord:
        """Return the record after one more look-up that found nothing certain."""
        return replace(self, lookups=self.lookups + 1)

    def revoked(self) -> ReceiptRecord:
        """Return the record of a receipt that may no longer be used."""
        return replace(self, state=ReceiptState.REVOKED)

    def stored(self) -> StoredReceipt:
        """Return what check 6 compares with."""
        return StoredReceipt(payload_digest=self.payload_digest, state=self.state)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            "receipt_id": self.receipt_id,
            "operation_id": self.operation_id,
            "attempt": self.attempt,
            "payload": self.payload,
            "payload_digest": self.payload_digest,
            "state": self.state.value,
            "deadline": format_instant(self.deadline) if self.deadline else "",
            "lookups": self.lookups,
            "response": self.response,
            "error_code": self.error_code,
        }
        rows = [("receipt", self.receipt_id), ("receipt_run", self.operation_id)]
        if self.state in UNSETTLED:
            rows.append(("receipt_unsettled", self.receipt_id))
        return with_index(members, rows)


def receipt_key(receipt_id: str) -> EntityKey:
    """Return the key of a receipt."""
    return EntityKey(f"receipt/{receipt_id}")


def read_receipt_record(entity: Entity) -> ReceiptRecord:
    """Return the receipt record that the entity holds."""
    record = record_of(entity, "stored receipt")
    deadline = record.text("deadline")
    receipt = ReceiptRecord(
        receipt_id=record.text("receipt_id", RECEIPT_ID),
        operation_id=record.text("operation_id", OPERATION_ID),
        attempt=record.integer("attempt", least=1),
        payload=record.text("payload"),
        payload_digest=record.digest("payload_digest"),
        state=record.choice("state", ReceiptState),
        deadline=parse_instant(deadline) if deadline else None,
        lookups=record.integer("lookups"),
        response=record.object("response"),
        error_code=record.text("error_code"),
    )
    record.end()
    return receipt


def receipt_key_record_key(key_id: str) -> EntityKey:
    """Return the key of a receipt key's record."""
    return EntityKey(f"receipt_key/{key_id}")


def receipt_key_object(key_id: str, state: KeyState) -> Object:
    """Return the record of a receipt key: what it is good for now, never its secret."""
    return with_index({"key_id": key_id, "algorithm": "HS256", "state": state.value}, [])


@remembered
def read_receipt_key_state(entity: Entity) -> KeyState:
    """Return the state that a receipt key's record gives it."""
    record = record_of(entity, "receipt key record")
    record.text("key_id")
    record.constant("algorithm", "HS256")
    state = record.choice("state", KeyState)
    record.end()
    return state


class SubjectHold(Struct, frozen=True, kw_only=True):
    """Which operation holds the subject of an effect, and how far it is.

    While one operation is under way, in doubt or done, another one with the same effect is stale.
    """

    subject: str
    operation_id: str
    state: ReceiptState

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {"subject": self.subject, "operation_id": self.operation_id, "state": self.state.value}
        return with_index(members, [])

    @property
    def holder(self) -> str:
        """Return the operation that holds the subject, empty where the last one came to nothing."""
        return "" if self.state is ReceiptState.FAILED else self.operation_id


def hold_writes(operation: Operation, state: ReceiptState) -> dict[EntityKey, Object | None]:
    """Return the entity that holds the subject of `operation` in `state`; none where it may be repeated."""
    if operation.operation_kind not in WRITTEN_ONCE:
        return {}
    hold = SubjectHold(subject=subject_of(operation), operation_id=operation.operation_id, state=state)
    return {subject_key(operation): hold.to_object()}


def subject_of(operation: Operation) -> str:
    """Return the identity of an operation's effect: two operations with the same cannot both be made."""
    identity = str(operation.subject)
    if operation.operation_kind is OperationKind.PUT_OBJECT:
        identity = f"{operation.subject.provider}:{operation.params.get('key', '')}"
    if operation.operation_kind in _OF_A_TAG:
        identity = f"{operation.subject.pattern_text}#{operation.subject.tag}"
    return f"{operation.operation_kind.value}/{identity}"


def subject_key(operation: Operation) -> EntityKey:
    """Return the key of the hold on an operation's effect."""
    return EntityKey(f"subject/{subject_of(operation)}")


def read_subject_hold(entity: Entity) -> SubjectHold:
    """Return the hold that the entity records."""
    record = record_of(entity, "subject")
    hold = SubjectHold(
        subject=record.text("subject"),
        operation_id=record.text("operation_id", OPERATION_ID),
        state=record.choice("state", ReceiptState),
    )
    record.end()
    return hold
