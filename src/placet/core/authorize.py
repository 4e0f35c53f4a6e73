"""Run every check of the protocol against one snapshot (protocol 4): the premises, the facts, the verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from msgspec import Struct

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
from placet.core.places import present_place
from placet.domain.authorization.checks import OBSERVATION_LIFETIME, Cleared, Trail, clear, open_receipt
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
from placet.domain.authorization.freeze import FROZEN
from placet.domain.authorization.operation import Artifact, Operation
from placet.domain.authorization.place import asked_of_provider
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.receipt import Receipt
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.unshown import Unshown


class Presented(Unshown, frozen=True, kw_only=True):
    """A request with the very bytes it would send, what was observed for it, and who presents it.

    `fresh` is the payload digest of a receipt that the same change issues (core operations), and
    `judged` the judgement, on the same snapshot, that it was issued on.
    """

    request: Request
    contents: Mapping[str, bytes]
    observations: tuple[ObservedFact, ...]
    actor: str
    fresh: StoredReceipt | None = None
    judged: Judgement | None = None


class Authorized(Struct, frozen=True, kw_only=True):
    """What passed checks 0 to 9 against one snapshot at `now`, and the plan and judgement it rests on.

    From `valid_until` on, time alone would make a check fail: the change must be committed before.
    """

    cleared: Cleared
    plan: Plan
    judgement: Judgement
    now: datetime
    valid_until: datetime


def measure(operation: Operation, contents: Mapping[str, bytes]) -> tuple[Artifact, ...]:
    """Return the artifacts that the very bytes of `contents` are.

    In the operation's order; bytes that it does not name come last, so that nothing goes unmeasured.
    """
    named = dict.fromkeys(artifact.name for artifact in operation.artifacts)
    present = [name for name in named if name in contents]
    return tuple(
        Artifact(
            name=name,
            sha256=hashlib.sha256(contents[name]).hexdigest(),
            sha512=hashlib.sha512(contents[name]).hexdigest(),
            size=len(contents[name]),
        )
        for name in [*present, *sorted(contents.keys() - named.keys())]
    )


def key_premises(context: Context) -> set[EntityKey]:
    """Return the keys of our receipt keys' records: known before any token is looked at."""
    return {receipt_key_record_key(key_id) for key_id in context.receipt_secrets}


def premises(context: Context, presented: Presented, snapshot: Snapshot | None) -> set[EntityKey]:
    """Return what the checks rest on; only what a signature vouches for is looked up, nothing presented.

    Where that cannot be told, `authorize` says so with the number of the check.
    """
    keys = key_premises(context)
    if snapshot is None:
        return keys
    try:
        receipt = _opened(context, snapshot, snapshot.head.time, presented, Trail()).receipt
        keys |= {receipt_key(receipt.receipt_id), plan_key_of(receipt.operation_id)}
        keys |= {operation_key(receipt.operation_id), certificate_key(receipt.certificate_id or "none")}
        planned = _planned(snapshot, receipt)
        return keys | ({subject_key(planned[1])} | judgement_premises(snapshot, planned[0]) if planned else set())
    except Exception:  # noqa: BLE001 - fail closed: `authorize` meets the same, denies, and it is recorded
        return keys


def desk(context: Context, snapshot: Snapshot, now: datetime) -> Desk:
    """Return what checks 0 to 2c look at."""
    keys = {}
    for key_id, secret in context.receipt_secrets.items():
        entity = entity_of(snapshot, receipt_key_record_key(key_id))
        if entity is not None:
            keys[key_id] = ReceiptKey(key_id=key_id, state=read_receipt_key_state(entity), secret=secret)
    return Desk(port_mode=context.mode, now=now, ledger_time=snapshot.head.time, keys=keys)


def authorize(context: Context, snapshot: Snapshot, now: datetime, presented: Presented, trail: Trail) -> Authorized:
    """Run checks 0 to 9; raise `CheckDeniedError` with the code of the first that fails."""
    verified = _opened(context, snapshot, now, presented, trail)
    # Where our clock is a little behind the ledger's, which check 0 tolerates, the ledger's is right.
    at = max(now, snapshot.head.time)
    gathered = trail.prepare("3", _gather, context, snapshot, presented, verified.receipt, at)
    cleared = clear(presented.request, verified, gathered.facts, at, trail)
    plan = cast("Plan", gathered.facts.plan)  # where there is none, check 5a has refused
    until = _valid_until(verified.receipt, gathered, presented)
    return Authorized(cleared=cleared, plan=plan, judgement=gathered.judgement, now=at, valid_until=until)


class _Gathered(Struct, frozen=True, kw_only=True):
    """The facts of checks 3 to 9, and the judgement that some of them come from."""

    facts: Facts
    judgement: Judgement


def _opened(context: Context, snapshot: Snapshot, now: datetime, presented: Presented, trail: Trail) -> VerifiedReceipt:
    return open_receipt(presented.request, trail.prepare("0", desk, context, snapshot, now), trail)


def _planned(snapshot: Snapshot, receipt: Receipt) -> tuple[Plan, Operation] | None:
    """Return the stored plan of a receipt and the operation that it is for, None where there is none."""
    entity = entity_of(snapshot, plan_key_of(receipt.operation_id))
    plan = read_plan(entity) if entity else None
    operation = plan.operation(receipt.operation_id) if plan else None
    return (plan, operation) if plan and operation else None


def _gather(context: Context, snapshot: Snapshot, presented: Presented, receipt: Receipt, now: datetime) -> _Gathered:
    plan, planned = _planned(snapshot, receipt) or (None, presented.request.operation)
    judgement = presented.judged or judge(context, snapshot, plan, planned, now)
    record = entity_of(snapshot, receipt_key(receipt.receipt_id))
    hold = entity_of(snapshot, subject_key(planned))
    facts = Facts(
        issuer=context.issuer,
        plan=plan,
        stored=read_receipt_record(record).stored() if record else presented.fresh,
        contents=measure(presented.request.operation, presented.contents),
        policy_digest=judgement.policy_digest,
        refusals=tuple(each for each in judgement.refusals if each.code != FROZEN),
        frozen=tuple(each for each in judgement.refusals if each.code == FROZEN),
        requester_active=judgement.requester_active,
        certificate=_certificate(snapshot, receipt.certificate_id),
        held_by=read_subject_hold(hold).holder if hold else "",
        place=present_place(snapshot, planned),
        observations=presented.observations,
    )
    return _Gathered(facts=facts, judgement=judgement)


def _valid_until(receipt: Receipt, gathered: _Gathered, presented: Presented) -> datetime:
    """Return the instant from which on time alone would refuse: what runs out, and a freeze that begins."""
    ends = [receipt.expires_at, receipt.issued_at + timedelta(seconds=receipt.max_age_seconds, milliseconds=1)]
    if gathered.judgement.approved_until is not None:
        ends.append(gathered.judgement.approved_until)
    if gathered.judgement.frozen_from is not None:
        ends.append(gathered.judgement.frozen_from)
    if gathered.facts.certificate is not None:
        ends.append(gathered.facts.certificate.expires_at)
    if asked_of_provider(presented.request.operation):
        ends += [observed.at + OBSERVATION_LIFETIME for observed in presented.observations]
    return min(ends)


def _certificate(snapshot: Snapshot, certificate_id: str) -> CertificateFacts | None:
    entity = entity_of(snapshot, certificate_key(certificate_id))
    if entity is None:
        return None
    certificate = read_certificate(entity)
    return CertificateFacts(
        package=certificate.package,
        version=certificate.version,
        revoked=certificate.revocation is not None,
        expires_at=certificate.expires_at,
    )
