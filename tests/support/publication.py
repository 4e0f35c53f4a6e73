"""A whole publication in memory: what the log would hold of it, and the bundle that proves it.

A `Story` is made honest; a test changes what was logged or what the bundle holds, and asks the
verifier. Nothing here uses the Core: the entries are written by hand from the records.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from placet.domain.authorization.approval import Approval
from placet.domain.authorization.operation import Operation, Precondition
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy_document import policy_digest
from placet.domain.certificate.profile import fingerprint
from placet.domain.certificate.revocation import Revocation
from placet.domain.encoding.canonical import decode
from placet.domain.encoding.pem import certificate_der
from placet.domain.log.certificate_records import CertificateIssued
from placet.domain.log.checkpoint import sign_checkpoint
from placet.domain.log.decision_records import PlanCreated, PolicyActivated
from placet.domain.log.receipt_records import OutcomeRecorded, ReceiptIssued, ReceiptReserved
from placet.domain.values.kinds import OperationKind, OutcomeStatus
from placet.domain.values.npm import Version
from placet.domain.verification.bundle import Bundle
from placet.domain.verification.revocation_list import sign_revocations
from placet.domain.verification.trust_root import Log, TrustRoot
from support.authority import authority
from support.ledgers import LOG_KEY, ORIGIN, SIGNER
from support.publication_parts import (
    POLICY,
    Release,
    approval_event,
    approval_of,
    certification,
    enrolment,
    leaf_key_digest,
    person_key,
    plan_of,
    publication,
    receipt_of,
    statement_of,
)
from support.small_log import REQUESTER, START, Event, logged


class Story(Struct):
    """What happened, in order, by name; and what the bundle carries beside the entries."""

    events: dict[str, Event]
    plans: list[Plan]
    policies: list[bytes]
    statement: bytes
    leaf: bytes
    intermediate: bytes
    tgz: bytes
    revocations: list[Revocation] = field(default_factory=list)
    noise: int = 5
    left_out: set[str] = field(default_factory=set)
    beside: dict[str, Event] = field(default_factory=dict)

    def bundle(self) -> Bundle:
        """Log the events, and those of others beside them, and return the bundle that proves those not left out."""
        log = logged({**self.events, **self.beside}, self.noise)
        checkpoint = log.checkpoint()
        known_to = START + timedelta(seconds=len(log.entries) - 1)
        return Bundle(
            origin=ORIGIN,
            statement=self.statement,
            leaf=self.leaf,
            intermediate=self.intermediate,
            plans=tuple(plan.encode() for plan in self.plans),
            policies=tuple(sorted(self.policies, key=policy_digest)),
            entries=tuple(log.proven(log.places[name]) for name in self.events if name not in self.left_out),
            checkpoint=sign_checkpoint(checkpoint, SIGNER),
            revocations=sign_revocations(checkpoint, self.revocations, SIGNER, known_to=known_to).encode(),
        )

    def encoded(self) -> bytes:
        """Return the bundle's bytes."""
        return self.bundle().encode()

    def change(self, name: str, **members: Any) -> Story:
        """Log other members of one entry's data."""
        self.events[name].data = {**self.events[name].data, **members}
        return self

    def change_receipt(self, name: str, **members: Any) -> Story:
        """Log other members of the receipt inside one entry."""
        receipt = self.events[name].data["receipt"]
        assert isinstance(receipt, dict)
        return self.change(name, receipt={**receipt, **members})

    def move(self, name: str, *, before: str) -> Story:
        """Log one entry before another."""
        moved = self.events.pop(name)
        order = list(self.events.items())
        at = [each for each, _ in order].index(before)
        self.events = dict([*order[:at], (name, moved), *order[at:]])
        return self

    def without(self, *names: str) -> Story:
        """Leave entries out of the bundle; the log still has them."""
        self.left_out |= set(names)
        return self


def trust_root() -> TrustRoot:
    """Return what a verifier knows beforehand."""
    return TrustRoot(log=Log(origin=ORIGIN, checkpoint_keys=(LOG_KEY,)), ca_roots=tuple(authority().roots))


FIRST = Release()
SECOND = Release(
    version=Version("1.0.1"), run_id="run_01ARZ3NDEKTSV4RRFFQ69G5FAW", number=2, tgz=b"another", tar_sha256="cd" * 32
)


