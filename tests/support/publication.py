"""A whole publication in memory: what the log would hold of it, and the bundle that proves it.

A `Story` is made honest; a test changes what was logged or what the bundle holds, and asks the
verifier. Nothing here uses the Core: the entries are written by hand from the records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from placet.domain.authorization.approval import Approval, ApprovalDecision
from placet.domain.authorization.evaluate import approvals_digest
from placet.domain.authorization.operation import Artifact, Operation, Precondition, Subject
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy_document import policy_digest
from placet.domain.authorization.principal import Principal, PrincipalKey
from placet.domain.authorization.receipt import Receipt
from placet.domain.authorization.render import render_plan, shown_digest
from placet.domain.certificate.identifiers import certificate_id
from placet.domain.certificate.keys import public_key_digest
from placet.domain.certificate.profile import LeafSubject, fingerprint
from placet.domain.certificate.revocation import Revocation
from placet.domain.encoding.canonical import Object, decode
from placet.domain.encoding.pem import certificate_der
from placet.domain.encoding.strict_base64 import encode_base64
from placet.domain.log import merkle
from placet.domain.log.certificate_records import CertificateIssued
from placet.domain.log.checkpoint import Checkpoint, sign_checkpoint
from placet.domain.log.decision_records import ApprovalRecorded, PlanCreated, PolicyActivated, PrincipalEnrolled
from placet.domain.log.entry import NO_LEAF, encode_body, encode_data, splice
from placet.domain.log.receipt_records import OutcomeRecorded, ReceiptIssued, ReceiptReserved
from placet.domain.values.digest import Digest, sha256
from placet.domain.values.kinds import Mode, OperationKind, OutcomeStatus
from placet.domain.values.npm import Version
from placet.domain.values.time import format_instant
from placet.domain.verification.bundle import Bundle, LoggedEntry
from placet.domain.verification.revocation_list import sign_revocations
from placet.domain.verification.statement import Publication, sign_publication
from placet.domain.verification.trust_root import Log, TrustRoot
from support.authority import PACKAGE, TAR_SHA256, VERSION, authority, leaf_subject
from support.ledgers import LOG_KEY, ORIGIN, SIGNER
from support.soft_keys import SoftKey, soft_key

START = datetime(2026, 1, 2, 3, 10, tzinfo=UTC)
REQUESTER = "ci:github:acme/tool"
POLICY = b"""version = "v1.0"
[groups.maintainers]
members = ["person:alice", "person:bob", "person:carol"]
[[rule]]
operations = ["publish_package", "put_object", "register_package"]
subjects = ["npm:@acme/*", "r2:@acme/*", "core:@acme/*"]
requesters = ["ci:github:acme/*"]
approvals = [{ group = "maintainers", count = 2, assurance = 2 }]
[[rule]]
operations = ["issue_certificate"]
subjects = ["core:@acme/*"]
requesters = ["ci:github:acme/*"]
approvals = []
"""
KEYS = {"alice": 1, "bob": 2, "carol": 3}


@dataclass(slots=True)
class Event:
    """One entry to be: its type and data, and whether the data is detached."""

    type: str
    data: Object
    detached: bool = False


@dataclass(slots=True)
class Story:
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


@dataclass(slots=True)
class TestLog:
    """A log in memory."""

    __test__ = False

    entries: list[bytes] = field(default_factory=list)
    details: dict[int, bytes] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    def append(self, name: str, event: Event) -> None:
        """Append an event one second after the one before."""
        seq = len(self.entries)
        document = encode_data(event.data)
        body = encode_body(
            {
                "id": f"evt_{seq}",
                "type": event.type,
                "actor": REQUESTER,
                "subject": "",
                "data": {"detached": sha256(document)} if event.detached else event.data,
                "state": [],
                "once": [],
            }
        )
        prev = merkle.leaf_hash(self.entries[-1]) if self.entries else NO_LEAF
        time = format_instant(START + timedelta(seconds=seq))
        self.entries.append(splice(body, prev=prev, seq=seq, time=time))
        if event.detached:
            self.details[seq] = document
        if name:
            self.places[name] = seq

    def checkpoint(self) -> Checkpoint:
        """Return what the log states about itself."""
        size = len(self.entries)
        return Checkpoint(origin=ORIGIN, size=size, root=merkle.root_at(size, self._read))

    def proven(self, seq: int) -> LoggedEntry:
        """Return an entry with its proof."""
        proof = merkle.inclusion_proof(seq, len(self.entries), self._read)
        return LoggedEntry(entry=self.entries[seq], data=self.details.get(seq, b""), proof=tuple(proof))

    def _read(self, nodes: Sequence[merkle.Node]) -> list[bytes]:
        return [self._node(node.level, node.number) for node in nodes]

    def _node(self, level: int, number: int) -> bytes:
        if level == 0:
            return merkle.leaf_hash(self.entries[number])
        return merkle.node_hash(self._node(level - 1, 2 * number), self._node(level - 1, 2 * number + 1))


def logged(events: dict[str, Event], noise: int) -> TestLog:
    """Return a log that holds the events, and other entries before and after."""
    log = TestLog()
    for number in range(noise):
        log.append("", Event("run.requested", {"number": number}))
    for name, event in events.items():
        log.append(name, event)
    for number in range(noise):
        log.append("", Event("run.executed", {"number": number}))
    return log


def trust_root() -> TrustRoot:
    """Return what a verifier knows beforehand."""
    return TrustRoot(log=Log(origin=ORIGIN, checkpoint_keys=(LOG_KEY,)), ca_roots=tuple(authority().roots))


@dataclass(frozen=True, kw_only=True)
class Release:
    """Which version is published, in which run, under which certificate, from which archive."""

    version: Version = VERSION
    run_id: str = "run_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    number: int = 1
    tgz: bytes = b"the stamped archive"
    tar_sha256: str = TAR_SHA256

    @property
    def subject(self) -> LeafSubject:
        """Return what the certificate says."""
        return replace(
            leaf_subject(version=self.version, tar_sha256=self.tar_sha256),
            certificate_id=certificate_id(START.date(), self.number),
        )


SECOND = Release(
    version=Version("1.0.1"), run_id="run_01ARZ3NDEKTSV4RRFFQ69G5FAW", number=2, tgz=b"another", tar_sha256="cd" * 32
)


def story(release: Release = Release(), **changes: Any) -> Story:
    """Return an honest story of one publication; `changes` are members of its statement."""
    statement = _statement(release, **changes)
    certification = _plan(release, 1, _certification(release))
    publication = _plan(release, 2, *_publication(release, statement))
    return Story(
        events=_events(release, certification, publication),
        plans=[certification, publication],
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


def leaf_key_digest() -> Digest:
    """Return the digest of the certified key."""
    return public_key_digest(authority().leaf_key.public_key())


def person_key(name: str) -> SoftKey:
    """Return the person's SSH key."""
    return soft_key("ed25519", KEYS[name])


