"""Runs as they are listed, shown, audited, planned, rehearsed and carried out."""

from __future__ import annotations

from typing import Any

import msgspec

from placet.web.forms import DigestText, Moment, ReceiptId, RunId


class Run(msgspec.Struct, kw_only=True):
    """A run in a row of a list. `subject` is what it is about; `certificate_id` is empty until one was issued."""

    run_id: RunId
    mode: str
    state: str
    subject: str
    requester: str
    certificate_id: str
    requested_at: Moment


class Runs(msgspec.Struct, kw_only=True):
    """A page of the runs that the key may see, newest first; `after` asks for the next page, empty after the last."""

    runs: list[Run]
    after: str


class Phase(msgspec.Struct, kw_only=True):
    """One of plan, authorize, execute and audit."""

    phase: str
    status: str
    started_at: str
    completed_at: str
    duration_ms: int


class Said(msgspec.Struct, kw_only=True):
    """What one person said about the newest plan: `signed` with a key, or in a session."""

    approver: str
    decision: str
    group: str
    recorded_at: Moment
    signed: bool


class WhyNot(msgspec.Struct, kw_only=True):
    """Why an operation did not ship: none of it where it did, the reason empty where nothing blocks it."""

    reason: str = ""
    sentence: str = ""
    explanation: str = ""
    next_steps: list[str] = []


class ShownOperation(msgspec.Struct, kw_only=True):
    """One operation of a run's newest plan: its newest receipt, and why it did or did not ship."""

    operation_id: str
    operation_kind: str
    subject: str
    tag: str
    key: str
    receipt_id: str
    state: str
    attempt: int
    changed_at: str
    response: dict[str, Any]
    why: str
    why_not: WhyNot


class OperationOfRun(ShownOperation, kw_only=True):
    """One operation by itself, and how far its run is."""

    run_id: RunId
    run_state: str


class Denial(msgspec.Struct, kw_only=True):
    """What was denied in a run, with the checks that were run."""

    code: str
    sentence: str
    alert: bool
    operation_id: str
    actor: str
    denied_at: Moment
    checks: dict[str, str]


class Timeline(Run, kw_only=True):
    """A run in its four phases, with what was said, done and denied."""

    phases: list[Phase]
    approvals: list[Said]
    operations: list[ShownOperation]
    denials: list[Denial]


class AuditRecord(msgspec.Struct, kw_only=True):
    """One attempt, denial or blocked intent (contract 8)."""

    timestamp: Moment
    operation_id: str
    run_id: RunId
    operation: str
    operation_kind: str
    repository: str
    receipt_id: str
    mode: str
    status: str
    authorization_valid: bool
    checks: dict[str, str]
    execution_success: bool
    started_at: str
    completed_at: str
    error_code: str
    error_message: str
    response: dict[str, Any]
    retry_count: int


class AuditTrail(msgspec.Struct, kw_only=True):
    """The records of a run, oldest first."""

    run_id: RunId
    mode: str
    state: str
    subject: str
    records: list[AuditRecord]


class Waiting(msgspec.Struct, kw_only=True):
    """How far a run is, and which approvals it waits for, in sentences."""

    run_id: RunId
    state: str
    missing: list[str]


class CarriedOperation(msgspec.Struct, kw_only=True):
    """What became of one operation."""

    operation_id: str
    operation_kind: str
    subject: str
    tag: str
    key: str
    receipt_id: str
    state: str
    response: dict[str, Any]
    error_code: str


class Carried(Run, kw_only=True):
    """A run that was carried out; what belongs to a package is there where one was published."""

    plan_digest: DigestText
    operations: list[CarriedOperation]
    receipts: list[ReceiptId]
    package: str = ""
    version: str = ""
    sha256: str = ""
    sha512: str = ""
    bundle: str = ""


class ArtifactNamed(msgspec.Struct, kw_only=True):
    """Bytes that an operation sends or stands on."""

    name: str
    sha256: str
    sha512: str
    size: int


class PlannedOperation(msgspec.Struct, kw_only=True):
    """One operation as the plan has it (protocol 1)."""

    operation_id: str
    operation_kind: str
    certificate_id: str
    subject: dict[str, str]
    params: dict[str, Any]
    artifacts: list[ArtifactNamed]
    preconditions: list[dict[str, str]]


class PlanShown(msgspec.Struct, kw_only=True):
    """The newest plan of a run: `text` is what approvers are shown, byte for byte, `phrase` its digest in words."""

    run_id: RunId
    plan_digest: DigestText
    fingerprint: str
    phrase: str
    created_at: Moment
    requester: str
    policy_digest: str
    mode: str
    operations: list[PlannedOperation]
    text: str


class PlanCreated(PlanShown, kw_only=True):
    """A plan that was made, and which approvals it waits for."""

    state: str
    subject: str
    certificate_id: str
    missing: list[str]


class Stage(msgspec.Struct, kw_only=True):
    """One stage of a dry run."""

    stage: str
    status: str
    detail: str


class RehearsedOperation(msgspec.Struct, kw_only=True):
    """One operation of a dry run: blocked by mode, its receipt advice alone."""

    operation_id: str
    operation_kind: str
    subject: str
    tag: str
    key: str
    blocked_by_mode: bool
    would_ship: str
    enforceable: bool
    receipt_id: str
    reasons: list[str]
    not_made: list[str]
    artifacts: list[ArtifactNamed]
    observed: list[dict[str, str]]


class Rehearsed(Run, kw_only=True):
    """A dry run: nothing was done, and nothing of it can be promoted."""

    would_ship: str
    plan_digest: DigestText
    fingerprint: str
    plan_digests: list[str]
    policy_version: str
    stages: list[Stage]
    operations: list[RehearsedOperation]
    observed: dict[str, str]
    not_made: list[str]
