"""By which policy, and which rules of it, something was let: what the answer to a client names (contract 1)."""

from __future__ import annotations

from placet.core.context import Context
from placet.core.entities.governance import kept_policy_key, read_policy_in_force
from placet.core.entities.receipts import read_receipt_record, receipt_key
from placet.core.entities.runs import plan_key_of, read_plan
from placet.core.entities.stored import required
from placet.core.mint import planned as planned_in
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.policy import Policy
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.receipt import Receipt, parse_receipt
from placet.domain.encoding.canonical import Object, Value


def granted(policy: Policy, receipt: Receipt, operation: Operation, requester: str) -> Object:
    """Return policy, rules, approvers, run and receipt of an operation that was let by `policy`.

    `rules` are numbered from 1, in the order of the policy's document.
    """
    return {
        "policy_version": receipt.policy_version,
        "policy_digest": receipt.policy_digest,
        "rules": list[Value](policy.concerning(operation, requester)),
        "approvers": list[Value](receipt.approvers),
        "run_id": receipt.run_id,
        "receipt_id": receipt.receipt_id,
    }


async def granted_by(context: Context, receipt_id: str) -> Object:
    """Return what `granted` does of an operation that was performed under this receipt."""
    key = receipt_key(receipt_id)
    record = read_receipt_record(required(await context.store.load([key]), key, "receipt"))
    receipt = parse_receipt(record.payload.encode("ascii"))
    kept, planned = kept_policy_key(receipt.policy_digest), plan_key_of(record.operation_id)
    snapshot = await context.store.load([kept, planned])
    policy = parse_policy(read_policy_in_force(required(snapshot, kept, "policy")).document)
    plan = read_plan(required(snapshot, planned, "plan"))
    return granted(policy, receipt, planned_in(plan, record.operation_id), plan.requester)
