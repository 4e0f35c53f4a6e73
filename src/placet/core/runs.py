"""Open a run, add a plan to it, move it on (protocol 1 and 2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from placet.core import identifiers
from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.denials import record_denial
from placet.core.entities.governance import POLICY_IN_FORCE, read_policy_in_force
from placet.core.entities.runs import (
    CLOSED_STATES,
    Run,
    RunState,
    plan_key,
    plan_object,
    read_plan,
    read_run,
    run_key,
)
from placet.core.entities.stored import entity_of, required
from placet.core.exclusions import with_exclusions
from placet.core.judgement import Judgement, judge, judgement_premises
from placet.core.limits import plan_counters
from placet.core.places import place_premises, present_place
from placet.core.plannable import check_plannable
from placet.core.replaced import replaced_premises, standing_before
from placet.core.said import NOTHING_SAID, Said
from placet.domain.authorization.operation import Artifact, Operation, Precondition, Subject
from placet.domain.authorization.place import OUR_FACTS, bound_to
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.replaced import bound_to_replaced
from placet.domain.encoding.canonical import Object, Value
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.log.decision_records import PlanCreated
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import Mode, OperationKind
from placet.domain.values.time import cut_to_milliseconds
from placet.errors import DeniedError, InvalidInputError

_HARD = frozenset({"NO_RULE", "OIDC_CONTEXT_DENIED", "DENIED_BY_APPROVER", "EMBEDDED_IN_CI"})
"""Reasons that no further approval can cure: planning itself is denied."""


class Intent(Struct, frozen=True, kw_only=True):
    """An operation before it has an id: what somebody wants done.

    `not_made` names what a dry run leaves out of it, which stands beside the plan and never in it.
    """

    kind: OperationKind
    subject: Subject
    params: Mapping[str, Value]
    artifacts: tuple[Artifact, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    certificate_id: str = ""
    not_made: tuple[str, ...] = ()

    def operation(self, operation_id: str) -> Operation:
        """Return the operation that has this id."""
        return Operation(
            operation_id=operation_id,
            operation_kind=self.kind,
            certificate_id=self.certificate_id,
            subject=self.subject,
            params=self.params,
            artifacts=self.artifacts,
            preconditions=self.preconditions,
        )


async def open_run(
    context: Context, *, mode: Mode, requester: str, subject: str, archive_sha256: str = "", said: Said = NOTHING_SAID
) -> Run:
    """Record that `requester` wants something done about `subject`, and return the new run.

    `said` is what a client said of it, in its own words.
    """
    run = new_run(context, mode=mode, requester=requester, subject=subject, archive_sha256=archive_sha256)
    named: Object = {"said": said.digest} if said.digest else {}

    def decision(snapshot: Snapshot, at: datetime) -> Decision:  # noqa: ARG001 - a new run rests on nothing
        return Decision(
            type="run.requested",
            actor=requester,
            subject=subject,
            data={"run_id": run.run_id, "mode": mode.value, "archive_sha256": archive_sha256, **named},
            writes={run.key: run.to_object()},
            once=(run.run_id,),
            erasable=said.erasable,
        )

    await decide(context, lambda _: (), decision)
    return run


def new_run(context: Context, *, mode: Mode, requester: str, subject: str, archive_sha256: str = "") -> Run:
    """Return a run that nobody has recorded yet."""
    now = cut_to_milliseconds(context.clock.now())
    return Run(
        run_id=identifiers.run_id(now, context.randomness.token(identifiers.RUN_RANDOM_BYTES)),
        mode=mode,
        requester=requester,
        state=RunState.REQUESTED,
        subject=subject,
        archive_sha256=archive_sha256,
        certificate_id="",
        plans=0,
        requested_at=now,
        credential_id=context.credential_id,
    )


async def add_plan(
    context: Context, run: Run, intents: Sequence[Intent], *, claims: Mapping[str, str] | None = None
) -> Plan:
    """Store the run's next plan, made of `intents` in order, under the policy in force.

    `claims` are what the requester's identity, verified by whoever calls, said of the request.

    Raise `DeniedError` (recorded): `NO_RULE`, `OIDC_CONTEXT_DENIED`, `DENIED_BY_APPROVER`, `EMBEDDED_IN_CI` where no
    approval could help (in prod), `RATE_LIMITED` where a limit of plans asked for is reached,
    or as `ended` says. Raise `InvalidInputError` as `check_plannable`.
    """
    number = run.plans + 1
    template = plan_template(context, run, intents)
    await check_plannable(context, template.operations)
    template = replace(
        template, claims=dict(claims or {}), operations=await with_exclusions(context, template.operations)
    )

    def premises(snapshot: Snapshot | None) -> Collection[EntityKey]:
        keys = {run.key, plan_key(run.run_id, number)} | plan_premises(template)
        return keys if snapshot is None else keys | judgement_premises(snapshot, bound_plan(snapshot, template))

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        plan = bound_plan(snapshot, template)
        standing = check_open(snapshot, run.run_id)
        judgements = [judge(context, snapshot, plan, operation, now) for operation in plan.operations]
        if plan.mode is Mode.PROD:
            _check_approvable(judgements)
        return _plan_created(plan, number, standing, judgements, now)

    try:
        await decide(context, premises, decision)
    except DeniedError as error:
        await record_denial(context, error, actor=run.requester, run_id=run.run_id, operation_id="")
        raise
    return await stored_plan(context, run.run_id, number)


def check_open(snapshot: Snapshot, run_id: str) -> Run:
    """Return the run if it has not ended: nothing is planned, issued or performed in one that has.

    Raise `DeniedError` as `ended` says, and `NotFoundError` where there is no such run.
    """
    run = read_run(required(snapshot, run_key(run_id), "run"))
    if run.state in CLOSED_STATES:
        raise ended(run)
    return run


def ended(run: Run) -> DeniedError:
    """Return why nothing more becomes of a run: `DENIED_BY_APPROVER`, or `RUN_CLOSED` where it ended otherwise."""
    hint = f"placet run show {run.run_id}"
    if run.state is RunState.DENIED:
        return DeniedError("DENIED_BY_APPROVER", f"run {run.run_id} was denied", hint=hint)
    return DeniedError("RUN_CLOSED", f"run {run.run_id} has ended: {run.state.value}", hint=hint)


async def stored_plan(context: Context, run_id: str, number: int) -> Plan:
    """Return a stored plan, or raise `NotFoundError`."""
    key = plan_key(run_id, number)
    return read_plan(required(await context.store.load([key]), key, "plan"))


async def stored_run(context: Context, run_id: str) -> Run:
    """Return a run, or raise `NotFoundError`."""
    return read_run(required(await context.store.load([run_key(run_id)]), run_key(run_id), f"run {run_id[:60]}"))


class _GoneOnError(Exception):
    """The run is not any more as it was seen."""


async def move_run(
    context: Context, run_id: str, state: RunState, *, actor: str, unless_gone_on: Run | None = None
) -> Run:
    """Record that the run has come to `state`, unless somebody did so before; return what it is now.

    With `unless_gone_on`, the run as it was seen, it is left alone where anything was certified or
    planned in it since: the very change that moves it looks.
    Raise `DeniedError` as `ended` says where it has ended otherwise.
    """

    def decision(snapshot: Snapshot, now: datetime) -> Decision:  # noqa: ARG001 - does not depend on time
        run = check_open(snapshot, run_id)
        if unless_gone_on not in (None, run):
            raise _GoneOnError
        return Decision(
            type=f"run.{state.value}",
            actor=actor,
            subject=run.subject,
            data={"run_id": run_id},
            writes={run.key: run.moved(state).to_object()},
        )

    try:
        with suppress(_GoneOnError):
            await decide(context, lambda _: (run_key(run_id),), decision)
    except DeniedError:
        if (await stored_run(context, run_id)).state is not state:
            raise
    return await stored_run(context, run_id)


def plan_template(context: Context, run: Run, intents: Sequence[Intent]) -> Plan:
    """Return the run's next plan, before it is bound to the policy in force and to what stands."""
    number = run.plans + 1
    return Plan(
        issuer=context.issuer,
        run_id=run.run_id,
        created_at=cut_to_milliseconds(context.clock.now()),
        nonce=context.randomness.token(16).hex(),
        mode=run.mode,
        requester=run.requester,
        policy_digest=sha256(b""),
        operations=tuple(intent.operation(f"{run.run_id}/{number}/{step}") for step, intent in enumerate(intents, 1)),
    )


