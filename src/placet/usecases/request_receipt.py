"""Ask for the authorization of one operation: an enforceable receipt, or what is missing for it (contract 8)."""

from __future__ import annotations

import re

from placet.core.context import Context
from placet.core.entities.receipts import read_receipt_record, receipt_key
from placet.core.entities.runs import operation_key, plan_key_of, read_operation_state, read_plan
from placet.core.entities.stored import missing, required
from placet.core.governed import judgements_of
from placet.core.mint import issue_receipt, standing_receipt
from placet.domain.authorization.operation import OPERATION_ID
from placet.domain.values.kinds import Mode
from placet.errors import ApprovalsPendingError


async def request_receipt(context: Context, operation_id: str) -> str:
    """Return the id of the operation's receipt that can be used now: the one that stands, else one issued for this.

    Only where approvals are missing nothing is denied: raise `ApprovalsPendingError` then. Raise as
    `issue_receipt` where a receipt is refused, and `NotFoundError`.
    """
    if re.fullmatch(OPERATION_ID, operation_id) is None:
        raise missing(f"operation {operation_id[:80]}")
    key = plan_key_of(operation_id)
    plan = read_plan(required(await context.store.load([key]), key, f"operation {operation_id[:80]}"))
    judged = dict(zip((each.operation_id for each in plan.operations), await judgements_of(context, plan), strict=True))
    judgement = judged.get(operation_id)
    if judgement is None:
        raise missing(f"operation {operation_id[:80]}")
    if judgement.awaiting and plan.mode is Mode.PROD:
        raise ApprovalsPendingError(
            "APPROVALS_MISSING",
            "; ".join(each.sentence for each in judgement.refusals),
            hint=f"placet approve {plan.run_id} --as person:NAME --key FILE",
            run_id=plan.run_id,
        )
    if await standing_receipt(context, operation_id) is None:
        await issue_receipt(context, operation_id, actor=plan.requester)
    state = operation_key(operation_id)
    standing = read_operation_state(required(await context.store.load([state]), state, "operation"))
    found = receipt_key(standing.receipt_id)
    return read_receipt_record(required(await context.store.load([found]), found, "receipt")).receipt_id
