"""Collect everything that proves one publication into one file (protocol 8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from placet.core.acts.register_package import STATEMENT_ARTIFACT
from placet.core.context import Context
from placet.core.credentials import credential_premises, still_vouched_for
from placet.core.decide import load
from placet.core.entities.governance import (
    SignedApproval,
    approval_key,
    approval_set_key,
    kept_policy_key,
    principal_key,
    read_approval_set,
    read_policy_in_force,
    read_signed_approval,
    stored_principal,
)
from placet.core.entities.receipts import ReceiptRecord
from placet.core.entities.runs import Run, plan_key
from placet.core.entities.stored import entity_of, required
from placet.core.execute import receipt_of
from placet.core.lookup import the_certificate
from placet.core.revoked_as_of import revoked_as_of_now
from placet.core.runs import stored_plan, stored_run
from placet.domain.authorization.approval import ShownPlan, VerifiedApproval, parse_approval, verify_recorded
from placet.domain.authorization.circumstances import Circumstances
from placet.domain.authorization.evaluate import evaluate
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.principal import Principal
from placet.domain.authorization.receipt import parse_receipt
from placet.domain.authorization.render import render_plan, shown_digest
from placet.domain.encoding.pem import certificate_der
from placet.domain.log.entry import parse_entry
from placet.domain.values.digest import Digest
from placet.domain.values.kinds import OperationKind
from placet.domain.verification.bundle import Bundle, LoggedEntry
from placet.errors import VerificationError

_CERTIFICATE_PLAN, _PUBLICATION_PLAN = 1, 2


class _Spent(Struct, frozen=True, kw_only=True):
    """A receipt that a publication rests on, and the plan that it was issued for."""

    plan: Plan
    number: int
    operation: Operation
    record: ReceiptRecord
    issued_seq: int


async def collect_evidence(context: Context, run_id: str) -> bytes:
    """Return the evidence bundle of a published run, as of the newest checkpoint.

    Raise `VerificationError` (`NOT_PUBLISHED`) where its package was certified but not published.
    """
    run = await stored_run(context, run_id)
    plans = await _plans(context, run)
    spent = await _spent(context, plans)
    policies = await _policies(context, plans, spent)
    seqs = await _sequence_numbers(context, run, plans, spent, policies)
    certificate = await the_certificate(context, run.certificate_id)
    statement = await context.blobs.get(_statement_digest(plans[1]))
    moment = await revoked_as_of_now(context)
    return Bundle(
        origin=context.issuer,
        statement=statement,
        leaf=certificate.der,
        intermediate=certificate_der(context.authority.chain[0]),
        plans=tuple(plan.encode() for plan in plans),
        policies=tuple(policies[digest] for digest in sorted(policies)),
        entries=tuple([await _logged(context, seq, moment.checkpoint.size) for seq in sorted(seqs)]),
        checkpoint=moment.note,
        revocations=moment.revocations,
    ).encode()


async def _plans(context: Context, run: Run) -> tuple[Plan, Plan]:
    if run.plans != _PUBLICATION_PLAN or not run.certificate_id:
        raise VerificationError("NOT_PUBLISHED", f"run {run.run_id} published nothing")
    return (
        await stored_plan(context, run.run_id, _CERTIFICATE_PLAN),
        await stored_plan(context, run.run_id, _PUBLICATION_PLAN),
    )


async def _spent(context: Context, plans: tuple[Plan, Plan]) -> list[_Spent]:
    """Return the receipts that prove the publication: the certificate's, and all up to `publish_package`."""
    wanted = [(plans[0], _CERTIFICATE_PLAN, plans[0].operations[0])]
    for operation in plans[1].operations:
        wanted.append((plans[1], _PUBLICATION_PLAN, operation))
        if operation.operation_kind is OperationKind.PUBLISH_PACKAGE:
            break
    spent = []
    for plan, number, operation in wanted:
        record = await receipt_of(context, operation.operation_id)
        if record is None or record.state is not ReceiptState.EXECUTED:
            raise VerificationError("NOT_PUBLISHED", f"{operation.operation_kind.value} was not executed")
        issued = await _once(context, f"receipt/{record.receipt_id}")
        spent.append(_Spent(plan=plan, number=number, operation=operation, record=record, issued_seq=issued))
    return spent


async def _policies(context: Context, plans: Iterable[Plan], spent: Iterable[_Spent]) -> dict[Digest, bytes]:
    """Return the documents of all policies that plans and receipts name, by digest."""
    digests = {plan.policy_digest for plan in plans}
    digests |= {parse_receipt(each.record.payload.encode()).policy_digest for each in spent}
    keys = {digest: kept_policy_key(digest) for digest in digests}
    snapshot = await context.store.load(list(keys.values()))
    return {digest: read_policy_in_force(required(snapshot, key, "policy")).document for digest, key in keys.items()}