def plan_premises(template: Plan) -> set[EntityKey]:
    """Return what a plan is bound to."""
    return {POLICY_IN_FORCE} | place_premises(template.operations) | replaced_premises(template.operations)


def bound_plan(snapshot: Snapshot, template: Plan) -> Plan:
    """Return the plan bound to the policy in force, to where its effects go now, and to what they replace."""
    policy = entity_of(snapshot, POLICY_IN_FORCE)
    digest = read_policy_in_force(policy).digest if policy else sha256(b"")
    return replace(
        template, policy_digest=digest, operations=tuple(_bound(snapshot, each) for each in template.operations)
    )


def _bound(snapshot: Snapshot, operation: Operation) -> Operation:
    """Return the operation bound to where its provider's record leads now, and to what it replaces."""
    if any(each.fact in OUR_FACTS for each in operation.preconditions):
        raise InvalidInputError("PLAN_INVALID", "where an effect goes and what it replaces is not asked for")
    preconditions = bound_to(present_place(snapshot, operation), operation.preconditions)
    preconditions = bound_to_replaced(standing_before(snapshot, operation), preconditions)
    return operation if preconditions == operation.preconditions else replace(operation, preconditions=preconditions)


def _check_approvable(judgements: Sequence[Judgement]) -> None:
    for judgement in judgements:
        for refusal in judgement.refusals:
            if refusal.code in _HARD:
                raise DeniedError(refusal.code, refusal.sentence)


def _plan_created(plan: Plan, number: int, run: Run, judgements: Sequence[Judgement], now: datetime) -> Decision:
    created = PlanCreated(
        run_id=run.run_id, mode=plan.mode, plan_digest=plan.digest(), policy_digest=plan.policy_digest
    )
    return Decision(
        type="plan.created",
        actor=plan.requester,
        subject=run.subject,
        data=created.to_object(),
        writes={plan_key(run.run_id, number): plan_object(plan), run.key: run.planned().to_object()},
        once=(f"plan/{run.run_id}/{number}",),
        counters=plan_counters(plan, judgements, now),
    )
