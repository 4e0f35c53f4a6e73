"""Carry out a plan's operations in order, each at most once (protocol 2 and 5).

The named points told to `context.at` are where a crash must lose nothing and double nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from placet.core.acts import ACTS
from placet.core.authorize import Presented
from placet.core.context import Context
from placet.core.doubts import clear_up
from placet.core.entities.receipts import ReceiptRecord, read_receipt_record, receipt_key
from placet.core.entities.runs import operation_key, read_operation_state
from placet.core.entities.stored import entity_of, required
from placet.core.mint import issue_receipt, standing_receipt
from placet.core.perform import Performed, perform_core
from placet.core.reserve import admit, reserve
from placet.core.settle import settle
from placet.domain.authorization.facts import ObservedFact, ReceiptState, Request
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.place import asked_of_provider
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Object
from placet.domain.values.digest import Digest
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import DeniedError, PlacetError
from placet.ports.effects import Outcome

_FASTER = frozenset({"RECEIPT_ALREADY_OPEN", "RECEIPT_RESERVED", "RECEIPT_CONSUMED"})
"""How an operation is refused that another process has begun since we looked: what became of it is the answer."""


class Report(Struct, frozen=True, kw_only=True):
    """What became of one operation: its receipt's state, and what the provider answered."""

    operation: Operation
    receipt_id: str
    state: ReceiptState
    response: Object
    error_code: str


async def execute_plan(context: Context, plan: Plan, *, actor: str) -> list[Report]:
    """Carry out every operation of `plan` that has not been, in order; stop at the first that does not execute.

    Raise `DeniedError` where a check refuses. What was done before, or is being done, by this
    process or another, is not done again.
    """
    reports: list[Report] = []
    for operation in plan.operations:
        report = await execute_operation(context, plan, operation, actor=actor)
        reports.append(report)
        if report.state is not ReceiptState.EXECUTED:
            break
    return reports


async def execute_operation(context: Context, plan: Plan, operation: Operation, *, actor: str) -> Report:
    """Carry out one operation, or report what already became of it."""
    standing = await receipt_of(context, operation.operation_id)
    if standing is not None:
        standing = await clear_up(context, operation, standing, actor=actor)
        if standing.state not in (ReceiptState.ISSUED, ReceiptState.FAILED, ReceiptState.REVOKED):
            return report_of(operation, standing)
    contents = await contents_of(context, operation)
    try:
        if operation.operation_kind in ACTS:
            return await _perform(context, operation, contents, actor)
        return await _send(context, plan, operation, contents, actor)
    except DeniedError as error:
        standing = await receipt_of(context, operation.operation_id)
        if error.code not in _FASTER or standing is None or standing.state is ReceiptState.ISSUED:
            raise
        return report_of(operation, standing)


async def present(context: Context, request: Request, contents: Mapping[str, bytes], *, actor: str) -> Report:
    """Present a receipt for an operation: check, reserve, perform, and record the outcome."""
    operation = request.operation
    presented = Presented(request=request, contents=contents, observations=(), actor=actor)
    if asked_of_provider(operation):
        await admit(context, presented)
        presented = replace(presented, observations=await observe(context, operation))
    authorized = await reserve(context, presented)
    context.at(f"{operation.operation_kind.value}.reserved")
    try:
        outcome = await context.effects.perform(authorized)
    except PlacetError as error:  # the port raises these only where nothing was sent
        outcome = Outcome(status=OutcomeStatus.FAILED, error_code=error.code, error_message=error.message)
    context.at(f"{operation.operation_kind.value}.sent")
    await settle(context, operation, authorized.receipt_id, outcome, fence=authorized.fence, actor=actor)
    context.at(f"{operation.operation_kind.value}.settled")
    key = receipt_key(authorized.receipt_id)
    return report_of(operation, read_receipt_record(required(await context.store.load([key]), key, "receipt")))


async def _perform(context: Context, operation: Operation, contents: Mapping[str, bytes], actor: str) -> Report:
    done = await perform_core(context, operation, contents, actor=actor)
    context.at(f"{operation.operation_kind.value}.performed")
    return performed_report(operation, done)


def performed_report(operation: Operation, done: Performed) -> Report:
    """Return what became of a core operation that was performed."""
    return Report(
        operation=operation,
        receipt_id=done.receipt_id,
        state=ReceiptState.EXECUTED,
        response=done.response,
        error_code="",
    )


async def _send(
    context: Context, plan: Plan, operation: Operation, contents: Mapping[str, bytes], actor: str
) -> Report:
    token = await _receipt(context, operation, actor)
    context.at(f"{operation.operation_kind.value}.issued")
    request = Request(mode=plan.mode.value, run_id=plan.run_id, operation=operation, token=token)
    return await present(context, request, contents, actor=actor)


async def _receipt(context: Context, operation: Operation, actor: str) -> str:
    """Return the receipt that stands, or a fresh one; that of another process where it was faster."""
    standing = await standing_receipt(context, operation.operation_id)
    if standing is not None:
        return standing
    try:
        return await issue_receipt(context, operation.operation_id, actor=actor)
    except DeniedError:
        standing = await standing_receipt(context, operation.operation_id)
        if standing is None:
            raise
        return standing


async def observe(context: Context, operation: Operation) -> tuple[ObservedFact, ...]:
    """Read every precondition's fact that a provider holds there, now."""
    observed = [await context.observer.observe(operation.subject, each.fact) for each in asked_of_provider(operation)]
    return tuple(ObservedFact(fact=each.fact, value=each.value, at=each.at) for each in observed)


async def contents_of(context: Context, operation: Operation) -> dict[str, bytes]:
    """Return the bytes of the operation's artifacts by name, from the blob store."""
    return {
        artifact.name: await context.blobs.get(Digest(f"sha256:{artifact.sha256}")) for artifact in operation.artifacts
    }


async def receipt_of(context: Context, operation_id: str) -> ReceiptRecord | None:
    """Return the newest receipt of an operation, None where it has none."""
    snapshot = await context.store.load([operation_key(operation_id)])
    entity = entity_of(snapshot, operation_key(operation_id))
    if entity is None:
        return None
    key = receipt_key(read_operation_state(entity).receipt_id)
    return read_receipt_record(required(await context.store.load([key]), key, "receipt"))


def report_of(operation: Operation, record: ReceiptRecord) -> Report:
    """Return what the record says became of the operation."""
    return Report(
        operation=operation,
        receipt_id=record.receipt_id,
        state=record.state,
        response=record.response,
        error_code=record.error_code,
    )
