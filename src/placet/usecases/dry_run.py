"""A dry run: the same road, stopped at check 1; nothing is opened from execute on (protocol 2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from placet.core.authorize import key_premises
from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.entities.intents import IntentRecord
from placet.core.entities.runs import Run, RunState, plan_key
from placet.core.judgement import judge, judgement_premises
from placet.core.mint import Minted, mint
from placet.core.runs import move_run, stored_plan, stored_run
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Value
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.kinds import Mode
from placet.errors import InvalidInputError

_NOTHING: Mapping[str, tuple[str, ...]] = {}


class Intended(Struct, frozen=True, kw_only=True):
    """An operation that a dry run would have performed, its advisory receipt, and where the ledger has it."""

    operation: Operation
    advice: Minted
    record: IntentRecord
    seq: int


async def record_intents(
    context: Context, run_id: str, *, not_made: Mapping[str, tuple[str, ...]] = _NOTHING
) -> tuple[Run, Plan, list[Intended]]:
    """Record every operation of a dry run's plans as an intent that its mode blocked.

    The receipts are advisory and stored nowhere as receipts: nothing of them can be promoted.
    `not_made` names for each operation id what it stands on and a dry run does not make. Return the
    newest plan with the intents of all. Raise `InvalidInputError` (`MODE_INVALID`) for a production
    run, which would make them enforceable.
    """
    run = await stored_run(context, run_id)
    if run.mode is not Mode.DRY_RUN:
        raise InvalidInputError("MODE_INVALID", f"run {run_id} is no dry run")
    plans = [await stored_plan(context, run_id, number) for number in range(1, run.plans + 1)]
    intended = [
        await _record(context, plan, plan_key(run_id, number), operation, not_made.get(operation.operation_id, ()))
        for number, plan in enumerate(plans, 1)
        for operation in plan.operations
    ]
    run = await move_run(context, run_id, RunState.BLOCKED_BY_MODE, actor=run.requester)
    return run, plans[-1], intended


async def _record(
    context: Context, plan: Plan, key: EntityKey, operation: Operation, not_made: tuple[str, ...]
) -> Intended:
    made: list[tuple[Minted, IntentRecord]] = []

    def premises(snapshot: Snapshot | None) -> set[EntityKey]:
        keys = key_premises(context) | {key}
        return keys if snapshot is None else keys | judgement_premises(snapshot, plan)

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        judgement = judge(context, snapshot, plan, operation, now)
        advice = mint(context, snapshot, plan, operation, judgement=judgement, attempt=1, now=now)
        record = IntentRecord(
            operation_id=operation.operation_id,
            receipt_id=advice.receipt.receipt_id,
            reasons=advice.receipt.reasons,
            awaiting=judgement.awaiting,
            not_made=not_made,
            recorded_at=now,
        )
        made[:] = [(advice, record)]
        return Decision(
            type="operation.intended",
            actor=plan.requester,
            subject=str(operation.subject),
            data={
                "blocked_by_mode": True,
                "not_made": list[Value](not_made),
                "receipt": advice.receipt.to_object(),
            },
            writes={record.key: record.to_object()},
        )

    committed = await decide(context, premises, decision)
    advice, record = made[0]
    return Intended(operation=operation, advice=advice, record=record, seq=committed.seq)