def enrolment(principal_id: str, *keys: SoftKey) -> Event:
    """Return the entry that enrols a principal with these keys."""
    at = START - timedelta(days=1)
    held = tuple(PrincipalKey(public_key=key.public, enrolled_at=at) for key in keys)
    principal = Principal(principal_id=principal_id, on_behalf_of="", keys=held, enrolled_at=at)
    return Event("principal.enrolled", PrincipalEnrolled(principal=principal.to_object(), receipt={}).to_object())


def approval_of(plan: Plan, name: str, **changes: Any) -> Approval:
    """Return what the person says about the plan, not signed yet."""
    members: dict[str, Any] = {
        "issuer": ORIGIN,
        "run_id": plan.run_id,
        "plan_digest": plan.digest(),
        "shown_digest": shown_digest(render_plan(plan, "v1.0")),
        "decision": ApprovalDecision.APPROVE,
        "group": "maintainers",
        "approver": f"person:{name}",
        "key_id": person_key(name).public.key_id,
        "issued_at": START,
        "expires_at": START + timedelta(hours=24),
    }
    return Approval(**{**members, **changes})


def approval_event(approval: Approval, key: SoftKey, *, assurance: int = 2, second: int = 10) -> Event:
    """Return the entry that records a signed approval."""
    record = ApprovalRecorded(
        approval=decode(approval.encode()),
        signature=encode_base64(key.sign(approval.encode())),
        assurance=assurance,
        recorded_at=START + timedelta(seconds=second),
    )
    return Event("approval.recorded", record.to_object())


def receipt_of(plan: Plan, operation: Operation, approvals: Sequence[Approval] = (), *, number: int) -> Receipt:
    """Return the receipt that the Core would have minted for an operation."""
    return Receipt(
        receipt_id=f"fc-receipt-20260102-031000-{number:012x}",
        issuer=ORIGIN,
        audience=operation.subject.provider,
        key_id="r1",
        mode=plan.mode,
        enforceable=True,
        reasons=(),
        run_id=plan.run_id,
        operation_id=operation.operation_id,
        attempt=1,
        operation_kind=operation.operation_kind,
        subject=operation.subject,
        operation_digest=operation.digest(plan.mode),
        plan_digest=plan.digest(),
        policy_digest=policy_digest(POLICY),
        policy_version="v1.0",
        approvals_digest=_digest_of(approvals, plan),
        approvers=tuple(sorted(each.approver for each in approvals)),
        certificate_id=operation.certificate_id,
        decided_at_size=3,
        issued_at=START + timedelta(seconds=20),
        not_before=START + timedelta(seconds=20),
        expires_at=START + timedelta(hours=1),
        max_age_seconds=3600,
        nonce=f"{number:032x}",
    )


