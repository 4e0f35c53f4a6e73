"""Clear up what became of an effect by looking, never by sending again (protocol 5).

A `reserved` receipt found after its deadline is in doubt; a failed one may turn out to have been
made after all. *Absent* settles a doubt only where the look-up began after deadline and settle time.
"""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime, timedelta

from placet.core.context import Context
from placet.core.decide import LOOKED_UP, Decision, decide
from placet.core.entities.governance import provider_key, stored_provider
from placet.core.entities.receipts import ReceiptRecord, read_receipt_record
from placet.core.entities.stored import entity_of, required
from placet.core.settle import settle
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import Committed, Snapshot
from placet.domain.values.kinds import CORE_KINDS, OutcomeStatus
from placet.errors import EffectError, PlacetError
from placet.ports.effects import Finding, Outcome, Presence

_LOST = "FENCE_LOST"


async def clear_up(context: Context, operation: Operation, record: ReceiptRecord, *, actor: str) -> ReceiptRecord:
    """Return the receipt's record after finding out what can be found out about its effect now.

    A reservation before its deadline is left alone: somebody may be sending. Raise `EffectError`
    (`OUTCOME_UNKNOWN`) where an attempt failed and the provider does not tell whether its effect
    stands all the same: until it does, another attempt could only be a second one.
    """
    if operation.operation_kind in CORE_KINDS or record.deadline is None:
        return record
    if record.state is ReceiptState.RESERVED and context.clock.now() >= record.deadline:
        doubt = Outcome(status=OutcomeStatus.INDETERMINATE, error_code="OUTCOME_UNKNOWN")
        record = await _settled(context, operation, record, doubt, actor)
    if record.state not in (ReceiptState.INDETERMINATE, ReceiptState.FAILED):
        return record
    began = context.clock.now()  # what was absent then may have arrived while the answer was on its way
    finding = await context.effects.look_up(operation)
    outcome = _concluded(finding, record, await _settle_time(context, operation), began)
    if outcome is not None:
        return await _settled(context, operation, record, outcome, actor)
    if record.state is ReceiptState.INDETERMINATE:
        return await _count_look_up(context, record, finding, actor)
    if finding.presence is not Presence.ABSENT:
        provider = operation.subject.provider
        raise EffectError(
            "OUTCOME_UNKNOWN",
            f"an attempt failed ({record.error_code}), and {provider} does not tell whether it stands all the same",
            hint=f"see to it that {provider} can be read, with its credential, then run this command again",
        )
    return record


def _concluded(finding: Finding, record: ReceiptRecord, settle_time: timedelta, began: datetime) -> Outcome | None:
    """Return what a look-up that began then proves, None where it proves nothing new."""
    if finding.presence is Presence.SAME:
        return Outcome(status=OutcomeStatus.EXECUTED, response=finding.response)
    if finding.presence is Presence.OTHER:
        return Outcome(status=OutcomeStatus.CONFLICT, response=finding.response, error_code="OTHER_CONTENT")
    settled = record.deadline is not None and began >= record.deadline + settle_time
    if finding.presence is Presence.ABSENT and settled and record.state is ReceiptState.INDETERMINATE:
        return Outcome(status=OutcomeStatus.FAILED, response=finding.response, error_code="EFFECT_ABSENT")
    return None


async def _settle_time(context: Context, operation: Operation) -> timedelta:
    key = provider_key(operation.subject.provider)
    entity = entity_of(await context.store.load([key]), key)
    kind = stored_provider(entity).kind if entity else ""
    return context.settings.settle.get(kind, timedelta(minutes=15))


async def _settled(
    context: Context, operation: Operation, record: ReceiptRecord, outcome: Outcome, actor: str
) -> ReceiptRecord:
    snapshot = await context.store.load([record.key])
    if read_receipt_record(required(snapshot, record.key, "receipt")) == record:
        fence = snapshot.entities[record.key].revision
        await _unless_lost(settle(context, operation, record.receipt_id, outcome, fence=fence, actor=actor))
    return await _present(context, record)


async def _count_look_up(context: Context, record: ReceiptRecord, finding: Finding, actor: str) -> ReceiptRecord:
    def decision(snapshot: Snapshot, now: datetime) -> Decision:  # noqa: ARG001 - does not depend on time
        if read_receipt_record(required(snapshot, record.key, "receipt")) != record:
            raise EffectError(_LOST, f"receipt {record.receipt_id} was cleared up by somebody else meanwhile")
        return Decision(
            type=LOOKED_UP,
            actor=actor,
            subject=record.operation_id,
            data={"receipt_id": record.receipt_id, "presence": finding.presence.value},
            writes={record.key: record.looked_up().to_object()},
        )

    await _unless_lost(decide(context, lambda _: (record.key,), decision))
    return await _present(context, record)


async def _unless_lost(writing: Awaitable[Committed]) -> None:
    """Let what somebody else found out meanwhile stand."""
    try:
        await writing
    except PlacetError as error:
        if error.code != _LOST:
            raise


async def _present(context: Context, record: ReceiptRecord) -> ReceiptRecord:
    return read_receipt_record(required(await context.store.load([record.key]), record.key, "receipt"))
