"""Perform a core operation: mint, check, and do it, all in one commit (protocol 5).

Core operations never reach the effect port. Their receipt goes `issued → executed` in the change
that performs them, so there is nothing in between to be lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from placet.core.acts import ACTS
from placet.core.acts.act import Performance
from placet.core.authorize import Presented, authorize, key_premises
from placet.core.context import Context
from placet.core.decide import Decision, decide, new_event_id
from placet.core.denials import record_denial
from placet.core.entities.certificates import certificate_key
from placet.core.entities.receipts import hold_writes, receipt_key, subject_key
from placet.core.entities.runs import OperationState, operation_key, plan_key_of, read_operation_state, read_plan
from placet.core.entities.stored import entity_of, required
from placet.core.judgement import judge, judgement_premises
from placet.core.limits import reservation_counters
from placet.core.mint import Minted, mint, next_attempt, payload_object, planned, step_before
from placet.core.replaced import replaced_premises, standing_before
from placet.core.runs import check_open
from placet.domain.authorization.checks import CheckDeniedError, Trail
from placet.domain.authorization.facts import ReceiptState, Request
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.replaced import check_replaces
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.kinds import Mode
from placet.errors import DeniedError
from placet.ports.store import ConflictError


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """What a core operation left: the entry that records it, and what it answers."""

    seq: int
    receipt_id: str
    response: Object


async def perform_core(
    context: Context, operation: Operation, contents: Mapping[str, bytes], *, actor: str
) -> Performed:
    """Perform a planned core operation once, in one change with its receipt.

    Raise `DeniedError` with the first reason or failed check (recorded), or what the act refuses.
    """
    done: list[tuple[str, Object]] = []

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        made, receipt_id, response = _decide(context, snapshot, now, operation, contents, actor)
        done[:] = [(receipt_id, response)]
        return made

    try:
        committed = await decide(context, lambda snapshot: _premises(context, operation, snapshot), decision)
    except (DeniedError, ConflictError) as error:
        denial = _denial(error)
        await record_denial(
            context,
            denial,
            actor=actor,
            run_id=operation.operation_id.partition("/")[0],
            operation_id=operation.operation_id,
        )
        raise denial from error
    receipt_id, response = done[0]
    return Performed(seq=committed.seq, receipt_id=receipt_id, response=response)


_USED_BEFORE = {
    "effect/": ("RECEIPT_CONSUMED", "this operation was performed before, says the ledger"),
    "approver_key/": ("KEY_IN_USE", "the key is enrolled for another principal: one key speaks for one only"),
    "account/": ("ACCOUNT_IN_USE", "the account is enrolled for another principal: it belongs to one only"),
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


def _premises(context: Context, operation: Operation, snapshot: Snapshot | None) -> set[EntityKey]:
    now = context.clock.now()
    keys = key_premises(context) | ACTS[operation.operation_kind].premises(operation, now)
    keys |= {
        plan_key_of(operation.operation_id),
        operation_key(operation.operation_id),
        subject_key(operation),
        certificate_key(operation.certificate_id or "none"),
        *replaced_premises([operation]),
    }
    keys |= {before} if (before := step_before(operation.operation_id)) else set()
    if snapshot is None:
        return keys
    state = entity_of(snapshot, operation_key(operation.operation_id))
    if state is not None:
        keys.add(receipt_key(read_operation_state(state).receipt_id))
    plan = entity_of(snapshot, plan_key_of(operation.operation_id))
    return keys | (judgement_premises(snapshot, read_plan(plan)) if plan else set())


def _decide(
    context: Context,
    snapshot: Snapshot,
    now: datetime,
    operation: Operation,
    contents: Mapping[str, bytes],
    actor: str,
) -> tuple[Decision, str, Object]:
    plan = read_plan(required(snapshot, plan_key_of(operation.operation_id), "plan"))
    minted = _mint(context, snapshot, plan, planned(plan, operation.operation_id), now)
    request = Request(mode=plan.mode.value, run_id=plan.run_id, operation=operation, token=minted.token)
    fresh = minted.record(ReceiptState.ISSUED).stored()
    presented = Presented(request=request, contents=contents, observations=(), actor=actor, fresh=fresh)
    trail = Trail()
    authorized = authorize(context, snapshot, now, presented, trail)
    performance = Performance(
        context=context,
        snapshot=snapshot,
        now=now,
        plan=plan,
        operation=operation,
        receipt_id=minted.receipt.receipt_id,
        receipt=payload_object(minted.payload),
        approvers=minted.receipt.approvers,
        contents=contents,
        entry_id=new_event_id(context, now),
    )
    check_replaces(operation, standing_before(snapshot, operation))
    deed = ACTS[operation.operation_kind].perform(performance)
    executed = minted.record(ReceiptState.ISSUED).settled(ReceiptState.EXECUTED, deed.response, "")
    made = Decision(
        type=deed.type,
        actor=actor,
        subject=str(operation.subject),
        data=dict(deed.data),
        writes={**_own_writes(operation, minted, executed.to_object()), **deed.writes},
        once=(f"receipt/{executed.receipt_id}", f"effect/{operation.operation_id}/{executed.attempt}", *deed.once),
        counters=reservation_counters(operation, plan, executed.attempt, authorized.judgement, authorized.now),
        valid_until=authorized.valid_until,
        entry_id=performance.entry_id,
    )
    return made, executed.receipt_id, deed.response


def _mint(context: Context, snapshot: Snapshot, plan: Plan, operation: Operation, now: datetime) -> Minted:
    if plan.mode is not Mode.PROD:
        raise DeniedError("MODE_NOT_PROD", "this is not a production run: nothing is performed")
    check_open(snapshot, plan.run_id)
    judgement = judge(context, snapshot, plan, operation, now)
    if judgement.refusals:
        raise DeniedError(judgement.refusals[0].code, judgement.refusals[0].sentence)
    attempt = next_attempt(snapshot, operation.operation_id, now)
    return mint(context, snapshot, plan, operation, judgement=judgement, attempt=attempt, now=now)


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
