"""Step 5: the plans, and the executed receipt of each effect up to the publication itself (protocol 8).

Certificate and signature alone are `NOT_PUBLISHED`. Operations are performed in order, so all that
stand before `publish_package` in its plan were executed when it was; what comes after (our own
registration) may still be under way and is no part of the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from msgspec import Struct

from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan, parse_plan
from placet.domain.authorization.receipt import Receipt, parse_receipt
from placet.domain.encoding.canonical import Object, encode
from placet.domain.log.decision_records import PlanCreated, read_plan_created
from placet.domain.log.receipt_records import (
    OutcomeRecorded,
    read_outcome_recorded,
    read_receipt_issued,
    read_receipt_reserved,
)
from placet.domain.log.record_types import EntryType
from placet.domain.values.kinds import Mode, OperationKind, OutcomeStatus
from placet.domain.verification.evidence import Evidence, Found
from placet.errors import InvalidInputError, VerificationError

_PLANS = 2


class LoggedPlan(Struct, frozen=True, kw_only=True):
    """A plan and the entry that created it."""

    plan: Plan
    created: Found[PlanCreated]


class Spent(Struct, frozen=True, kw_only=True):
    """A receipt that was issued for an operation of a plan; `issued_seq` is its entry's place."""

    receipt: Receipt
    operation: Operation
    plan: LoggedPlan
    issued_seq: int


class Published(Struct, frozen=True, kw_only=True):
    """A publication that happened: both plans, the receipts spent, and what became of `publish_package`."""

    certification: LoggedPlan
    plan: LoggedPlan
    spent: tuple[Spent, ...]
    operation: Operation
    outcome: Found[OutcomeRecorded]


def check_published(plans: Sequence[bytes], evidence: Evidence, *, origin: str) -> Published:
    """Return the publication that the plans and entries prove.

    Raise `VerificationError`: `NOT_PUBLISHED`, `EVIDENCE_MISSING`, `PLAN_MISMATCH`,
    `OPERATION_MISMATCH`, `ISSUER_MISMATCH`, `MODE_NOT_PROD`, `RECEIPT_EXPIRED`; `InvalidInputError`
    for plans and records that are none.
    """
    if len(plans) != _PLANS:
        _refuse("NOT_PUBLISHED", "there is no plan of a publication: certificate and signature alone prove none")
    certification, plan = (_logged_plan(each, evidence, origin) for each in plans)
    if certification.plan.run_id != plan.plan.run_id or certification.created.seq >= plan.created.seq:
        _refuse("PLAN_MISMATCH", "the two plans are not of one run, in their order")
    effects = _effects(plan.plan)
    done = [_executed(each, plan, evidence) for each in effects]
    return Published(
        certification=certification,
        plan=plan,
        spent=tuple(spent for spent, _ in done),
        operation=effects[-1],
        outcome=done[-1][1],
    )


def receipt_from(payload: Object) -> Receipt:
    """Return the receipt whose payload an entry holds as an object."""
    return parse_receipt(encode(payload))


def check_bound(receipt: Receipt, operation: Operation, plan: Plan) -> None:
    """Check that a receipt authorises exactly this operation of this plan, in production.

    Raise `VerificationError`: `RECEIPT_NOT_ENFORCEABLE`, `RECEIPT_MODE_MISMATCH`, `ISSUER_MISMATCH`,
    `RUN_MISMATCH`, `PLAN_MISMATCH`, `OPERATION_MISMATCH`, `AUDIENCE_MISMATCH`, `SUBJECT_MISMATCH`.
    """
    mismatches = (
        ("RECEIPT_NOT_ENFORCEABLE", receipt.enforceable is not True or bool(receipt.reasons)),
        ("RECEIPT_MODE_MISMATCH", receipt.mode is not Mode.PROD),
        ("ISSUER_MISMATCH", receipt.issuer != plan.issuer),
        ("RUN_MISMATCH", receipt.run_id != plan.run_id),
        ("PLAN_MISMATCH", receipt.plan_digest != plan.digest()),
        ("OPERATION_MISMATCH", _operation_of(receipt) != _operation_in(operation)),
        ("AUDIENCE_MISMATCH", receipt.audience != operation.subject.provider),
        ("SUBJECT_MISMATCH", receipt.subject != operation.subject),
    )
    for code, wrong in mismatches:
        if wrong:
            _refuse(code, f"the receipt {receipt.receipt_id} does not authorise {operation.operation_id}")