def _digest_of(approvals: Sequence[Approval], plan: Plan) -> Digest:
    class Verified:
        def __init__(self, digest: Digest) -> None:
            self.digest = digest

    stand_ins: Any = tuple(Verified(each.digest(plan.mode)) for each in approvals)
    return approvals_digest(stand_ins, plan.mode)


def _statement(release: Release, **changes: Any) -> bytes:
    publication = Publication(
        package=PACKAGE,
        version=release.version,
        certificate_id=release.subject.certificate_id,
        sha256=hashlib.sha256(release.tgz).hexdigest(),
        sha512=hashlib.sha512(release.tgz).hexdigest(),
        tar_sha256=release.tar_sha256,
        archive_profile=1,
        stamp_rule=1,
        files=(("package.json", 0o644, "04" * 32),),
    )
    return sign_publication(replace(publication, **changes), authority().leaf_key).encode()


def _plan(release: Release, number: int, *operations: Operation) -> Plan:
    named = tuple(
        replace(operation, operation_id=f"{release.run_id}/{number}/{step}")
        for step, operation in enumerate(operations, 1)
    )
    return Plan(
        issuer=ORIGIN,
        run_id=release.run_id,
        created_at=START,
        nonce=f"{number:032x}",
        mode=Mode.PROD,
        requester=REQUESTER,
        policy_digest=policy_digest(POLICY),
        operations=named,
    )


def _operation(
    release: Release, kind: OperationKind, provider: str, artifacts: tuple[Artifact, ...], **changes: Any
) -> Operation:
    members: dict[str, Any] = {
        "operation_id": f"{release.run_id}/1/1",
        "operation_kind": kind,
        "certificate_id": release.subject.certificate_id,
        "subject": Subject(provider=provider, name=PACKAGE, version=release.version, tag=""),
        "params": {},
        "artifacts": artifacts,
        "preconditions": (),
    }
    return Operation(**{**members, **changes})


def _certification(release: Release) -> Operation:
    params = {"key_origin": "csr", "tar_sha256": release.tar_sha256, "public_key_digest": leaf_key_digest()}
    request = (artifact("request.csr.pem", b"a request"),)
    return _operation(release, OperationKind.ISSUE_CERTIFICATE, "core", request, certificate_id="", params=params)


def _publication(release: Release, statement: bytes) -> list[Operation]:
    archive = (artifact("1.0.0.tgz", release.tgz),)
    absent = (Precondition(fact="version", expected="absent"),)
    key = {"key": f"packages/@acme/tool/{release.version}.tgz"}
    tag = {"dist_tag": "latest"}
    signed = (artifact("statement.dsse.json", statement),)
    return [
        _operation(release, OperationKind.PUT_OBJECT, "r2", archive, params=key),
        _operation(release, OperationKind.PUBLISH_PACKAGE, "npm", archive, params=tag, preconditions=absent),
        _operation(release, OperationKind.REGISTER_PACKAGE, "core", signed),
    ]


def artifact(name: str, content: bytes) -> Artifact:
    """Return the artifact that names `content`."""
    return Artifact(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        sha512=hashlib.sha512(content).hexdigest(),
        size=len(content),
    )


def _events(release: Release, certification: Plan, publication: Plan) -> dict[str, Event]:
    approvals = [approval_of(publication, "alice"), approval_of(publication, "bob")]
    put, publish = publication.operations[:2]
    return {
        "policy": Event(
            "policy.activated",
            PolicyActivated(policy_digest=policy_digest(POLICY), policy_version="v1.0", receipt={}).to_object(),
        ),
        "requester": enrolment(REQUESTER),
        "alice": enrolment("person:alice", person_key("alice")),
        "bob": enrolment("person:bob", person_key("bob")),
        "certification planned": _created(certification),
        "certificate": _issued(release, certification),
        "publication planned": _created(publication),
        "alice approves": approval_event(approvals[0], person_key("alice"), second=10),
        "bob approves": approval_event(approvals[1], person_key("bob"), second=11),
        **_spent("put", publication, put, approvals, number=10 * release.number + 1),
        **_spent("publish", publication, publish, approvals, number=10 * release.number + 2),
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
