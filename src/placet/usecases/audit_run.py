"""Audit a run: one record per attempt, per denial and per blocked intent, from the ledger (contract 8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from placet.core.context import Context
from placet.core.entities.denials import DeniedRequest
from placet.core.entities.intents import IntentRecord, read_intent
from placet.core.entities.receipts import ReceiptRecord, read_receipt_record
from placet.core.entities.runs import Run
from placet.core.entities.stored import required
from placet.core.lookup import denials_of, entry_at
from placet.core.runs import stored_plan, stored_run
from placet.domain.authorization.explanations import explain
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Operation
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey
from placet.domain.log.entry import Entry
from placet.domain.log.receipt_records import read_outcome_recorded, read_receipt_reserved
from placet.domain.log.record_types import OUTCOME_TYPES, EntryType
from placet.domain.values.kinds import Mode

_PAGE = 500
_BY_MODE = frozenset({"MODE_NOT_PROD", "RECEIPT_MODE_MISMATCH"})


class AuditStatus(StrEnum):
    """How an attempt ended, or why there was none."""

    SUCCESS = "success"
    FAILED = "failed"
    REJECTED_BY_AUTH = "rejected_by_auth"
    REJECTED_BY_MODE = "rejected_by_mode"
    INDETERMINATE = "indeterminate"
    CONFLICT = "conflict"


_STATUS = {
    ReceiptState.EXECUTED: AuditStatus.SUCCESS,
    ReceiptState.FAILED: AuditStatus.FAILED,
    ReceiptState.CONFLICT: AuditStatus.CONFLICT,
    ReceiptState.RESERVED: AuditStatus.INDETERMINATE,
    ReceiptState.INDETERMINATE: AuditStatus.INDETERMINATE,
}
"""Of every receipt that was consumed; the others were never attempted."""


class AuditRecord(Struct, frozen=True, kw_only=True):
    """One attempt, denial or blocked intent.

    `timestamp` is when the ledger recorded it last; `operation` is None where what was denied is no
    operation of the run's plans; `completed_at` is None while it is not known how it ended. `checks`
    are those of the reservation; a core operation passes them in the change that performs it, which
    records none.
    """

    timestamp: datetime
    operation_id: str
    operation: Operation | None
    receipt_id: str
    mode: Mode
    status: AuditStatus
    checks: Object
    started_at: datetime
    completed_at: datetime | None
    error_code: str
    error_message: str
    response: Object
    retry_count: int


class AuditTrail(Struct, frozen=True, kw_only=True):
    """A run and its records, oldest first."""

    run: Run
    records: tuple[AuditRecord, ...]


async def audit_run(context: Context, run_id: str) -> AuditTrail:
    """Return what the ledger says was attempted and denied in a run; raise `NotFoundError` where there is none."""
    run = await stored_run(context, run_id)
    plans = [await stored_plan(context, run_id, number) for number in range(1, run.plans + 1)]
    operations = {each.operation_id: each for plan in plans for each in plan.operations}
    records = [
        *[await _attempt(context, run, operations, key) for key in await _keys(context, "receipt_run", run_id)],
        *[_denial(run, operations, each) for each in await denials_of(context, run_id)],
        *[_intent(run, operations, each) for each in await _intents(context, run_id)],
    ]
    found = [each for each in records if each is not None]
    return AuditTrail(run=run, records=tuple(sorted(found, key=lambda each: (each.timestamp, each.operation_id))))


async def _keys(context: Context, index: str, run_id: str) -> list[EntityKey]:
    """Return the keys of all entities of a run in an index, page by page."""
    keys: list[EntityKey] = []
    after = None
    while rows := await context.store.find(index, f"{run_id}/", after=after, limit=_PAGE):
        keys += [row.key for row in rows]
        after = rows[-1]
    return keys


async def _intents(context: Context, run_id: str) -> list[IntentRecord]:
    keys = await _keys(context, "intent", run_id)
    snapshot = await context.store.load(keys)
    return [read_intent(required(snapshot, key, "intent")) for key in keys]


async def _attempt(
    context: Context, run: Run, operations: Mapping[str, Operation], key: EntityKey
) -> AuditRecord | None:
    """Return the attempt that consumed a receipt, None for one that was never used."""
    entity = required(await context.store.load([key]), key, "receipt")
    receipt = read_receipt_record(entity)
    if receipt.state not in _STATUS:
        return None
    reserved_seq = await context.store.once_seq(f"effect/{receipt.operation_id}/{receipt.attempt}")
    last = await entry_at(context, entity.revision)
    begun = last if reserved_seq is None else await entry_at(context, reserved_seq)
    settled = receipt.state not in (ReceiptState.RESERVED, ReceiptState.INDETERMINATE)
    return AuditRecord(
        timestamp=last.time,
        operation_id=receipt.operation_id,
        operation=operations.get(receipt.operation_id),
        receipt_id=receipt.receipt_id,
        mode=run.mode,
        status=_STATUS[receipt.state],
        checks=_checks(begun),
        started_at=begun.time,
        completed_at=last.time if settled else None,
        error_code=receipt.error_code,
        error_message=_message(receipt),
        response=receipt.response,
        retry_count=_retries(last),
    )


def _message(receipt: ReceiptRecord) -> str:
    return explain(receipt.error_code).text if receipt.error_code else ""


def _checks(entry: Entry) -> Object:
    if entry.body.type != EntryType.RECEIPT_RESERVED or isinstance(entry.body.data, str):
        return {}
    return read_receipt_reserved(entry.body.data).checks


def _retries(entry: Entry) -> int:
    if entry.body.type not in OUTCOME_TYPES or isinstance(entry.body.data, str):
        return 0
    return read_outcome_recorded(entry.body.data).retries


def _denial(run: Run, operations: Mapping[str, Operation], denied: DeniedRequest) -> AuditRecord:
    return AuditRecord(
        timestamp=denied.denied_at,
        operation_id=denied.operation_id,
        operation=operations.get(denied.operation_id),
        receipt_id=denied.receipt_id,
        mode=run.mode,
        status=AuditStatus.REJECTED_BY_MODE if denied.code in _BY_MODE else AuditStatus.REJECTED_BY_AUTH,
        checks=denied.checks,
        started_at=denied.denied_at,
        completed_at=denied.denied_at,
        error_code=denied.code,
        error_message=denied.sentence,
        response={},
        retry_count=0,
    )


def _intent(run: Run, operations: Mapping[str, Operation], intent: IntentRecord) -> AuditRecord:
    return AuditRecord(
        timestamp=intent.recorded_at,
        operation_id=intent.operation_id,
        operation=operations.get(intent.operation_id),
        receipt_id=intent.receipt_id,
        mode=run.mode,
        status=AuditStatus.REJECTED_BY_MODE,
        checks={"check_1": "fail"},
        started_at=intent.recorded_at,
        completed_at=intent.recorded_at,
        error_code="MODE_NOT_PROD",
        error_message="; ".join(intent.reasons),
        response={},
        retry_count=0,
    )
