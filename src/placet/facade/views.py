"""The JSON objects that the verbs return: what `--json` prints."""

from __future__ import annotations

from datetime import datetime

from placet.core.entities.denials import DeniedRequest
from placet.core.entities.runs import Run, RunState
from placet.core.execute import Report
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.receipt import parse_receipt
from placet.domain.authorization.render import fingerprint
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.time import format_instant
from placet.usecases.reconcile import Cleared
from placet.usecases.rehearse_release import OneRehearsed, Rehearsed
from placet.usecases.resume_run import Carried
from placet.usecases.show_run import OperationView, RunView


def run(each: Run) -> Object:
    """Return a run as a row of a list."""
    return {
        "run_id": each.run_id,
        "mode": each.mode.value,
        "state": each.state.value,
        "subject": each.subject,
        "requester": each.requester,
        "certificate_id": each.certificate_id,
        "requested_at": format_instant(each.requested_at),
    }


def report(each: Report) -> Object:
    """Return what became of one operation; `key` is empty but for objects."""
    return {
        "operation_id": each.operation.operation_id,
        "operation_kind": each.operation.operation_kind.value,
        "subject": str(each.operation.subject),
        "key": str(each.operation.params.get("key", "")),
        "receipt_id": each.receipt_id,
        "state": each.state.value,
        "response": each.response,
        "error_code": each.error_code,
    }


def carried(each: Carried) -> Object:
    """Return a run that was carried out."""
    return {
        **run(each.run),
        "plan_digest": each.plan.digest(),
        "operations": [report(one) for one in each.reports],
        "receipts": [one.receipt_id for one in each.reports],
    }


def rehearsed(each: Rehearsed) -> Object:
    """Return a dry run: nothing was done; what would ship, and why each operation would or would not be allowed."""
    version = [seen.observation for one in each.operations for seen in one.observed if seen.fact == "version"]
    return {
        **run(each.run),
        "would_ship": each.would_ship.value,
        "plan_digest": each.plan.digest(),
        "fingerprint": fingerprint(each.plan.digest()),
        "plan_digests": [plan.digest() for plan in each.plans],
        "policy_version": each.policy_version,
        "stages": [{"stage": one.name, "status": one.status, "detail": one.detail} for one in each.stages],
        "operations": [_rehearsed_operation(one) for one in each.operations],
        "observed": {
            "version": version[0].value if version else "",
            "source": version[0].source if version else "",
        },
        "not_made": list[Value](each.not_made),
    }


def _rehearsed_operation(each: OneRehearsed) -> Object:
    operation, record = each.intended.operation, each.intended.record
    return {
        "operation_id": operation.operation_id,
        "operation_kind": operation.operation_kind.value,
        "subject": str(operation.subject),
        "key": str(operation.params.get("key", "")),
        "blocked_by_mode": True,
        "would_ship": each.would_ship.value,
        "enforceable": each.intended.advice.receipt.enforceable,
        "receipt_id": record.receipt_id,
        "reasons": list[Value](record.reasons),
        "not_made": list[Value](record.not_made),
        "artifacts": [artifact.to_object() for artifact in operation.artifacts],
        "observed": [
            {
                "fact": seen.fact,
                "expected": seen.expected,
                "value": seen.observation.value,
                "source": seen.observation.source,
                "at": format_instant(seen.observation.at),
            }
            for seen in each.observed
        ],
    }


def cleared(each: Cleared) -> Object:
    """Return what a look-up found out about one receipt."""
    return {
        "receipt_id": each.receipt_id,
        "operation_id": each.operation_id,
        "subject": each.subject,
        "was": each.was.value,
        "state": each.state.value,
        "needs_person": each.needs_person,
        "problem": each.problem,
    }


def timeline(view: RunView) -> Object:
    """Return a run in its four phases, and why each operation did or did not ship."""
    return {
        **run(view.run),
        "phases": _phases(view),
        "approvals": [
            {
                "approver": approval.approver,
                "decision": approval.decision.value,
                "group": approval.group,
                "recorded_at": format_instant(recorded_at),
            }
            for approval, recorded_at in view.approvals
        ],
        "operations": [_operation(each, view.run) for each in view.operations],
        "denials": [_denial(each) for each in view.denials],
    }


def _phases(view: RunView) -> list[Value]:
    """Return plan, authorize, execute, audit: each with status, begin, end and duration in ms."""
    planned = view.plan.created_at if view.plan else None
    approved = max((recorded_at for _, recorded_at in view.approvals), default=planned)
    issued = [parse_receipt(each.receipt.payload.encode()).issued_at for each in view.operations if each.receipt]
    authorised = min(issued, default=None)
    changes = [each.changed_at for each in view.operations if each.changed_at]
    done = view.run.state is RunState.EXECUTED
    ended = max(changes, default=None)
    return [
        _phase("plan", view.run.requested_at, planned, done=planned is not None),
        _phase("authorize", planned, authorised or (approved if authorised else None), done=authorised is not None),
        _phase("execute", authorised, ended if done else None, done=done),
        _phase("audit", ended if done else None, ended if done else None, done=done),
    ]


def _phase(name: str, begin: datetime | None, end: datetime | None, *, done: bool) -> Object:
    status = "done" if done else "open" if begin else "not_reached"
    duration = int((end - begin).total_seconds() * 1000) if begin and end else 0
    return {
        "phase": name,
        "status": status,
        "started_at": format_instant(begin) if begin else "",
        "completed_at": format_instant(end) if end else "",
        "duration_ms": max(0, duration),
    }


def _operation(view: OperationView, of: Run) -> Object:
    receipt = view.receipt
    return {
        "operation_id": view.operation.operation_id,
        "operation_kind": view.operation.operation_kind.value,
        "subject": str(view.operation.subject),
        "key": str(view.operation.params.get("key", "")),
        "receipt_id": receipt.receipt_id if receipt else "",
        "state": receipt.state.value if receipt else "not_started",
        "attempt": receipt.attempt if receipt else 0,
        "changed_at": format_instant(view.changed_at) if view.changed_at else "",
        "response": receipt.response if receipt else {},
        "why": _why(view, of),
    }


def _why(view: OperationView, of: Run) -> str:
    """Return in one sentence why the operation shipped or did not: the first that applies."""
    receipt, refusals = view.receipt, view.judgement.refusals
    executed = receipt is not None and receipt.state is ReceiptState.EXECUTED
    reasons = (
        f"executed under receipt {receipt.receipt_id}" if receipt and executed else "",
        "blocked by mode: a dry run performs nothing" if of.state is RunState.BLOCKED_BY_MODE else "",
        f"{view.denials[-1].code}: {view.denials[-1].sentence}" if view.denials else "",
        f"{receipt.state.value}: {receipt.error_code}" if receipt and receipt.error_code else "",
        f"{refusals[0].code}: {refusals[0].sentence}" if refusals else "",
        f"the run was {of.state.value}" if of.state in (RunState.ABANDONED, RunState.DENIED) else "",
        "not started yet: an earlier operation has to execute first, or the run to be resumed",
    )
    return next(reason for reason in reasons if reason)


def _denial(each: DeniedRequest) -> Object:
    return {
        "code": each.code,
        "sentence": each.sentence,
        "alert": each.alert,
        "operation_id": each.operation_id,
        "actor": each.actor,
        "denied_at": format_instant(each.denied_at),
        "checks": each.checks,
    }
