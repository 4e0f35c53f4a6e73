"""The JSON objects that the verbs return: what `--json` prints."""

from __future__ import annotations

from datetime import datetime

from placet.core.entities.denials import DeniedRequest
from placet.core.entities.runs import Run, RunState
from placet.core.execute import Report
from placet.domain.authorization.receipt import parse_receipt
from placet.domain.authorization.render import fingerprint
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.time import format_instant
from placet.facade.blocks import block_of, why_not
from placet.usecases.audit_run import AuditRecord, AuditStatus, AuditTrail
from placet.usecases.reconcile import Cleared
from placet.usecases.rehearse_release import OneRehearsed, Rehearsed
from placet.usecases.resume_run import Carried
from placet.usecases.search import Hits
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
    """Return what became of one operation; `key` is an object's, `tag` a repository's or the dist-tag."""
    return {
        "operation_id": each.operation.operation_id,
        "operation_kind": each.operation.operation_kind.value,
        "subject": str(each.operation.subject),
        "tag": each.operation.subject.tag,
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
        "tag": operation.subject.tag,
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
                "approver": each.approval.approver,
                "decision": each.approval.decision.value,
                "group": each.approval.group,
                "recorded_at": format_instant(each.recorded_at),
                "signed": each.signed,
            }
            for each in view.approvals
        ],
        "operations": [operation(each, view.run) for each in view.operations],
        "denials": [_denial(each) for each in view.denials],
    }


def _phases(view: RunView) -> list[Value]:
    """Return plan, authorize, execute, audit: each with status, begin, end and duration in ms."""
    planned = view.plan.created_at if view.plan else None
    approved = max((each.recorded_at for each in view.approvals), default=planned)
    issued = [parse_receipt(each.receipt.payload.encode()).issued_at for each in view.operations if each.receipt]
    authorised = min(issued, default=None)
    changes = [each.changed_at for each in view.operations if each.changed_at]
    done = view.run.state is RunState.EXECUTED
    ended = max(changes, default=None)
    if view.run.state is RunState.BLOCKED_BY_MODE:
        return _phases_of_dry_run(view, planned)
    return [
        _phase("plan", view.run.requested_at, planned, done=planned is not None),
        _phase("authorize", planned, authorised or (approved if authorised else None), done=authorised is not None),
        _phase("execute", authorised, ended if done else None, done=done),
        _phase("audit", ended if done else None, ended if done else None, done=done),
    ]


def _phases_of_dry_run(view: RunView, planned: datetime | None) -> list[Value]:
    """Return the phases of a run that its mode stopped: advice, then a record that nothing was opened."""
    recorded = max((each.intent.recorded_at for each in view.operations if each.intent), default=planned)
    return [
        _phase("plan", view.run.requested_at, planned, done=planned is not None),
        {**_phase("authorize", planned, recorded, done=True), "status": "advisory"},
        {**_phase("execute", recorded, recorded, done=True), "status": "blocked_by_mode"},
        _phase("audit", recorded, recorded, done=True),
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


def operation(view: OperationView, of: Run) -> Object:
    """Return one operation, and why it did or did not ship."""
    receipt = view.receipt
    return {
        "operation_id": view.operation.operation_id,
        "operation_kind": view.operation.operation_kind.value,
        "subject": str(view.operation.subject),
        "tag": view.operation.subject.tag,
        "key": str(view.operation.params.get("key", "")),
        "receipt_id": receipt.receipt_id if receipt else "",
        "state": receipt.state.value if receipt else "not_started",
        "attempt": receipt.attempt if receipt else 0,
        "changed_at": format_instant(view.changed_at) if view.changed_at else "",
        "response": receipt.response if receipt else {},
        "why": _why(view, of),
        "why_not": why_not(view, of),
    }


def _why(view: OperationView, of: Run) -> str:
    """Return in one sentence why the operation shipped or did not: the first that applies."""
    if view.executed and view.receipt:
        return f"executed under receipt {view.receipt.receipt_id}"
    if of.state is RunState.BLOCKED_BY_MODE:
        besides = view.intent.reasons[1:] if view.intent else ()
        return "; ".join(["blocked by mode: a dry run performs nothing", *besides])
    block = block_of(view, of)
    if block is None or block.code == "OPERATION_OUT_OF_ORDER":
        return "not started yet: an earlier operation has to execute first, or the run to be resumed"
    if block.sentence:
        return f"{block.code}: {block.sentence}"
    return f"{view.receipt.state.value}: {block.code}" if view.receipt else block.code


def hits(found: Hits) -> Object:
    """Return a page of what was found, and where the next begins."""
    return {
        "hits": [
            {
                "type": each.kind.value,
                "id": each.hit_id,
                "about": each.about,
                "state": each.state,
                "seq": each.seq,
                "at": format_instant(each.at),
            }
            for each in found.hits
        ],
        "after": found.after,
    }


def audit(trail: AuditTrail) -> Object:
    """Return the records of a run: what was attempted and what was denied, oldest first."""
    return {
        "run_id": trail.run.run_id,
        "mode": trail.run.mode.value,
        "state": trail.run.state.value,
        "subject": trail.run.subject,
        "records": [_record(each, trail.run) for each in trail.records],
    }


def _record(each: AuditRecord, of: Run) -> Object:
    operation = each.operation
    return {
        "timestamp": format_instant(each.timestamp),
        "operation_id": each.operation_id,
        "run_id": of.run_id,
        "operation": str(operation.subject) if operation else "",
        "operation_kind": operation.operation_kind.value if operation else "",
        "repository": operation.subject.name if operation else "",
        "receipt_id": each.receipt_id,
        "mode": each.mode.value,
        "status": each.status.value,
        "authorization_valid": each.status not in (AuditStatus.REJECTED_BY_AUTH, AuditStatus.REJECTED_BY_MODE),
        "checks": each.checks,
        "execution_success": each.status is AuditStatus.SUCCESS,
        "started_at": format_instant(each.started_at),
        "completed_at": format_instant(each.completed_at) if each.completed_at else "",
        "error_code": each.error_code,
        "error_message": each.error_message,
        "response": each.response,
        "retry_count": each.retry_count,
    }


def _denial(each: DeniedRequest) -> Object:
    return {
        "code": each.code,
        "sentence": each.sentence,
        "alert": each.alert,
        "operation_id": each.operation_id,
        "actor": each.actor,
        "denied_at": format_instant(each.denied_at),
        "times": each.times,
        "since": format_instant(each.since),
        "checks": each.checks,
    }
