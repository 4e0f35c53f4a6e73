"""Governed acts and other core operations asked for on their own: a run of one operation (protocol 6)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from placet.core.abandon import abandon_run
from placet.core.at_once import perform_at_once
from placet.core.context import Context
from placet.core.decide import load
from placet.core.entities.runs import Run, RunState, plan_key_of
from placet.core.execute import Report, execute_plan, performed_report
from placet.core.granted import granted_by
from placet.core.judgement import Judgement, judge, judgement_premises
from placet.core.runs import Intent, add_plan, move_run, open_run
from placet.core.said import NOTHING_SAID, Said
from placet.domain.authorization.phrase import phrase
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Object
from placet.domain.values.kinds import Mode
from placet.errors import ApprovalsPendingError, DeniedError, InvalidInputError, NotFoundError


class Asked(Struct, frozen=True, kw_only=True):
    """A governed act that was asked for and performed: its run, and what became of it.

    `granted` is empty where it was not performed at once: `authorization_of` looks it up.
    """

    run: Run
    report: Report
    granted: Object = field(default_factory=dict)


async def authorization_of(context: Context, asked: Asked) -> Object:
    """Return by which policy, and which rules of it, an act was let."""
    return asked.granted or await granted_by(context, asked.report.receipt_id)


async def ask(
    context: Context, intent: Intent, *, requester: str, contents: Mapping[str, bytes], said: Said = NOTHING_SAID
) -> Asked:
    """Ask for one core operation, and perform it if the policy in force allows it at once.

    `said` is what a client said with it, kept before anything is planned; the operation names it by its digest.

    Raise `DeniedError` where it is refused, `InvalidInputError` where it cannot be (the run ends
    then), and `ApprovalsPendingError` (`APPROVALS_MISSING`) where it waits for approvals;
    `placet run resume` performs it once they are there.
    """
    done = await perform_at_once(context, intent, requester=requester, contents=contents, said=said)
    if done is not None:
        run, operation, performed = done
        return Asked(run=run, report=performed_report(operation, performed), granted=performed.granted)
    for content in contents.values():
        await context.blobs.put(content)
    run = await open_run(context, mode=Mode.PROD, requester=requester, subject=str(intent.subject), said=said)
    try:
        return await _ask(context, run, intent)
    except (DeniedError, InvalidInputError, NotFoundError):
        await abandon_run(context, run, RunState.ABANDONED, actor=requester)
        raise


async def _ask(context: Context, run: Run, intent: Intent) -> Asked:
    plan = await add_plan(context, run, [intent])
    if (await judgements_of(context, plan))[0].awaiting:
        raise ApprovalsPendingError(
            "APPROVALS_MISSING",
            f"{intent.kind.value} of {intent.subject} waits for approvals; its phrase is: {phrase(plan.digest())}",
            hint=f"placet approve {run.run_id} --as person:NAME --key FILE, then: placet run resume {run.run_id}",
            run_id=run.run_id,
        )
    reports = await execute_plan(context, plan, actor=run.requester)
    run = await move_run(context, run.run_id, RunState.EXECUTED, actor=run.requester)
    return Asked(run=run, report=reports[0])


async def judgements_of(context: Context, plan: Plan) -> list[Judgement]:
    """Return what the policy in force says now of each operation of a plan."""
    snapshot = await load(
        context,
        lambda loaded: (
            {plan_key_of(plan.operations[0].operation_id)} | (judgement_premises(loaded, plan) if loaded else set())
        ),
    )
    now = context.clock.now()
    return [judge(context, snapshot, plan, operation, now) for operation in plan.operations]
