"""What a publication is made of: plans, operations, approvals, receipts, the statement."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

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
from placet.domain.certificate.profile import LeafSubject
from placet.domain.encoding.canonical import decode
from placet.domain.encoding.strict_base64 import encode_base64
from placet.domain.log.decision_records import ApprovalRecorded, PrincipalEnrolled
from placet.domain.values.digest import Digest
from placet.domain.values.kinds import Mode, OperationKind
from placet.domain.values.npm import Version
from placet.domain.verification.statement import Publication, sign_publication
from support.authority import PACKAGE, TAR_SHA256, VERSION, authority, leaf_subject
from support.ledgers import ORIGIN
from support.small_log import REQUESTER, START, Event
from support.soft_keys import SoftKey, soft_key

POLICY = b"""version = "v1.0"
break_glass = { group = "maintainers" }
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


class Release(Struct, frozen=True, kw_only=True):
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


def leaf_key_digest() -> Digest:
    """Return the digest of the certified key."""
    return public_key_digest(authority().leaf_key.public_key())


def person_key(name: str) -> SoftKey:
    """Return the person's SSH key."""
    return soft_key("ed25519", KEYS[name])


def enrolment(principal_id: str, *keys: SoftKey, accounts: tuple[str, ...] = ()) -> Event:
    """Return the entry that enrols a principal with these keys."""
    at = START - timedelta(days=1)
    held = tuple(PrincipalKey(public_key=key.public, enrolled_at=at) for key in keys)
    principal = Principal(principal_id=principal_id, on_behalf_of="", keys=held, enrolled_at=at, accounts=accounts)
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


def statement_of(release: Release, **changes: Any) -> bytes:
    """Return the signed statement, with `changes` of its members."""
    stated = Publication(
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
    return sign_publication(replace(stated, **changes), authority().leaf_key).encode()


def plan_of(release: Release, number: int, *operations: Operation) -> Plan:
    """Return the run's plan of that number."""
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


def certification(release: Release) -> Operation:
    """Return the operation that asks for the certificate."""
    params = {"key_origin": "csr", "tar_sha256": release.tar_sha256, "public_key_digest": leaf_key_digest()}
    request = (artifact("request.csr.pem", b"a request"),)
    return _operation(release, OperationKind.ISSUE_CERTIFICATE, "core", request, certificate_id="", params=params)


def publication(release: Release, statement: bytes) -> list[Operation]:
    """Return the operations that publish: an object, the package, the registration."""
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
