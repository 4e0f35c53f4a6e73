"""Mint receipts: one enforceable receipt per allowed operation, at execution time (protocol 2 and 3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from placet.core import identifiers
from placet.core.authorize import desk, key_premises
from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.denials import record_denial
from placet.core.entities.receipts import ReceiptRecord, read_receipt_record, receipt_key
from placet.core.entities.runs import (
    OperationState,
    operation_key,
    plan_key_of,
    read_operation_state,
    read_plan,
)
from placet.core.entities.stored import entity_of, required
from placet.core.judgement import Judgement, judge, judgement_premises
from placet.core.places import present_place
from placet.core.review import review_owed
from placet.core.runs import check_open
from placet.domain.authorization.break_glass import MOST_RECEIPTS, exceeded
from placet.domain.authorization.facts import KeyState, ReceiptState
from placet.domain.authorization.life import ATTEMPT_MAY_FOLLOW
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.place import check_leads_to
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.receipt import MAX_LIFETIME_SECONDS, Receipt, compact, mac, parse_receipt
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import CORE_KINDS, Mode
from placet.domain.values.unshown import Unshown
from placet.errors import ConfigurationError, DeniedError


class Minted(Unshown, frozen=True, kw_only=True):
    """A receipt and its compact form, which is all that an executor is handed."""

    receipt: Receipt
    payload: bytes
    token: str

    def record(self, state: ReceiptState) -> ReceiptRecord:
        """Return what the store keeps of it: the payload, never the MAC."""
        return ReceiptRecord(
            receipt_id=self.receipt.receipt_id,
            operation_id=self.receipt.operation_id,
            attempt=self.receipt.attempt,
            payload=self.payload.decode("ascii"),
            payload_digest=sha256(self.payload),
            state=state,
            deadline=None,
            lookups=0,
            response={},
            error_code="",
        )


async def issue_receipt(context: Context, operation_id: str, *, actor: str) -> str:
    """Issue the one live receipt of a production operation and return its compact form.

    Raise `DeniedError`, recorded: with the policy's first reason; `STALE_SUBJECT` where the provider's
    record leads elsewhere than planned; `RECEIPT_ALREADY_OPEN` where one
    is issued and in time, under way, in doubt or done; `MODE_NOT_PROD` for a dry run, whose
    advisory receipts are stored nowhere; `RUN_CLOSED`; and `OPERATION_MISMATCH` for core
    operations, whose receipts are issued and spent in one change.
    """
    tokens: list[str] = []

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        plan = read_plan(required(snapshot, plan_key_of(operation_id), "plan"))
        operation = planned(plan, operation_id)
        _check_issuable(snapshot, plan, operation)
        attempt = next_attempt(snapshot, operation_id, now)
        check_leads_to(operation, present_place(snapshot, operation))
        judgement = judge(context, snapshot, plan, operation, now)
        if judgement.refusals:
            raise DeniedError(judgement.refusals[0].code, judgement.refusals[0].sentence)
        _check_broken_glass(snapshot, plan, judgement)
        owed = review_owed(context, snapshot, plan, judgement.glass, now)
        minted = mint(context, snapshot, plan, operation, judgement=judgement, attempt=attempt, now=now)
        tokens[:] = [minted.token]
        return _issue(operation, minted, actor, owed)

    try:
        await decide(context, lambda snapshot: _premises(context, operation_id, snapshot), decision)
    except DeniedError as error:
        await record_denial(
            context, error, actor=actor, run_id=operation_id.partition("/")[0], operation_id=operation_id
        )
        raise
    return tokens[0]


def _check_issuable(snapshot: Snapshot, plan: Plan, operation: Operation) -> None:
    if plan.mode is not Mode.PROD:
        raise DeniedError("MODE_NOT_PROD", "this is a dry run: its receipts are advice, and none is issued")
    if operation.operation_kind in CORE_KINDS:
        raise DeniedError("OPERATION_MISMATCH", f"{operation.operation_kind.value} never reaches the effect port")
    check_open(snapshot, plan.run_id)


def _check_broken_glass(snapshot: Snapshot, plan: Plan, judgement: Judgement) -> None:
    """Return if the glass is whole, or broken for one more receipt; all that the plan had before count."""
    states = [entity_of(snapshot, operation_key(each.operation_id)) for each in plan.operations]
    issued = sum(read_operation_state(state).attempt for state in states if state is not None)
    if judgement.glass is not None and issued >= MOST_RECEIPTS:
        refusal = exceeded(issued + 1)
        raise DeniedError(refusal.code, refusal.sentence)


async def standing_receipt(context: Context, operation_id: str) -> str | None:
    """Return the compact form of the operation's issued, unexpired receipt, None where it has none.

    Whoever resumes a run after a crash goes on with the receipt that was issued before it.
    """
    snapshot = await context.store.load([operation_key(operation_id)])
    entity = entity_of(snapshot, operation_key(operation_id))
    if entity is None or read_operation_state(entity).state is not ReceiptState.ISSUED:
        return None
    key = receipt_key(read_operation_state(entity).receipt_id)
    record = read_receipt_record(required(await context.store.load([key]), key, "receipt"))
    receipt = _receipt_of(record)
    if record.state is not ReceiptState.ISSUED or context.clock.now() >= receipt.expires_at:
        return None
    if receipt.key_id not in context.receipt_secrets:
        return None
    return _compact(context, receipt.key_id, record.payload.encode("ascii"))


def planned(plan: Plan, operation_id: str) -> Operation:
    """Return the plan's operation, or raise `DeniedError` (`OPERATION_MISMATCH`)."""
    operation = plan.operation(operation_id)
    if operation is None:
        raise DeniedError("OPERATION_MISMATCH", f"the plan has no operation {operation_id}")
    return operation


