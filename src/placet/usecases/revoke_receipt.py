"""Revoke a receipt that was not used: `issued -> revoked`, on the record (protocol 5)."""

from __future__ import annotations

from datetime import datetime

from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.denials import record_denial
from placet.core.entities.receipts import ReceiptRecord, read_receipt_record, receipt_key
from placet.core.entities.runs import OperationState, operation_key, plan_key_of, read_operation_state, read_plan
from placet.core.entities.stored import required
from placet.domain.authorization.facts import ReceiptState
from placet.domain.log.change import Snapshot
from placet.errors import DeniedError

RECEIPT_REVOKED = "receipt.revoked"


async def revoke_receipt(context: Context, receipt_id: str, *, actor: str) -> ReceiptRecord:
    """Take back an issued receipt, so that nothing can be done with it; another may be issued then.

    Taking a right away needs no approval. Raise `NotFoundError` where there is no such receipt,
    and `DeniedError` (recorded) where it was used: `RECEIPT_CONSUMED`, or `RECEIPT_REVOKED`.
    Racing a reservation, exactly one of the two succeeds.
    """
    key = receipt_key(receipt_id)
    record = read_receipt_record(required(await context.store.load([key]), key, f"receipt {receipt_id[:60]}"))
    operation = operation_key(record.operation_id)
    plan = plan_key_of(record.operation_id)

    def decision(snapshot: Snapshot, now: datetime) -> Decision:  # noqa: ARG001 - does not depend on time
        standing = read_receipt_record(required(snapshot, key, "receipt"))
        _check_unused(standing)
        state = read_operation_state(required(snapshot, operation, "operation"))
        about = read_plan(required(snapshot, plan, "plan")).operation(record.operation_id)
        revoked = standing.revoked()
        writes = {key: revoked.to_object()}
        if state.receipt_id == receipt_id:  # else a later attempt stands, and stays as it is
            writes[operation] = _revoked_state(revoked).to_object()
        return Decision(
            type=RECEIPT_REVOKED,
            actor=actor,
            subject=str(about.subject) if about else "",
            data={"receipt_id": receipt_id, "operation_id": record.operation_id, "attempt": record.attempt},
            writes=writes,
        )

    try:
        await decide(context, lambda _: (key, operation, plan), decision)
    except DeniedError as error:
        run_id = record.operation_id.partition("/")[0]
        await record_denial(context, error, actor=actor, run_id=run_id, operation_id=record.operation_id)
        raise
    return read_receipt_record(required(await context.store.load([key]), key, "receipt"))


def _check_unused(record: ReceiptRecord) -> None:
    if record.state is ReceiptState.ISSUED:
        return
    if record.state is ReceiptState.REVOKED:
        raise DeniedError("RECEIPT_REVOKED", f"receipt {record.receipt_id} was revoked before")
    raise DeniedError(
        "RECEIPT_CONSUMED",
        f"receipt {record.receipt_id} was used: it is {record.state.value}",
        hint=f"placet receipt show {record.receipt_id} tells what became of it",
    )


def _revoked_state(record: ReceiptRecord) -> OperationState:
    return OperationState(
        operation_id=record.operation_id,
        attempt=record.attempt,
        receipt_id=record.receipt_id,
        state=ReceiptState.REVOKED,
    )