def story(release: Release = FIRST, *, only_if: tuple[Precondition, ...] = (), **changes: Any) -> Story:
    """Return an honest story of one publication.

    `only_if` are preconditions of what leaves; `changes` are members of its statement.
    """
    statement = statement_of(release, **changes)
    certifying = plan_of(release, 1, certification(release))
    put, publish, register = publication(release, statement)
    leaving = (replace(each, preconditions=(*only_if, *each.preconditions)) for each in (put, publish))
    publishing = plan_of(release, 2, *leaving, register)
    return Story(
        events=_events(release, certifying, publishing),
        plans=[certifying, publishing],
        policies=[POLICY],
        statement=statement,
        leaf=certificate_der(authority().leaf(release.subject)),
        intermediate=certificate_der(authority().intermediate.certificate),
        tgz=release.tgz,
    )


def two_stories() -> tuple[Bundle, Bundle]:
    """Return the bundles of two publications, of the same log at the same size."""
    first, second = story(), story(SECOND)
    shared = ("policy", "requester", "alice", "bob")
    theirs = {f"second {name}": event for name, event in second.events.items() if name not in shared}
    together = {**first.events, **theirs}
    of_first, of_second = replace(first, events=together), replace(second, events=together)
    return (
        of_first.without(*theirs).bundle(),
        of_second.without(*(name for name in first.events if name not in shared)).bundle(),
    )


@cache
def honest() -> bytes:
    """Return the bytes of the honest bundle."""
    return story().encoded()


def _events(release: Release, certifying: Plan, publishing: Plan) -> dict[str, Event]:
    approvals = [approval_of(publishing, "alice"), approval_of(publishing, "bob")]
    put, publish = publishing.operations[:2]
    return {
        "policy": Event(
            "policy.activated",
            PolicyActivated(policy_digest=policy_digest(POLICY), policy_version="v1.0", receipt={}).to_object(),
        ),
        "requester": enrolment(REQUESTER),
        "alice": enrolment("person:alice", person_key("alice")),
        "bob": enrolment("person:bob", person_key("bob")),
        "certification planned": _created(certifying),
        "certificate": _issued(release, certifying),
        "publication planned": _created(publishing),
        "alice approves": approval_event(approvals[0], person_key("alice"), second=10),
        "bob approves": approval_event(approvals[1], person_key("bob"), second=11),
        **_spent("put", publishing, put, approvals, number=10 * release.number + 1),
        **_spent("publish", publishing, publish, approvals, number=10 * release.number + 2),
    }


def _created(plan: Plan) -> Event:
    record = PlanCreated(
        run_id=plan.run_id, mode=plan.mode, plan_digest=plan.digest(), policy_digest=plan.policy_digest
    )
    return Event("plan.created", record.to_object())


def _issued(release: Release, plan: Plan) -> Event:
    subject = release.subject
    record = CertificateIssued(
        certificate_id=subject.certificate_id,
        chitty_id=subject.chitty_uri,
        fingerprint=fingerprint(authority().leaf(subject)),
        issuer_fingerprint=fingerprint(authority().intermediate.certificate),
        public_key_digest=leaf_key_digest(),
        serial="4d",
        tar_sha256=release.tar_sha256,
        receipt=decode(receipt_of(plan, plan.operations[0], number=10 * release.number).encode()),
    )
    return Event("package.certificate.issued", record.to_object())


def _spent(
    name: str, plan: Plan, operation: Operation, approvals: Sequence[Approval], *, number: int
) -> dict[str, Event]:
    receipt = receipt_of(plan, operation, approvals, number=number)
    reserved = ReceiptReserved(
        receipt_id=receipt.receipt_id,
        operation_id=operation.operation_id,
        attempt=1,
        checks={"check_1": "pass"},
        deadline=START + timedelta(minutes=5),
    )
    outcome = OutcomeRecorded(
        receipt_id=receipt.receipt_id,
        operation_id=operation.operation_id,
        operation_kind=operation.operation_kind.value,
        operation_digest=receipt.operation_digest,
        attempt=1,
        status=OutcomeStatus.EXECUTED,
        artifacts=tuple(each.to_object() for each in operation.artifacts),
        response={"status": 201},
        retries=0,
        error_code="",
        source="observed",
    )
    published = operation.operation_kind is OperationKind.PUBLISH_PACKAGE
    return {
        f"{name} issued": Event("receipt.issued", ReceiptIssued(receipt=decode(receipt.encode())).to_object()),
        f"{name} reserved": Event("receipt.reserved", reserved.to_object()),
        f"{name} executed": Event("package.published" if published else "receipt.executed", outcome.to_object()),
    }
