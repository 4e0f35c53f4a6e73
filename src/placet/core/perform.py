"""Perform a core operation: mint, check, and do it, all in one commit (protocol 5).

Core operations never reach the effect port. Their receipt goes `issued → executed` in the change
that performs them, so there is nothing in between to be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from placet.core.acts import ACTS
from placet.core.acts.act import Performance
from placet.core.authorize import Authorized, Presented, authorize, key_premises
from placet.core.context import Context
from placet.core.decide import Decision, decide, new_event_id
from placet.core.denials import record_denial
from placet.core.entities.certificates import certificate_key
from placet.core.entities.receipts import hold_writes, receipt_key, subject_key
from placet.core.entities.runs import OperationState, Run, operation_key, plan_key_of, read_operation_state, read_plan
from placet.core.entities.stored import entity_of, required
from placet.core.granted import granted
from placet.core.judgement import Judgement, judge, judgement_premises, policy_in_force
from placet.core.limits import reservation_counters
from placet.core.mint import Minted, mint, next_attempt, planned, step_before
from placet.core.numbers import Drawn
from placet.core.replaced import replaced_premises, standing_before
from placet.core.runs import check_open
from placet.core.said import NOTHING_SAID, Said
from placet.domain.authorization.checks import CheckDeniedError, Trail
from placet.domain.authorization.facts import ReceiptState, Request
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.replaced import check_replaces
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Count, EntityKey, Snapshot
from placet.domain.values.kinds import Mode
from placet.domain.values.unshown import Unshown
from placet.errors import DeniedError, InvalidInputError, NotFoundError
from placet.ports.store import ConflictError

Writes = Mapping[EntityKey, Object | None]
_NOT_DONE = (DeniedError, InvalidInputError, NotFoundError, ConflictError)
"""What is raised where the change surely was not committed."""


class Performed(Struct, frozen=True, kw_only=True):
    """What a core operation left: the entry that records it, what it answers, and by what it was let.

    `granted` is empty for what no policy let: what the bootstrap key does.
    """

    seq: int
    receipt_id: str
    response: Object
    granted: Object


class Asked(Unshown, frozen=True, kw_only=True):
    """A core operation as it was planned, the very bytes of its artifacts, and who has it performed."""

    operation: Operation
    contents: Mapping[str, bytes]
    actor: str


class Planned(Struct, frozen=True, kw_only=True):
    """The plan that an operation is a step of, as the change that performs it finds or makes it.

    `snapshot` holds run and plan, also where the same change makes them; `operation` is what is asked
    for, which check 5 compares with the plan's; `attempt` is the receipt's.
    """

    snapshot: Snapshot
    operation: Operation
    run: Run
    plan: Plan
    attempt: int


class Road(Struct, frozen=True, kw_only=True):
    """How an operation comes to its change: what that rests on, its plan, and what it writes of its run.

    `writes` is given the run with its certificate; `counters` what the policy says of the limits;
    `said` is what a client said with it, where the same change keeps that.
    """

    premises: Callable[[Snapshot | None], set[EntityKey]]
    plan: Callable[[Snapshot, datetime], Planned]
    writes: Callable[[Planned, Run], Writes]
    once: tuple[str, ...] = ()
    counters: Callable[[Plan, Judgement, datetime], Mapping[str, Count]] = lambda plan, judgement, now: {}  # noqa: ARG005 - nothing counted
    said: Said = NOTHING_SAID


async def perform_core(
    context: Context, operation: Operation, contents: Mapping[str, bytes], *, actor: str
) -> Performed:
    """Perform a planned core operation once, in one change with its receipt.

    Raise `DeniedError` with the first reason or failed check (recorded), or what the act refuses.
    """
    run_id = operation.operation_id.partition("/")[0]
    asked = Asked(operation=operation, contents=contents, actor=actor)
    road = Road(
        premises=lambda snapshot: _premises(operation, snapshot),
        plan=lambda snapshot, now: _stored(snapshot, operation, now),
        writes=lambda about, run: {} if run == about.run else {run.key: run.to_object()},
    )
    try:
        return await perform_by(context, asked, road)
    except (DeniedError, ConflictError) as error:
        denial = _denial(error)
        await record_denial(context, denial, actor=actor, run_id=run_id, operation_id=operation.operation_id)
        raise denial from error


async def perform_by(context: Context, asked: Asked, road: Road) -> Performed:
    """Commit the change that performs the operation, with its plan by this road and the numbers that its act draws.

    Raise `DeniedError`, `ConflictError` and what the act refuses; nothing is recorded of it here.
    """
    act = ACTS[asked.operation.operation_kind]
    tried: list[Drawn] = []
    done: list[Performed] = []

    def premises(snapshot: Snapshot | None) -> set[EntityKey]:
        now = context.clock.now()
        keys = key_premises(context) | act.premises(asked.operation, now) | road.premises(snapshot)
        return keys | context.numbers.premises(act.sequences(asked.operation, now))

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        for drawn in tried:  # its change was not committed
            context.numbers.give_back(drawn)
        tried[:] = [context.numbers.draw(snapshot, act.sequences(asked.operation, now))]
        made, performed = _decide(context, asked, road.plan(snapshot, now), tried[0], road, now)
        done[:] = [performed]
        return made

    try:
        committed = await decide(context, premises, decision)
    except _NOT_DONE:
        for drawn in tried:
            context.numbers.give_back(drawn)
        raise
    context.numbers.used(tried[0])
    return replace(done[0], seq=committed.seq)


_USED_BEFORE = {
    "effect/": ("RECEIPT_CONSUMED", "this operation was performed before, says the ledger"),
    "approver_key/": ("KEY_IN_USE", "the key is enrolled for another principal: one key speaks for one only"),
    "account/": ("ACCOUNT_IN_USE", "the account is enrolled for another principal: it belongs to one only"),
    "identity/": ("IDENTITY_IN_USE", "the identity is enrolled for another principal: one subject is one person"),
    "leaf_key/": ("KEY_WEAK", "the public key was certified before: each certificate has a key of its own"),
}


def _denial(error: DeniedError | ConflictError) -> DeniedError:
    """Return the denial to record: without the id of a receipt that was never issued, nor a bare conflict."""
    if isinstance(error, CheckDeniedError):
        return CheckDeniedError(error, error.checks, "")
    if isinstance(error, DeniedError):
        return error
    for prefix, (code, sentence) in _USED_BEFORE.items():
        if error.reason == "once" and error.name.startswith(prefix):
            return DeniedError(code, sentence)
    raise error


def _premises(operation: Operation, snapshot: Snapshot | None) -> set[EntityKey]:
    keys = {
        plan_key_of(operation.operation_id),
        operation_key(operation.operation_id),
        *act_premises(operation),
    }
    keys |= {before} if (before := step_before(operation.operation_id)) else set()
    if snapshot is None:
        return keys
    state = entity_of(snapshot, operation_key(operation.operation_id))
    if state is not None:
        keys.add(receipt_key(read_operation_state(state).receipt_id))
    plan = entity_of(snapshot, plan_key_of(operation.operation_id))
    return keys | (judgement_premises(snapshot, read_plan(plan)) if plan else set())


def act_premises(operation: Operation) -> set[EntityKey]:
    """Return what every core operation rests on beside its act, its run and its plan."""
    return {
        subject_key(operation),
        certificate_key(operation.certificate_id or "none"),
        *replaced_premises([operation]),
    }


def _stored(snapshot: Snapshot, operation: Operation, now: datetime) -> Planned:
    plan = read_plan(required(snapshot, plan_key_of(operation.operation_id), "plan"))
    planned(plan, operation.operation_id)
    if plan.mode is not Mode.PROD:
        raise DeniedError("MODE_NOT_PROD", "this is not a production run: nothing is performed")
    run = check_open(snapshot, plan.run_id)
    return Planned(
        snapshot=snapshot,
        operation=operation,
        run=run,
        plan=plan,
        attempt=next_attempt(snapshot, operation.operation_id, now),
    )


def _decide(
    context: Context, asked: Asked, about: Planned, drawn: Drawn, road: Road, now: datetime
) -> tuple[Decision, Performed]:
    snapshot, plan, operation = about.snapshot, about.plan, about.operation
    judgement = judge(context, snapshot, plan, operation, now)
    if judgement.refusals:
        raise DeniedError(judgement.refusals[0].code, judgement.refusals[0].sentence)
    minted = mint(context, snapshot, plan, operation, judgement=judgement, attempt=about.attempt, now=now)
    authorized = _authorize(context, asked, about, minted, judgement, now)
    performance = Performance(
        context=context,
        snapshot=snapshot,
        now=now,
        plan=plan,
        operation=operation,
        receipt_id=minted.receipt.receipt_id,
        receipt=minted.receipt.to_object(),
        approvers=minted.receipt.approvers,
        contents=asked.contents,
        entry_id=new_event_id(context, now),
        numbers=drawn.numbers,
    )
    check_replaces(operation, standing_before(snapshot, operation))
    deed = ACTS[operation.operation_kind].perform(performance)
    executed = minted.record(ReceiptState.ISSUED).settled(ReceiptState.EXECUTED, deed.response, "")
    run = about.run.certified(deed.certificate_id) if deed.certificate_id else about.run
    made = Decision(
        type=deed.type,
        actor=asked.actor,
        subject=str(operation.subject),
        data=dict(deed.data),
        writes={
            **_own_writes(operation, minted, executed.to_object()),
            **road.writes(about, run),
            **drawn.writes,
            **deed.writes,
        },
        once=(
            f"receipt/{executed.receipt_id}",
            f"effect/{operation.operation_id}/{executed.attempt}",
            *road.once,
            *deed.once,
        ),
        counters={
            **road.counters(plan, judgement, now),
            **reservation_counters(operation, plan, executed.attempt, authorized.judgement, authorized.now),
        },
        valid_until=authorized.valid_until,
        erasable=road.said.erasable,
        entry_id=performance.entry_id,
    )
    policy = policy_in_force(snapshot)
    let = granted(policy, minted.receipt, operation, plan.requester) if policy else {}
    return made, Performed(seq=0, receipt_id=executed.receipt_id, response=deed.response, granted=let)


def _authorize(
    context: Context, asked: Asked, about: Planned, minted: Minted, judgement: Judgement, now: datetime
) -> Authorized:
    """Run every check on the receipt that this same change issues."""
    request = Request(
        mode=about.plan.mode.value, run_id=about.plan.run_id, operation=about.operation, token=minted.token
    )
    fresh = minted.record(ReceiptState.ISSUED).stored()
    presented = Presented(
        request=request,
        contents=asked.contents,
        observations=(),
        actor=asked.actor,
        fresh=fresh,
        judged=judgement,
    )
    return authorize(context, about.snapshot, now, presented, Trail())


def _own_writes(operation: Operation, minted: Minted, receipt: Object) -> dict[EntityKey, Object | None]:
    state = OperationState(
        operation_id=operation.operation_id,
        attempt=minted.receipt.attempt,
        receipt_id=minted.receipt.receipt_id,
        state=ReceiptState.EXECUTED,
    )
    return {
        receipt_key(minted.receipt.receipt_id): receipt,
        state.key: state.to_object(),
        **hold_writes(operation, ReceiptState.EXECUTED),
    }