async def _sequence_numbers(
    context: Context, run: Run, plans: tuple[Plan, Plan], spent: list[_Spent], policies: dict[Digest, bytes]
) -> set[int]:
    """Return the places of exactly those entries that the verifier needs."""
    seqs = {await _once(context, f"plan/{run.run_id}/{number}") for number in (_CERTIFICATE_PLAN, _PUBLICATION_PLAN)}
    keys = [kept_policy_key(digest) for digest in policies]
    snapshot = await context.store.load(keys)
    seqs |= {snapshot.entities[key].revision for key in keys}
    people = {plan.requester for plan in plans}
    for each in spent:
        seqs |= await _receipt_entries(context, each)
        for verified in await _counted(context, each, policies):
            seqs.add(await _once(context, f"approval/{verified.digest}"))
            people.add(verified.approval.approver)
    enrolments = await context.store.load([principal_key(person) for person in people])
    return seqs | {entity.revision for entity in enrolments.entities.values()}


async def _receipt_entries(context: Context, spent: _Spent) -> set[int]:
    """Return where the receipt was issued, reserved and executed; for a core operation that is one entry."""
    if spent.operation.operation_kind is OperationKind.ISSUE_CERTIFICATE:
        return {spent.issued_seq}
    reserved = await _once(context, f"effect/{spent.operation.operation_id}/{spent.record.attempt}")
    executed = (await context.store.load([spent.record.key])).entities[spent.record.key].revision
    return {spent.issued_seq, reserved, executed}


async def _counted(context: Context, spent: _Spent, policies: dict[Digest, bytes]) -> tuple[VerifiedApproval, ...]:
    """Return the approvals that the receipt rests on: the policy's own count, as of its issue."""
    receipt = parse_receipt(spent.record.payload.encode())
    if not receipt.approvers:
        return ()
    approvals, principals = await _approvals(context, spent, policies, receipt.issued_at)
    circumstances = Circumstances(approvals=approvals, principals=principals, denials=(), now=receipt.issued_at)
    decision = evaluate(parse_policy(policies[receipt.policy_digest]), spent.plan, circumstances)
    said = decision.of(spent.operation.operation_id)
    return said.counted if said else ()


async def _approvals(
    context: Context, spent: _Spent, policies: dict[Digest, bytes], at: datetime
) -> tuple[tuple[VerifiedApproval, ...], dict[str, Principal]]:
    said = await _said_before(context, spent, at)
    text = render_plan(spent.plan, parse_policy(policies[spent.plan.policy_digest]).version)
    about = ShownPlan(plan=spent.plan, shown_digest=shown_digest(text))
    principals = await _principals(context, {spent.plan.requester, *(parse_approval(s.encoded).approver for s in said)})
    verified = tuple(
        verify_recorded(
            each.encoded,
            each.signature,
            about=about,
            principal=principals.get(parse_approval(each.encoded).approver),
            at=each.recorded_at,
        )
        for each in said
    )
    return verified, principals


async def _said_before(context: Context, spent: _Spent, at: datetime) -> list[SignedApproval]:
    """Return what was said before the receipt was issued, but for sessions that counted no more then."""
    stored = plan_key(spent.plan.run_id, spent.number)
    anchor = entity_of(await context.store.load([approval_set_key(stored)]), approval_set_key(stored))
    count = read_approval_set(anchor).count if anchor else 0
    keys = [approval_key(stored, number) for number in range(1, count + 1)]
    entities = (await context.store.load(keys)).entities
    said = [read_signed_approval(entities[key]) for key in keys if entities[key].revision < spent.issued_seq]
    sessions = {each.session for each in said if each.session}
    snapshot = await load(context, lambda loaded: {k for s in sessions for k in credential_premises(loaded, s)})
    return [each for each in said if each.signature or still_vouched_for(snapshot, each.session, at)]


async def _principals(context: Context, ids: set[str]) -> dict[str, Principal]:
    snapshot = await context.store.load([principal_key(each) for each in ids])
    return {each: stored_principal(required(snapshot, principal_key(each), "principal")) for each in ids}


async def _logged(context: Context, seq: int, size: int) -> LoggedEntry:
    entry = b"".join([content async for content in context.store.entries(seq, seq + 1)])
    data = parse_entry(entry).body.data
    detached = await context.store.detached(data) if isinstance(data, str) else b""
    return LoggedEntry(entry=entry, data=detached, proof=tuple(await context.store.inclusion_proof(seq, size)))


async def _once(context: Context, once: str) -> int:
    seq = await context.store.once_seq(once)
    if seq is None:
        raise VerificationError("EVIDENCE_MISSING", f"the ledger has no entry for {once}")
    return seq


def _statement_digest(plan: Plan) -> Digest:
    artifacts = [each for operation in plan.operations for each in operation.artifacts]
    statement = next((each for each in artifacts if each.name == STATEMENT_ARTIFACT), None)
    if statement is None:
        raise VerificationError("NOT_PUBLISHED", "the plan registers no statement")
    return Digest(f"sha256:{statement.sha256}")
