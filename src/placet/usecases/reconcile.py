"""Look up every effect that is in doubt; never send again (protocol 5)."""

from __future__ import annotations

from msgspec import Struct

from placet.core.context import Context
from placet.core.doubts import clear_up
from placet.core.entities.receipts import UNSETTLED, read_receipt_record, receipt_key
from placet.core.entities.runs import plan_key_of, read_plan
from placet.core.entities.stored import entity_of, required
from placet.core.runs_seen import EVERYTHING, RunSight, look
from placet.domain.authorization.facts import ReceiptState
from placet.errors import PlacetError

ACTOR = "service:reconciler"


class Cleared(Struct, frozen=True, kw_only=True):
    """One receipt that was in doubt: what it is now, and whether a person should look.

    `problem` says why nothing could be found out, empty where something could.
    """

    receipt_id: str
    operation_id: str
    subject: str
    was: ReceiptState
    state: ReceiptState
    needs_person: bool
    problem: str


async def reconcile(context: Context, *, sight: RunSight = EVERYTHING) -> list[Cleared]:
    """Clear up every receipt that is reserved past its deadline or indeterminate, as far as its run is seen."""
    cleared = []
    for row in await context.store.find("receipt_unsettled", "", limit=10_000):
        outcome = await _clear_up_one(context, row.value, sight)
        if outcome is not None:
            cleared.append(outcome)
    return cleared


async def _clear_up_one(context: Context, receipt_id: str, sight: RunSight) -> Cleared | None:
    key = receipt_key(receipt_id)
    entity = entity_of(await context.store.load([key]), key)
    record = read_receipt_record(entity) if entity else None
    if record is None or record.state not in UNSETTLED:
        return None
    if await look(context, sight, record.operation_id.partition("/")[0]) is None:
        return None
    stored = plan_key_of(record.operation_id)
    plan = read_plan(required(await context.store.load([stored]), stored, "plan"))
    operation = next(each for each in plan.operations if each.operation_id == record.operation_id)
    problem = ""
    after = record
    try:
        after = await clear_up(context, operation, record, actor=ACTOR)
    except PlacetError as error:
        problem = f"{error.code}: {error.message}"
    return Cleared(
        receipt_id=receipt_id,
        operation_id=record.operation_id,
        subject=str(operation.subject),
        was=record.state,
        state=after.state,
        needs_person=after.state is ReceiptState.CONFLICT
        or (after.state is ReceiptState.INDETERMINATE and after.lookups >= context.settings.lookups),
        problem=problem,
    )
