"""By which policy, and which rules of it, something was let: what the answer to a client names (contract 1)."""

from __future__ import annotations

from placet.core.context import Context
from placet.core.entities.governance import kept_policy_key, read_policy_in_force
from placet.core.entities.receipts import read_receipt_record, receipt_key
from placet.core.entities.runs import plan_key_of, read_plan
from placet.core.entities.stored import required
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.receipt import parse_receipt
from placet.domain.encoding.canonical import Object, Value


async def granted_by(context: Context, receipt_id: str) -> Object:
    """Return policy, rules, approvers, run and receipt of an operation that was performed.

    `rules` are numbered from 1, in the order of the policy's document.
    """
    key = receipt_key(receipt_id)
    record = read_receipt_record(required(await context.store.load([key]), key, "receipt"))
    receipt = parse_receipt(record.payload.encode("ascii"))
    kept, planned = kept_policy_key(receipt.policy_digest), plan_key_of(record.operation_id)
    snapshot = await context.store.load([kept, planned])
    policy = parse_policy(read_policy_in_force(required(snapshot, kept, "policy")).document)
    plan = read_plan(required(snapshot, planned, "plan"))
    operations = [each for each in plan.operations if each.operation_id == record.operation_id]
    rules = [number for each in operations for number in policy.concerning(each, plan.requester)]
    return {
        "policy_version": receipt.policy_version,
        "policy_digest": receipt.policy_digest,
        "rules": list[Value](rules),
        "approvers": list[Value](receipt.approvers),
        "run_id": receipt.run_id,
        "receipt_id": receipt_id,
    }
