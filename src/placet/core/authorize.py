"""Run every check of the protocol against one snapshot (protocol 4): the premises, the facts, the verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from placet.core.context import Context
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.receipts import (
    read_receipt_key_state,
    read_receipt_record,
    read_subject_hold,
    receipt_key,
    receipt_key_record_key,
    subject_key,
)
from placet.core.entities.runs import operation_key, plan_key_of, read_plan
from placet.core.entities.stored import entity_of
from placet.core.judgement import Judgement, judge, judgement_premises
from placet.domain.authorization.checks import CheckDeniedError, Cleared, Trail, clear, open_receipt
from placet.domain.authorization.facts import (
    CertificateFacts,
    Desk,
    Facts,
    ObservedFact,
    ReceiptKey,
    Request,
    StoredReceipt,
    VerifiedReceipt,
)
from placet.domain.authorization.operation import Artifact, Operation
from placet.domain.authorization.plan import Plan
from placet.domain.log.change import EntityKey, Snapshot
from placet.errors import DeniedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A request with the very bytes it would send, what was observed for it, and who presents it.

    `fresh` is the payload digest of a receipt that the same change issues (core operations).
    """

    request: Request
    contents: Mapping[str, bytes]
    observations: tuple[ObservedFact, ...]
    actor: str
    fresh: StoredReceipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorized:
    """What passed checks 0 to 8 against one snapshot at `now`, and the plan and judgement it rests on."""

    cleared: Cleared
    plan: Plan
    judgement: Judgement
    now: datetime


def measure(operation: Operation, contents: Mapping[str, bytes]) -> tuple[Artifact, ...]:
    """Return the operation's artifacts as the very bytes of `contents` are, in the same order."""
    return tuple(
        Artifact(
            name=artifact.name,
            sha256=hashlib.sha256(contents.get(artifact.name, b"")).hexdigest(),
            sha512=hashlib.sha512(contents.get(artifact.name, b"")).hexdigest(),
            size=len(contents.get(artifact.name, b"")),
        )
        for artifact in operation.artifacts
    )


def key_premises(context: Context) -> set[EntityKey]:
    """Return the keys of our receipt keys' records: known before any token is looked at."""
    return {receipt_key_record_key(key_id) for key_id in context.receipt_secrets}


def premises(context: Context, presented: Presented, snapshot: Snapshot | None) -> set[EntityKey]:
    """Return what the checks rest on; of a token only what its signature vouches for is looked up."""
    keys = key_premises(context)
    if snapshot is None:
        return keys
    try:
        verified = open_receipt(presented.request, desk(context, snapshot, snapshot.head.time), Trail())
    except CheckDeniedError:
        return keys
    operation = presented.request.operation
    keys |= {
        receipt_key(verified.receipt.receipt_id),
        plan_key_of(verified.receipt.operation_id),
        operation_key(verified.receipt.operation_id),
        subject_key(operation),
        certificate_key(operation.certificate_id or "none"),
    }
    plan = stored_plan(snapshot, verified.receipt.operation_id)
    return keys | (judgement_premises(snapshot, plan) if plan else set())


def desk(context: Context, snapshot: Snapshot, now: datetime) -> Desk:
    """Return what checks 0 to 2c look at."""
    keys = {}
    for key_id, secret in context.receipt_secrets.items():
        entity = entity_of(snapshot, receipt_key_record_key(key_id))
        if entity is not None:
            keys[key_id] = ReceiptKey(key_id=key_id, state=read_receipt_key_state(entity), secret=secret)
    return Desk(port_mode=context.mode, now=now, ledger_time=snapshot.head.time, keys=keys)


def stored_plan(snapshot: Snapshot, operation_id: str) -> Plan | None:
    """Return the plan that an operation belongs to, None where there is none."""
    entity = entity_of(snapshot, plan_key_of(operation_id))
    return read_plan(entity) if entity else None


def authorize(context: Context, snapshot: Snapshot, now: datetime, presented: Presented, trail: Trail) -> Authorized:
    """Run checks 0 to 8; raise `CheckDeniedError` with the code of the first that fails."""
    verified = open_receipt(presented.request, desk(context, snapshot, now), trail)
    plan = stored_plan(snapshot, verified.receipt.operation_id)
    judgement = judge(context, snapshot, plan, presented.request.operation, now)
    facts = _facts(context, snapshot, presented, verified, judgement, plan)
    cleared = clear(presented.request, verified, facts, now, trail)
    if plan is None:
        raise trail.denied("5a", DeniedError("PLAN_MISMATCH", "there is no such plan"))
    return Authorized(cleared=cleared, plan=plan, judgement=judgement, now=now)


def _facts(
    context: Context,
    snapshot: Snapshot,
    presented: Presented,
    verified: VerifiedReceipt,
    judgement: Judgement,
    plan: Plan | None,
) -> Facts:
    operation = presented.request.operation
    receipt = entity_of(snapshot, receipt_key(verified.receipt.receipt_id))
    hold = entity_of(snapshot, subject_key(operation))
    return Facts(
        issuer=context.issuer,
        plan=plan,
        stored=read_receipt_record(receipt).stored() if receipt else presented.fresh,
        contents=measure(operation, presented.contents),
        policy_digest=judgement.policy_digest,
        refusals=judgement.refusals,
        requester_active=judgement.requester_active,
        certificate=_certificate(snapshot, operation.certificate_id),
        held_by=read_subject_hold(hold).holder if hold else "",
        observations=presented.observations,
    )


def _certificate(snapshot: Snapshot, certificate_id: str) -> CertificateFacts | None:
    entity = entity_of(snapshot, certificate_key(certificate_id))
    if entity is None:
        return None
    certificate = read_certificate(entity)
    return CertificateFacts(revoked=certificate.revocation is not None, expires_at=certificate.expires_at)
