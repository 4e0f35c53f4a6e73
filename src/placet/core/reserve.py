"""Consume a receipt before its effect: checks, then one commit that every premise guards (protocol 5)."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from placet.core.authorize import Authorized, Presented, authorize, premises
from placet.core.context import Context
from placet.core.decide import Decision, decide, load
from placet.core.denials import record_denial
from placet.core.entities.receipts import hold_writes, read_receipt_record, receipt_key
from placet.core.entities.runs import OperationState, operation_key
from placet.core.entities.stored import required
from placet.core.limits import reservation_counters
from placet.domain.authorization.authorized import AuthorizedOperation, reserved
from placet.domain.authorization.checks import CheckDeniedError, Trail
from placet.domain.authorization.facts import ObservedFact, ReceiptState
from placet.domain.authorization.place import asked_of_provider
from placet.domain.log.change import Snapshot
from placet.domain.values.time import cut_to_milliseconds, format_instant
from placet.errors import DeniedError
from placet.ports.store import ConflictError


async def admit(context: Context, presented: Presented) -> None:
    """Deny what the checks refuse whatever a provider holds, before anything is asked of one.

    Consumes and promises nothing: `reserve` runs every check. Raise `CheckDeniedError`, recorded.
    """
    snapshot = await load(context, lambda loaded: premises(context, presented, loaded))
    now = cut_to_milliseconds(context.clock.now())
    asked = asked_of_provider(presented.request.operation)
    hoped = tuple(ObservedFact(fact=each.fact, value=each.expected, at=now) for each in asked)
    try:
        authorize(context, snapshot, now, replace(presented, observations=hoped), Trail())
    except CheckDeniedError as denied:
        await deny(context, presented, denied)
        raise


async def reserve(context: Context, presented: Presented) -> AuthorizedOperation:
    """Consume the receipt and reserve the effect, durably, before returning.

    Raise `CheckDeniedError` with the code of the first check that fails; the denial is recorded.
    Of two racing calls exactly one succeeds.
    """
    # what is measured is what will be sent, whatever the caller does with its own buffers meanwhile
    presented = replace(presented, contents={name: bytes(content) for name, content in presented.contents.items()})
    made: list[tuple[Authorized, Trail, datetime]] = []

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        trail = Trail()
        authorized = authorize(context, snapshot, now, presented, trail)
        deadline = now + context.settings.deadline
        made[:] = [(authorized, trail, deadline)]
        return _reservation(snapshot, presented, authorized, trail, deadline)

    try:
        committed = await decide(context, lambda snapshot: premises(context, presented, snapshot), decision)
    except CheckDeniedError as denied:
        await deny(context, presented, denied)
        raise
    except (DeniedError, ConflictError) as refused:  # by the commit of what the checks had cleared
        denial = _refused_by_commit(refused, made[0][1])
        await deny(context, presented, denial)
        raise denial from refused
    authorized, _, deadline = made[0]
    return reserved(authorized.cleared, fence=committed.seq, deadline=deadline, contents=presented.contents)


def _refused_by_commit(refused: DeniedError | ConflictError, trail: Trail) -> CheckDeniedError:
    """Return the denial: a counter is full, or this attempt's effect stands in the ledger already.

    The latter is no race, which is decided again: the receipt's row was put back to `issued`.
    """
    if isinstance(refused, ConflictError):
        spent = DeniedError("RECEIPT_CONSUMED", "the effect of this receipt was reserved before, says the ledger")
        return trail.denied("6", spent)
    return trail.denied("9", refused)


async def deny(context: Context, presented: Presented, denial: CheckDeniedError) -> None:
    """Record that the checks refused what was presented."""
    await record_denial(
        context,
        denial,
        actor=presented.actor,
        run_id=presented.request.run_id,
        operation_id=presented.request.operation.operation_id,
        shown=presented.request.token,
    )


def _reservation(
    snapshot: Snapshot, presented: Presented, authorized: Authorized, trail: Trail, deadline: datetime
) -> Decision:
    receipt, operation = authorized.cleared.receipt, authorized.cleared.operation
    record = read_receipt_record(required(snapshot, receipt_key(receipt.receipt_id), "receipt"))
    moved = record.reserved(deadline)
    state = OperationState(
        operation_id=operation.operation_id,
        attempt=receipt.attempt,
        receipt_id=receipt.receipt_id,
        state=ReceiptState.RESERVED,
    )
    return Decision(
        type="receipt.reserved",
        actor=presented.actor,
        subject=str(operation.subject),
        data={
            "receipt_id": receipt.receipt_id,
            "operation_id": operation.operation_id,
            "attempt": receipt.attempt,
            "checks": trail.results,
            "deadline": format_instant(deadline),
        },
        writes={
            moved.key: moved.to_object(),
            operation_key(operation.operation_id): state.to_object(),
            **hold_writes(operation, ReceiptState.RESERVED),
        },
        once=(f"effect/{operation.operation_id}/{receipt.attempt}",),
        counters=reservation_counters(
            operation, authorized.plan, receipt.attempt, authorized.judgement, authorized.now
        ),
        valid_until=authorized.valid_until,
    )
