"""Go on with a planned run: wait for approvals, carry out what is left, end it (protocol 2 and 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NoReturn

from msgspec import Struct

from placet.core.abandon import abandon_run
from placet.core.attempts import attempts_at, clear_away
from placet.core.context import Context
from placet.core.denials import record_denial
from placet.core.entities.runs import CLOSED_STATES, Run, RunState
from placet.core.execute import Report, execute_plan
from placet.core.governed import judgements_of
from placet.core.lookup import reports_of
from placet.core.runs import ended, move_run, stored_plan, stored_run
from placet.domain.authorization.facts import ReceiptState, Refusal
from placet.domain.authorization.plan import Plan
from placet.domain.values.kinds import CORE_KINDS, Mode
from placet.errors import ApprovalsPendingError, DeniedError, EffectError, InvalidInputError

Waiter = Callable[[str, tuple[str, ...]], Awaitable[bool]]
"""Told which run waits and, in sentences, for what; returns True to look again, False to give up for now."""

_ENDINGS = {
    ReceiptState.CONFLICT: ("OTHER_CONTENT", "the provider holds other content under this name", "an incident: look"),
    ReceiptState.INDETERMINATE: ("OUTCOME_UNKNOWN", "it is not known whether the effect was made", "placet reconcile"),
    ReceiptState.RESERVED: ("IN_PROGRESS", "another process is performing it", "placet run show tells when it is done"),
}


class Carried(Struct, frozen=True, kw_only=True):
    """A run that was carried out: its plan, and what became of each operation."""

    run: Run
    plan: Plan
    reports: tuple[Report, ...]


async def give_up(run_id: str, missing: tuple[str, ...]) -> bool:  # noqa: ARG001 - a Waiter that does not wait
    """Do not wait."""
    return False


async def finish_run(context: Context, run: Run, *, wait: Waiter = give_up) -> Carried:
    """Carry out what is left of a run, as `resume_run`; of one that is done, return what became of it."""
    if run.state is not RunState.EXECUTED:
        return await resume_run(context, run.run_id, wait=wait)
    plan = await stored_plan(context, run.run_id, run.plans)
    return Carried(run=run, plan=plan, reports=tuple(await reports_of(context, run)))


async def resume_run(context: Context, run_id: str, *, wait: Waiter = give_up) -> Carried:
    """Carry out what is left of a run's newest plan.

    Raise `ApprovalsPendingError` where approvals are missing and `wait` gives up, `DeniedError`
    (recorded) where the policy refuses or a check does, `EffectError` where an effect failed, is in doubt,
    in conflict, or under way elsewhere, `InvalidInputError` (`PLAN_MISSING`, `PUBLICATION_NOT_PLANNED`)
    where nothing is planned yet that could be carried out; the run stays open then. Repeating it is safe.
    """
    run = await stored_run(context, run_id)
    await _check_resumable(context, run)
    plan = await stored_plan(context, run_id, run.plans)
    await _await_approvals(context, run, plan, wait)
    reports = await _carry_out(context, run, plan)
    last = reports[-1]
    if last.state is not ReceiptState.EXECUTED:
        if last.state is ReceiptState.CONFLICT:
            await move_run(context, run_id, RunState.CONFLICT, actor=run.requester)
        raise _not_executed(run, last)
    context.at("plan.executed")
    await _end_the_others(context, run)
    run = await move_run(context, run_id, RunState.EXECUTED, actor=run.requester)
    context.at("run.executed")
    return Carried(run=run, plan=plan, reports=tuple(reports))


async def _end_the_others(context: Context, run: Run) -> None:
    """End the runs about the same archive that were begun beside this one, say by a process that was killed.

    No certificate of theirs may stand beside that of what was published. This comes before the run ends,
    so that whoever finishes it after a kill does it, too.
    """
    if run.archive_sha256:
        await clear_away(context, await attempts_at(context, run.subject, run.archive_sha256))


async def _carry_out(context: Context, run: Run, plan: Plan) -> list[Report]:
    """Execute the plan; whoever is refused half-way is told which effects stand already."""
    try:
        return await execute_plan(context, plan, actor=run.requester)
    except DeniedError as error:
        made = [report.operation for report in await reports_of(context, run) if report.state is ReceiptState.EXECUTED]
        stands = [
            f"{each.operation_kind.value} of {each.subject}" for each in made if each.operation_kind not in CORE_KINDS
        ]
        if stands:
            done = f"done before this, and standing: {', '.join(stands)}; placet run show {run.run_id}"
            error.hint = f"{error.hint}; {done}" if error.hint else done
        raise


async def _check_resumable(context: Context, run: Run) -> None:
    if run.mode is not Mode.PROD:
        sentence = f"run {run.run_id} is a dry run: nothing of it can be performed"
        await _deny(context, run, DeniedError("MODE_NOT_PROD", sentence))
    if run.state in CLOSED_STATES:
        await _deny(context, run, ended(run))
    if run.plans == 0:
        raise InvalidInputError("PLAN_MISSING", f"run {run.run_id} has no plan yet")
    if run.is_being_prepared:
        raise InvalidInputError(
            "PUBLICATION_NOT_PLANNED",
            f"run {run.run_id} has only its certificate's plan: the publication itself is not planned yet",
            hint="run the command that asked for it again, with the same package: it goes on from here",
        )


async def _await_approvals(context: Context, run: Run, plan: Plan, wait: Waiter) -> None:
    """Return when nothing refuses any more; a run that ends meanwhile is waited for no longer."""
    while True:
        judgements = await judgements_of(context, plan)
        refusals = tuple(dict.fromkeys(refusal for each in judgements for refusal in each.refusals))
        if not refusals:
            return
        if not all(each.awaiting for each in judgements if each.refusals):
            await _refuse(context, run, refusals)
        await _check_resumable(context, await stored_run(context, run.run_id))
        missing = tuple(refusal.sentence for refusal in refusals)
        if not await wait(run.run_id, missing):
            raise ApprovalsPendingError(
                "APPROVALS_MISSING",
                "; ".join(missing),
                hint=f"placet approve {run.run_id} --as person:NAME --key FILE, then run this command again",
                run_id=run.run_id,
            )


async def _refuse(context: Context, run: Run, refusals: tuple[Refusal, ...]) -> NoReturn:
    """Raise for the first refusal that no approval can cure; a denied run ends, its certificate with it."""
    if any(refusal.code == "DENIED_BY_APPROVER" for refusal in refusals):
        await abandon_run(context, run, RunState.DENIED, actor=run.requester)
    hint = f"placet run show {run.run_id}"
    await _deny(context, run, DeniedError(refusals[0].code, refusals[0].sentence, hint=hint))


async def _deny(context: Context, run: Run, error: DeniedError) -> NoReturn:
    """Put the refusal on record, and raise it."""
    await record_denial(context, error, actor=run.requester, run_id=run.run_id, operation_id="")
    raise error


def _not_executed(run: Run, report: Report) -> EffectError:
    kind = report.operation.operation_kind.value
    if report.state in _ENDINGS:
        code, sentence, hint = _ENDINGS[report.state]
        return EffectError(code, f"{kind} of {report.operation.subject}: {sentence}", hint=hint)
    said = report.response.get("status", "")
    return EffectError(
        report.error_code or "EFFECT_FAILED",
        f"{kind} of {report.operation.subject} failed{f' (the provider answered {said})' if said else ''}",
        hint=f"placet run show {run.run_id} tells why; run this command again to try once more",
    )
