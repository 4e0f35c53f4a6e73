"""What a run is about, how far it came, and why each operation did or did not ship (contract 8)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.core.context import Context
from placet.core.entities.denials import DeniedRequest
from placet.core.entities.governance import approval_key, approval_set_key, read_approval_set, read_signed_approval
from placet.core.entities.intents import IntentRecord, intent_key, read_intent
from placet.core.entities.receipts import ReceiptRecord
from placet.core.entities.runs import Run, plan_key
from placet.core.entities.stored import entity_of, required
from placet.core.execute import receipt_of
from placet.core.governed import judgements_of
from placet.core.judgement import Judgement
from placet.core.lookup import denials_of, entry_at
from placet.core.runs import stored_plan, stored_run
from placet.domain.authorization.approval import Approval, parse_approval
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.log.change import EntityKey


class OperationView(Struct, frozen=True, kw_only=True):
    """One operation: its newest receipt, what the policy says now, and what was denied of it.

    `intent` is what a dry run recorded of it; `in_turn` tells that all operations before it executed.
    """

    operation: Operation
    receipt: ReceiptRecord | None
    changed_at: datetime | None
    judgement: Judgement
    denials: tuple[DeniedRequest, ...]
    intent: IntentRecord | None
    in_turn: bool

    @property
    def executed(self) -> bool:
        """Tell whether its effect was made."""
        return self.receipt is not None and self.receipt.state is ReceiptState.EXECUTED


class RecordedApproval(Struct, frozen=True, kw_only=True):
    """What one person said about a plan, when, and whether they signed it or said it in a session."""

    approval: Approval
    recorded_at: datetime
    signed: bool


class RunView(Struct, frozen=True, kw_only=True):
    """A run with everything that is on record about it. `plan` is None before the first one."""

    run: Run
    plan: Plan | None
    approvals: tuple[RecordedApproval, ...]
    operations: tuple[OperationView, ...]
    denials: tuple[DeniedRequest, ...]


async def show_run(context: Context, run_id: str, *, plan: int = 0) -> RunView:
    """Return what is on record about a run and its newest plan, or that of the number `plan`.

    Raise `NotFoundError` where there is none.
    """
    run = await stored_run(context, run_id)
    denials = tuple(await denials_of(context, run_id))
    if run.plans == 0:
        return RunView(run=run, plan=None, approvals=(), operations=(), denials=denials)
    number = plan or run.plans
    shown = await stored_plan(context, run_id, number)
    judgements = await judgements_of(context, shown)
    operations: list[OperationView] = []
    for operation, judgement in zip(shown.operations, judgements, strict=True):
        in_turn = not operations or operations[-1].executed
        operations.append(await _operation(context, operation, judgement, denials, in_turn=in_turn))
    return RunView(
        run=run,
        plan=shown,
        approvals=await _approvals(context, plan_key(run_id, number)),
        operations=tuple(operations),
        denials=denials,
    )


async def _operation(
    context: Context, operation: Operation, judgement: Judgement, denials: tuple[DeniedRequest, ...], *, in_turn: bool
) -> OperationView:
    receipt = await receipt_of(context, operation.operation_id)
    return OperationView(
        operation=operation,
        receipt=receipt,
        changed_at=await _changed_at(context, receipt) if receipt else None,
        judgement=judgement,
        denials=tuple(each for each in denials if each.operation_id == operation.operation_id),
        intent=await _intent_of(context, operation.operation_id),
        in_turn=in_turn,
    )


async def _changed_at(context: Context, receipt: ReceiptRecord) -> datetime:
    """Return the time of the entry that last wrote the receipt: a revision names its entry."""
    revision = (await context.store.load([receipt.key])).entities[receipt.key].revision
    return (await entry_at(context, revision)).time


async def _intent_of(context: Context, operation_id: str) -> IntentRecord | None:
    key = intent_key(operation_id)
    entity = entity_of(await context.store.load([key]), key)
    return read_intent(entity) if entity else None


async def _approvals(context: Context, stored: EntityKey) -> tuple[RecordedApproval, ...]:
    anchor = entity_of(await context.store.load([approval_set_key(stored)]), approval_set_key(stored))
    count = read_approval_set(anchor).count if anchor else 0
    keys = [approval_key(stored, number) for number in range(1, count + 1)]
    snapshot = await context.store.load(keys)
    said = [read_signed_approval(required(snapshot, key, "approval")) for key in keys]
    return tuple(
        RecordedApproval(
            approval=parse_approval(each.encoded), recorded_at=each.recorded_at, signed=bool(each.signature)
        )
        for each in said
    )
