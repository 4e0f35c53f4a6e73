"""What entries hold is read back exactly as it was written, and nothing else is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import pytest
from msgspec import Struct

from placet.domain.encoding.canonical import Object, Value, encode
from placet.domain.log.certificate_records import (
    CertificateIssued,
    CertificateRevoked,
    read_certificate_issued,
    read_certificate_revoked,
)
from placet.domain.log.decision_records import (
    ApprovalRecorded,
    PlanCreated,
    PolicyActivated,
    PrincipalEnrolled,
    read_approval_recorded,
    read_plan_created,
    read_policy_activated,
    read_principal_enrolled,
)
from placet.domain.log.receipt_records import (
    OutcomeRecorded,
    ReceiptIssued,
    ReceiptReserved,
    read_outcome_recorded,
    read_receipt_issued,
    read_receipt_reserved,
)
from placet.domain.log.record_types import CODE, OUTCOME_TYPES, EntryType
from placet.domain.values.digest import Digest, sha256
from placet.domain.values.kinds import Mode, OutcomeStatus
from placet.errors import InvalidInputError

RECEIPT = "fc-receipt-20260102-030405-0123456789ab"
OPERATION = "run_00000000000000000000000000/1/1"
DIGEST = sha256(b"")


class Record(Protocol):
    """What all records can do."""

    def to_object(self) -> Object:
        """Return the entry's data."""
        ...


class Case(Struct, frozen=True):
    """A record, its reader, and values that its members may not have."""

    record: Record
    read: Callable[[Value], Record]
    bad: Object


CASES = [
    Case(
        PolicyActivated(policy_digest=DIGEST, policy_version="v1.0", receipt={}),
        read_policy_activated,
        {"policy_digest": "sha256:", "policy_version": 1, "receipt": ""},
    ),
    Case(
        PrincipalEnrolled(principal={"principal_id": "person:alice"}, receipt={"v": 1}),
        read_principal_enrolled,
        {"principal": "person:alice", "receipt": []},
    ),
    Case(
        PlanCreated(run_id="run_1", mode=Mode.PROD, plan_digest=DIGEST, policy_digest=DIGEST),
        read_plan_created,
        {"run_id": "", "mode": "Prod", "plan_digest": "", "policy_digest": ""},
    ),
    Case(
        ApprovalRecorded(
            approval={"v": 1}, signature="U1NI", assurance=2, recorded_at=datetime(2026, 1, 2, tzinfo=UTC)
        ),
        read_approval_recorded,
        {"approval": "", "signature": "-", "assurance": 4, "recorded_at": ""},
    ),
    Case(ReceiptIssued(receipt={"v": 1}), read_receipt_issued, {"receipt": ""}),
    Case(
        ReceiptReserved(
            receipt_id=RECEIPT,
            operation_id=OPERATION,
            attempt=1,
            checks={"check_1": "pass"},
            deadline=datetime(2026, 1, 2, tzinfo=UTC),
        ),
        read_receipt_reserved,
        {"receipt_id": "", "operation_id": " ", "attempt": 0, "checks": "", "deadline": "soon"},
    ),
    Case(
        OutcomeRecorded(
            receipt_id=RECEIPT,
            operation_id=OPERATION,
            operation_kind="publish_package",
            operation_digest=Digest(DIGEST),
            attempt=1,
            status=OutcomeStatus.EXECUTED,
            artifacts=({"name": "a"},),
            response={"status": 201},
            retries=0,
            error_code="",
            source="observed",
        ),
        read_outcome_recorded,
        {
            "receipt_id": "",
            "operation_id": "",
            "operation_kind": "Publish",
            "operation_digest": "",
            "attempt": 0,
            "status": "done",
            "artifacts": {},
            "response": "",
            "retries": "0",
            "error_code": 1,
            "source": "believed",
        },
    ),
    Case(
        CertificateIssued(
            certificate_id="CERT-PKG-20260102-001",
            chitty_id="chitty://cert/pkg/tool/2026/001",
            fingerprint=DIGEST,
            issuer_fingerprint=DIGEST,
            public_key_digest=DIGEST,
            serial="0a",
            tar_sha256="ab" * 32,
            receipt={},
        ),
        read_certificate_issued,
        {
            "certificate_id": "",
            "chitty_id": "",
            "fingerprint": "",
            "issuer_fingerprint": "",
            "public_key_digest": "",
            "serial": "XY",
            "tar_sha256": "ab",
            "receipt": "",
        },
    ),
    Case(
        CertificateRevoked(revocation={"reason": "superseded"}, receipt={}),
        read_certificate_revoked,
        {"revocation": "", "receipt": ""},
    ),
]
MEMBERS = [(case, member) for case in CASES for member in case.record.to_object()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case.record).__name__)
def test_a_record_comes_back_as_it_was(case: Case) -> None:
    assert case.read(case.record.to_object()) == case.record
    assert encode(case.record.to_object())


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case.record).__name__)
def test_an_unknown_member_is_refused(case: Case) -> None:
    assert refusal(case, {**case.record.to_object(), "more": ""}) == CODE


@pytest.mark.parametrize(("case", "member"), MEMBERS)
def test_a_missing_member_is_refused(case: Case, member: str) -> None:
    assert refusal(case, {key: value for key, value in case.record.to_object().items() if key != member}) == CODE


@pytest.mark.parametrize(("case", "member"), MEMBERS)
def test_a_member_outside_its_grammar_is_refused(case: Case, member: str) -> None:
    assert refusal(case, {**case.record.to_object(), member: case.bad[member]}) == CODE


def refusal(case: Case, data: Object) -> str:
    with pytest.raises(InvalidInputError) as refused:
        case.read(data)
    return refused.value.code


def test_outcomes_have_types_of_their_own() -> None:
    assert {each for each in EntryType if each.startswith("receipt.")} - OUTCOME_TYPES == {
        EntryType.RECEIPT_ISSUED,
        EntryType.RECEIPT_RESERVED,
    }
    assert EntryType.PACKAGE_PUBLISHED in OUTCOME_TYPES
