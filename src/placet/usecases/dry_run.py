"""A dry run: the same road, stopped at check 1; nothing is opened from execute on (protocol 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from placet.core.authorize import key_premises
from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.entities.runs import Run, RunState, plan_key, read_plan
from placet.core.entities.stored import required
from placet.core.judgement import judge, judgement_premises
from placet.core.mint import Minted, mint, payload_object
from placet.core.runs import move_run, stored_run
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.kinds import Mode
from placet.errors import InvalidInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """An operation that a dry run would have performed, and the advisory receipt with its reasons."""

    operation: Operation
    advice: Minted


async def record_intents(context: Context, run_id: str) -> tuple[Run, Plan, list[Intended]]:
    """Record every operation of a dry run's plan as an intent that its mode blocked.

    The receipts are advisory and stored nowhere: nothing of them can be promoted. Raise
    `InvalidInputError` (`MODE_INVALID`) for a production run, which would make them enforceable.
    """
    run = await stored_run(context, run_id)
    if run.mode is not Mode.DRY_RUN:
        raise InvalidInputError("MODE_INVALID", f"run {run_id} is no dry run")
    key = plan_key(run_id, run.plans)
    plan = read_plan(required(await context.store.load([key]), key, "plan"))
    intended = [await _record(context, plan, key, operation) for operation in plan.operations]
    run = await move_run(context, run_id, RunState.BLOCKED_BY_MODE, actor=run.requester)
    return run, plan, intended


async def _record(context: Context, plan: Plan, key: EntityKey, operation: Operation) -> Intended:
    made: list[Minted] = []

    def premises(snapshot: Snapshot | None) -> set[EntityKey]:
        keys = key_premises(context) | {key}
        return keys if snapshot is None else keys | judgement_premises(snapshot, plan)

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        judgement = judge(context, snapshot, plan, operation, now)
        advice = mint(context, snapshot, plan, operation, judgement=judgement, attempt=1, now=now)
        made[:] = [advice]
        return Decision(
            type="operation.intended",
            actor=plan.requester,
            subject=str(operation.subject),
            data={"blocked_by_mode": True, "receipt": payload_object(advice.payload)},
            writes={},
        )

    await decide(context, premises, decision)
    return Intended(operation=operation, advice=made[0])
