"""Record what became of an effect; only the holder of the fence, or the reconciler, may (protocol 5)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec.structs import replace

from placet.core.context import Context
from placet.core.decide import Decision, decide, new_event_id
from placet.core.entities.chronicle import ChronicleEvent
from placet.core.entities.receipts import (
    ReceiptRecord,
    hold_writes,
    read_receipt_record,
    read_subject_hold,
    receipt_key,
    subject_key,
)
from placet.core.entities.runs import OperationState, operation_key, read_operation_state
from placet.core.entities.stored import entity_of, required
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.life import check_may_become
from placet.domain.authorization.operation import Operation
from placet.domain.encoding.canonical import Object, encode
from placet.domain.log.change import Committed, EntityKey, Snapshot
from placet.domain.log.lifecycle import LifecycleType, Source
from placet.domain.log.receipt_records import OutcomeRecorded
from placet.domain.values.kinds import Mode, OperationKind, OutcomeStatus
from placet.errors import EffectError, InvalidInputError
from placet.ports.effects import Outcome
from placet.ports.store import Store

_ENTRY_TYPES = {
    OutcomeStatus.EXECUTED: "receipt.executed",
    OutcomeStatus.FAILED: "receipt.failed",
    OutcomeStatus.INDETERMINATE: "receipt.indeterminate",
    OutcomeStatus.CONFLICT: "receipt.conflict",
}
_EXECUTED_TYPES = {OperationKind.PUBLISH_PACKAGE: LifecycleType.PUBLISHED}
"""What an executed operation is in the life of its package."""


async def holds_fence(store: Store, authorized: AuthorizedOperation) -> bool:
    """Tell whether this reservation is still the newest word on its receipt."""
    key = receipt_key(authorized.receipt_id)
    snapshot = await store.load([key])
    return snapshot.entities[key].revision == authorized.fence


async def settle(
    context: Context, operation: Operation, receipt_id: str, outcome: Outcome, *, fence: int, actor: str
) -> Committed:
    """Write the outcome of the effect reserved at index `fence`.

    `fence` is the revision of the receipt on which the caller's knowledge rests. Raise
    `EffectError` (`FENCE_LOST`) where somebody else wrote meanwhile; nothing is written then. A
    conflict found right away is first `indeterminate`, as every doubt is.
    """
    if outcome.status is OutcomeStatus.CONFLICT and await _state(context, receipt_id) is ReceiptState.RESERVED:
        doubt = Outcome(status=OutcomeStatus.INDETERMINATE, response=outcome.response, error_code=outcome.error_code)
        fence = (await _settle(context, operation, receipt_id, doubt, fence, actor)).seq
    return await _settle(context, operation, receipt_id, outcome, fence, actor)


async def _state(context: Context, receipt_id: str) -> ReceiptState:
    key = receipt_key(receipt_id)
    return read_receipt_record(required(await context.store.load([key]), key, "receipt")).state


async def _settle(
    context: Context, operation: Operation, receipt_id: str, outcome: Outcome, fence: int, actor: str
) -> Committed:
    outcome = replace(outcome, response=_recordable(outcome.response))
    state = ReceiptState(outcome.status.value)
    key = receipt_key(receipt_id)

    def premises(_: Snapshot | None) -> Collection[EntityKey]:
        return (key, operation_key(operation.operation_id), subject_key(operation))

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        record = read_receipt_record(required(snapshot, key, "receipt"))
        if snapshot.entities[key].revision != fence:
            raise EffectError("FENCE_LOST", f"receipt {receipt_id} was settled by somebody else meanwhile")
        check_may_become(record.state, state)
        _check_newest(snapshot, operation, record)
        settled = record.settled(state, outcome.response, outcome.error_code)
        entry_id = new_event_id(context, now)
        return Decision(
            type=_entry_type(operation, outcome.status),
            actor=actor,
            subject=str(operation.subject),
            data=_record(operation, record, outcome).to_object(),
            writes={**_writes(snapshot, operation, settled), **_observed(operation, settled, entry_id, actor, now)},
            entry_id=entry_id,
        )

    return await decide(context, premises, decision)


def _recordable(response: Object) -> Object:
    """Return what the provider answered; only that it did, where no entry can hold it.

    An outcome is never lost for its wording, nor is a receipt stuck.
    """
    try:
        encode(response)
    except InvalidInputError:
        return {"unreadable": True}
    return response


def _check_newest(snapshot: Snapshot, operation: Operation, record: ReceiptRecord) -> None:
    """Raise where a later attempt has begun: it finds out by itself, and nothing may be written over it."""
    newest = read_operation_state(required(snapshot, operation_key(operation.operation_id), "operation"))
    if newest.receipt_id != record.receipt_id:
        raise EffectError("FENCE_LOST", f"attempt {newest.attempt} has begun since receipt {record.receipt_id} failed")


def _entry_type(operation: Operation, status: OutcomeStatus) -> str:
    if status is OutcomeStatus.EXECUTED:
        return _EXECUTED_TYPES.get(operation.operation_kind, _ENTRY_TYPES[status])
    return _ENTRY_TYPES[status]


def _record(operation: Operation, record: ReceiptRecord, outcome: Outcome) -> OutcomeRecorded:
    return OutcomeRecorded(
        receipt_id=record.receipt_id,
        operation_id=operation.operation_id,
        operation_kind=operation.operation_kind.value,
        operation_digest=operation.digest(Mode.PROD),
        attempt=record.attempt,
        status=outcome.status,
        artifacts=tuple(artifact.to_object() for artifact in operation.artifacts),
        response=outcome.response,
        retries=outcome.retries,
        error_code=outcome.error_code,
        source="observed",
    )


def _observed(
    operation: Operation, settled: ReceiptRecord, entry_id: str, actor: str, now: datetime
) -> dict[EntityKey, Object | None]:
    """Return the event of the Chronicle that an executed publication is: the Core's own word (contract 4)."""
    event_type = _EXECUTED_TYPES.get(operation.operation_kind)
    if event_type is None or settled.state is not ReceiptState.EXECUTED:
        return {}
    event = ChronicleEvent(
        event_id=entry_id,
        event_type=event_type,
        package=operation.subject.name,
        version=operation.subject.version,
        certificate_id=operation.certificate_id,
        actor=actor,
        source=Source.OBSERVED,
        recorded_at=now,
        run_id=operation.operation_id.partition("/")[0],
        receipt_id=settled.receipt_id,
    )
    return {event.key: event.to_object()}


def _writes(snapshot: Snapshot, operation: Operation, settled: ReceiptRecord) -> dict[EntityKey, Object | None]:
    state = OperationState(
        operation_id=operation.operation_id,
        attempt=settled.attempt,
        receipt_id=settled.receipt_id,
        state=settled.state,
    )
    hold = entity_of(snapshot, subject_key(operation))
    # a late truth about a failed effect leaves the subject to the operation that took it since
    free = hold is None or read_subject_hold(hold).holder in ("", operation.operation_id)
    return {
        settled.key: settled.to_object(),
        state.key: state.to_object(),
        **(hold_writes(operation, settled.state) if free else {}),
    }