def next_attempt(snapshot: Snapshot, operation_id: str, now: datetime) -> int:
    """Return the number of the attempt that may be issued now.

    Attempt n+1 needs attempt n failed, revoked or out of time; else `RECEIPT_ALREADY_OPEN`. A plan's
    operations are performed in order: the step before must be executed, else `OPERATION_OUT_OF_ORDER`.
    """
    before = step_before(operation_id)
    if before is not None and not _executed(snapshot, before):
        raise DeniedError(
            "OPERATION_OUT_OF_ORDER",
            f"operation {operation_id} comes after one that is not executed",
            hint="a plan's operations are performed in order: `placet run resume`",
        )
    entity = entity_of(snapshot, operation_key(operation_id))
    if entity is None:
        return 1
    state = read_operation_state(entity)
    receipt = read_receipt_record(required(snapshot, receipt_key(state.receipt_id), "receipt"))
    expired = state.state is ReceiptState.ISSUED and now >= _receipt_of(receipt).expires_at
    if state.state not in ATTEMPT_MAY_FOLLOW and not expired:
        raise DeniedError(
            "RECEIPT_ALREADY_OPEN",
            f"operation {operation_id} has a receipt that is {state.state.value}",
            hint="run `placet reconcile`, or see `placet run show`",
        )
    return state.attempt + 1


def step_before(operation_id: str) -> EntityKey | None:
    """Return the key of the plan's operation before this one, None for the first."""
    plan, _, step = operation_id.rpartition("/")
    return operation_key(f"{plan}/{int(step) - 1}") if int(step) > 1 else None


def _executed(snapshot: Snapshot, key: EntityKey) -> bool:
    entity = entity_of(snapshot, key)
    return entity is not None and read_operation_state(entity).state is ReceiptState.EXECUTED


def mint(  # noqa: PLR0913 - everything that a receipt is bound to
    context: Context,
    snapshot: Snapshot,
    plan: Plan,
    operation: Operation,
    *,
    judgement: Judgement,
    attempt: int,
    now: datetime,
) -> Minted:
    """Make the receipt that `judgement` allows: enforceable in prod without refusals, advisory otherwise."""
    reasons = tuple(f"{refusal.code}: {refusal.sentence}" for refusal in judgement.refusals)
    if plan.mode is not Mode.PROD:
        reasons = ("MODE_NOT_PROD: a dry run authorises nothing", *reasons)
    receipt = Receipt(
        receipt_id=identifiers.receipt_id(now, context.randomness.token(identifiers.RECEIPT_RANDOM_BYTES)),
        issuer=context.issuer,
        audience=operation.subject.provider,
        key_id=_minting_key(context, snapshot, now),
        mode=plan.mode,
        enforceable=not reasons,
        reasons=reasons,
        run_id=plan.run_id,
        operation_id=operation.operation_id,
        attempt=attempt,
        operation_kind=operation.operation_kind,
        subject=operation.subject,
        operation_digest=operation.digest(plan.mode),
        plan_digest=plan.digest(),
        policy_digest=judgement.policy_digest,
        policy_version=judgement.policy_version,
        approvals_digest=judgement.approvals_digest,
        approvers=judgement.approvers,
        certificate_id=operation.certificate_id,
        decided_at_size=snapshot.head.size,
        issued_at=now,
        not_before=now,
        expires_at=now + timedelta(seconds=min(judgement.lifetime_seconds, MAX_LIFETIME_SECONDS)),
        max_age_seconds=judgement.max_age_seconds,
        nonce=context.randomness.token(16).hex(),
    )
    payload = receipt.encode()
    return Minted(receipt=receipt, payload=payload, token=_compact(context, receipt.key_id, payload))


def _minting_key(context: Context, snapshot: Snapshot, now: datetime) -> str:
    key = desk(context, snapshot, now).keys.get(context.minting_key)
    if key is None or key.state is not KeyState.ACTIVE:
        raise ConfigurationError("KEY_REVOKED", "there is no active receipt key", hint="rotate the receipt key")
    return key.key_id


def _compact(context: Context, key_id: str, payload: bytes) -> str:
    return compact(payload, mac(context.receipt_secrets[key_id], payload))


def _receipt_of(record: ReceiptRecord) -> Receipt:
    return parse_receipt(record.payload.encode("ascii"))


def _premises(context: Context, operation_id: str, snapshot: Snapshot | None) -> Collection[EntityKey]:
    keys = key_premises(context) | {plan_key_of(operation_id), operation_key(operation_id)}
    keys |= {before} if (before := step_before(operation_id)) else set()
    if snapshot is None:
        return keys
    state = entity_of(snapshot, operation_key(operation_id))
    if state is not None:
        keys.add(receipt_key(read_operation_state(state).receipt_id))
    plan = entity_of(snapshot, plan_key_of(operation_id))
    if plan is None:
        return keys
    planned_here = read_plan(plan)
    keys |= {operation_key(each.operation_id) for each in planned_here.operations}
    return keys | judgement_premises(snapshot, planned_here)


def _issue(operation: Operation, minted: Minted, actor: str, owed: Mapping[EntityKey, Object | None]) -> Decision:
    record = minted.record(ReceiptState.ISSUED)
    state = OperationState(
        operation_id=operation.operation_id,
        attempt=record.attempt,
        receipt_id=record.receipt_id,
        state=ReceiptState.ISSUED,
    )
    return Decision(
        type="receipt.issued",
        actor=actor,
        subject=str(operation.subject),
        data={"receipt": minted.receipt.to_object()},
        writes={record.key: record.to_object(), state.key: state.to_object(), **owed},
        once=(f"receipt/{record.receipt_id}",),
    )
