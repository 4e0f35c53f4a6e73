"""What entries hold of receipts and of what became of them (see `record_types`)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.record import Record
from placet.domain.log.record_types import CODE, ID
from placet.domain.values.digest import Digest
from placet.domain.values.kinds import OutcomeStatus
from placet.domain.values.time import format_instant


class ReceiptIssued(Struct, frozen=True, kw_only=True):
    """A receipt's payload, as the object that it spells canonically."""

    receipt: Object

    def to_object(self) -> Object:
        """Return the entry's data."""
        return {"receipt": self.receipt}


def read_receipt_issued(data: Value) -> ReceiptIssued:
    """Return the record that `data` holds, or raise `InvalidInputError` (`ENTRY_DATA_MALFORMED`)."""
    record = Record(data, what="receipt's entry", code=CODE)
    read = ReceiptIssued(receipt=record.object("receipt"))
    record.end()
    return read


class ReceiptReserved(Struct, frozen=True, kw_only=True):
    """A receipt was consumed for one attempt, after these checks, until this deadline."""

    receipt_id: str
    operation_id: str
    attempt: int
    checks: Object
    deadline: datetime

    def to_object(self) -> Object:
        """Return the entry's data."""
        return {
            "receipt_id": self.receipt_id,
            "operation_id": self.operation_id,
            "attempt": self.attempt,
            "checks": self.checks,
            "deadline": format_instant(self.deadline),
        }


def read_receipt_reserved(data: Value) -> ReceiptReserved:
    """Return the record that `data` holds, or raise `InvalidInputError` (`ENTRY_DATA_MALFORMED`)."""
    record = Record(data, what="reservation", code=CODE)
    read = ReceiptReserved(
        receipt_id=record.text("receipt_id", ID),
        operation_id=record.text("operation_id", ID),
        attempt=record.integer("attempt", least=1),
        checks=record.object("checks"),
        deadline=record.instant("deadline"),
    )
    record.end()
    return read


class OutcomeRecorded(Struct, frozen=True, kw_only=True):
    """What became of an effect. `artifacts` are those of the operation, `response` the provider's facts."""

    receipt_id: str
    operation_id: str
    operation_kind: str
    operation_digest: Digest
    attempt: int
    status: OutcomeStatus
    artifacts: tuple[Value, ...]
    response: Object
    retries: int
    error_code: str
    source: str

    def to_object(self) -> Object:
        """Return the entry's data."""
        return {
            "receipt_id": self.receipt_id,
            "operation_id": self.operation_id,
            "operation_kind": self.operation_kind,
            "operation_digest": self.operation_digest,
            "attempt": self.attempt,
            "status": self.status.value,
            "artifacts": list(self.artifacts),
            "response": self.response,
            "retries": self.retries,
            "error_code": self.error_code,
            "source": self.source,
        }


def read_outcome_recorded(data: Value) -> OutcomeRecorded:
    """Return the record that `data` holds, or raise `InvalidInputError` (`ENTRY_DATA_MALFORMED`)."""
    record = Record(data, what="outcome", code=CODE)
    read = OutcomeRecorded(
        receipt_id=record.text("receipt_id", ID),
        operation_id=record.text("operation_id", ID),
        operation_kind=record.text("operation_kind", r"[a-z_]{1,64}"),
        operation_digest=record.digest("operation_digest"),
        attempt=record.integer("attempt", least=1),
        status=record.choice("status", OutcomeStatus),
        artifacts=record.list_of("artifacts", lambda artifact: artifact),
        response=record.object("response"),
        retries=record.integer("retries"),
        error_code=record.text("error_code"),
        source=record.text("source", "observed|reported"),
    )
    record.end()
    return read