def _operation_of(receipt: Receipt) -> tuple[object, ...]:
    return receipt.operation_id, receipt.operation_kind, receipt.operation_digest, receipt.certificate_id


def _operation_in(operation: Operation) -> tuple[object, ...]:
    digest = operation.digest(Mode.PROD)
    return operation.operation_id, operation.operation_kind, digest, operation.certificate_id


def _logged_plan(encoded: bytes, evidence: Evidence, origin: str) -> LoggedPlan:
    plan = parse_plan(encoded)
    if plan.mode is not Mode.PROD:
        _refuse("MODE_NOT_PROD", "the plan is of a dry run: nothing of it was performed")
    if plan.issuer != origin:
        _refuse("ISSUER_MISMATCH", "the plan is of another log")
    digest = plan.digest()
    created = evidence.need(
        [EntryType.PLAN_CREATED],
        read_plan_created,
        lambda record: record.plan_digest == digest,
        what="that its plan was recorded",
    )
    if (created.record.run_id, created.record.policy_digest) != (plan.run_id, plan.policy_digest):
        _refuse("PLAN_MISMATCH", "the plan is not what its entry says")
    return LoggedPlan(plan=plan, created=created)


def _effects(plan: Plan) -> list[Operation]:
    """Return the operations up to the one that publishes."""
    kinds = [operation.operation_kind for operation in plan.operations]
    if kinds.count(OperationKind.PUBLISH_PACKAGE) != 1:
        _refuse("NOT_PUBLISHED", "the plan does not publish one package")
    return list(plan.operations[: kinds.index(OperationKind.PUBLISH_PACKAGE) + 1])


def _executed(operation: Operation, plan: LoggedPlan, evidence: Evidence) -> tuple[Spent, Found[OutcomeRecorded]]:
    """Return the receipt that was issued, reserved and executed for an operation, in this order."""
    publishes = operation.operation_kind is OperationKind.PUBLISH_PACKAGE
    executed = EntryType.PACKAGE_PUBLISHED if publishes else EntryType.RECEIPT_EXECUTED
    outcome = evidence.find([executed], read_outcome_recorded, lambda each: _is_execution(each, operation))
    if outcome is None:
        _missing(operation, "was executed")
    receipt_id = outcome.record.receipt_id
    reserved = evidence.find(
        [EntryType.RECEIPT_RESERVED], read_receipt_reserved, lambda each: each.receipt_id == receipt_id
    )
    issued = evidence.find(
        [EntryType.RECEIPT_ISSUED], read_receipt_issued, lambda each: each.receipt.get("receipt_id") == receipt_id
    )
    if reserved is None or issued is None:
        _missing(operation, "was executed with a receipt that was issued and reserved")
    receipt = receipt_from(issued.record.receipt)
    attempts = {(each.operation_id, each.attempt) for each in (receipt, reserved.record, outcome.record)}
    if attempts != {(operation.operation_id, receipt.attempt)}:
        _refuse("OPERATION_MISMATCH", f"the receipt {receipt_id} was not spent on one attempt of one operation")
    if not plan.created.seq < issued.seq < reserved.seq < outcome.seq:
        raise InvalidInputError("BUNDLE_MALFORMED", f"the receipt {receipt_id} did not go its way in order")
    if reserved.time >= receipt.expires_at:
        _refuse("RECEIPT_EXPIRED", f"the receipt {receipt_id} was spent after it had expired")
    spent = Spent(receipt=receipt, operation=operation, plan=plan, issued_seq=issued.seq)
    return spent, outcome


def _is_execution(outcome: OutcomeRecorded, operation: Operation) -> bool:
    """Tell whether the outcome, seen by us and not reported, is that exactly this effect was made."""
    same = (operation.operation_id, operation.operation_kind.value, operation.digest(Mode.PROD))
    return (
        (outcome.operation_id, outcome.operation_kind, outcome.operation_digest) == same
        and list(outcome.artifacts) == [artifact.to_object() for artifact in operation.artifacts]
        and outcome.status is OutcomeStatus.EXECUTED
        and outcome.source == "observed"
    )


def _missing(operation: Operation, what: str) -> NoReturn:
    publishes = operation.operation_kind is OperationKind.PUBLISH_PACKAGE
    code = "NOT_PUBLISHED" if publishes else "EVIDENCE_MISSING"
    _refuse(code, f"the bundle does not prove that {operation.operation_kind.value} of {operation.subject} {what}")


def _refuse(code: str, reason: str) -> NoReturn:
    raise VerificationError(code, reason)
