"""What people say in a session: the Core's word, at assurance 1, while nothing is held against it (protocol 6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from placet.domain.authorization.approval import (
    Approval,
    ApprovalDecision,
    VerifiedApproval,
    parse_approval,
    verify_recorded,
    vouch,
)
from placet.domain.authorization.denial import Denial
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.principal import Principal
from placet.domain.authorization.principal_identity import session_key_id
from placet.domain.log.decision_records import read_approval_recorded
from placet.domain.values.digest import sha256
from placet.errors import DeniedError, InvalidInputError
from support.governance import (
    ENROLLED,
    NOW,
    a_person,
    a_plan,
    a_policy,
    an_approval,
    codes,
    judged,
    key_of,
    rule,
    says,
    shown,
)
from support.publication_parts import approval_event

MOMENT = timedelta(milliseconds=1)
IDENTITY = "ab" * 32
PLAN = a_plan()
ONE = '[{ group = "maintainers", count = 1, assurance = 1 }]'


def signing_in(name: str = "alice", **changed: Any) -> Principal:
    """Return a person who signs in with an identity since they were enrolled."""
    return replace(a_person(name).with_identity(IDENTITY, ENROLLED), **changed)


def said(name: str = "alice", plan: Plan = PLAN, **changed: Any) -> Approval:
    """Return what a person says in a session."""
    return an_approval(plan, name, key_of(name).public, **{"key_id": session_key_id(IDENTITY), **changed})


def vouched(approval: Approval, principal: Principal | None = None, plan: Plan = PLAN) -> VerifiedApproval:
    person = principal or signing_in(approval.approver.partition(":")[2])
    return vouch(approval.encode(), about=shown(plan), principal=person, at=NOW)


def refused(approval: Approval, principal: Principal | None) -> str:
    with pytest.raises(DeniedError) as caught:
        vouch(approval.encode(), about=shown(PLAN), principal=principal, at=NOW)
    return caught.value.code


def test_what_was_said_in_a_session_has_assurance_one_and_reads_back() -> None:
    verified = vouched(said())

    assert (verified.assurance, verified.counter, verified.approval) == (1, 0, said())
    assert parse_approval(said().encode()) == said()


@pytest.mark.parametrize(
    ("approval", "principal"),
    [
        (said(), a_person("alice")),
        (said(), None),
        (said(), signing_in("bob")),
        (said(), signing_in(disabled_at=NOW)),
        (said(), signing_in().without_identity(NOW)),
        (said(), a_person("alice").with_identity("cd" * 32, ENROLLED)),
        (said(), a_person("alice").with_identity(IDENTITY, NOW + timedelta(seconds=1))),
        (said(issuer="elsewhere"), signing_in()),
        (said(plan_digest=sha256(b"another")), signing_in()),
        (said(shown_digest=sha256(b"another")), signing_in()),
        (said(issued_at=NOW - timedelta(hours=48), expires_at=NOW), signing_in()),
        (said(group=""), signing_in()),
        (said(key_id=key_of("alice").public.key_id), signing_in()),
        (said(decision=ApprovalDecision.REVIEW), signing_in()),
        (said(decision=ApprovalDecision.BREAK_GLASS), signing_in()),
    ],
)
def test_nobody_vouches_for_anything_else(approval: Approval, principal: Principal | None) -> None:
    assert refused(approval, principal) == "APPROVAL_INVALID"


def test_on_record_what_has_no_signature_is_vouched_for_and_what_has_one_is_verified() -> None:
    person, key = signing_in(), key_of("alice")
    signed = an_approval(PLAN, "alice", key.public)

    def recorded(approval: Approval, signature: bytes) -> int:
        return verify_recorded(approval.encode(), signature, about=shown(PLAN), principal=person, at=NOW).assurance

    assert recorded(said(), b"") == 1
    assert recorded(signed, key.sign(signed.encode())) == 2
    for approval, signature in ((signed, b""), (said(), key.sign(said().encode()))):
        with pytest.raises(DeniedError, match="APPROVAL_INVALID"):
            recorded(approval, signature)


def test_a_rule_that_says_assurance_one_counts_it_and_no_other_does() -> None:
    people = {"person:alice": signing_in()}

    assert judged(a_policy(rule(approvals=ONE)), PLAN, vouched(said()), principals=people).allowed
    for demand in ("2", "3"):
        demanding = a_policy(rule(approvals=ONE.replace("assurance = 1", f"assurance = {demand}")))
        decision = judged(demanding, PLAN, vouched(said()), principals=people)
        assert codes(decision) == [["APPROVAL_ASSURANCE_LOW", "APPROVALS_MISSING"]]


def test_one_person_counts_once_whether_signing_or_signed_in() -> None:
    people = {"person:alice": signing_in()}
    both = ONE.replace("count = 1", "count = 2")

    decision = judged(a_policy(rule(approvals=both)), PLAN, vouched(said()), says(PLAN, "alice"), principals=people)

    assert codes(decision) == [["APPROVER_INELIGIBLE", "APPROVALS_MISSING"]]


@pytest.mark.parametrize(
    "person",
    [
        signing_in(disabled_at=NOW),
        signing_in().without_identity(NOW),
        signing_in().with_identity("cd" * 32, NOW),
        signing_in().without_identity(NOW + MOMENT).with_identity(IDENTITY, NOW + MOMENT),
    ],
    ids=["disabled", "without identity", "with another", "enrolled anew"],
)
def test_who_lost_the_identity_does_not_count_also_when_enrolled_with_it_anew(person: Principal) -> None:
    later = NOW + timedelta(seconds=1)

    decision = judged(
        a_policy(rule(approvals=ONE)), PLAN, vouched(said()), principals={"person:alice": person}, now=later
    )

    assert codes(decision) == [["APPROVER_INELIGIBLE", "APPROVALS_MISSING"]]


def test_a_denial_that_was_said_is_taken_back_in_a_session_and_one_that_was_signed_is_not() -> None:
    deny = vouched(said(decision=ApprovalDecision.DENY, group=""))
    withdraw = vouched(said(decision=ApprovalDecision.WITHDRAW, group=""))
    signed = says(PLAN, "alice", "", decision=ApprovalDecision.DENY)
    nothing = Denial(key="denial/artifact/" + "a1" * 32)

    assert nothing.denied(deny).withdrawn(withdraw) == nothing
    for denied in (nothing.denied(signed), nothing.denied(signed).denied(deny), nothing.denied(deny).denied(signed)):
        assert len(denied.deniers) == 1
        with pytest.raises(DeniedError, match="APPROVAL_ASSURANCE_LOW"):
            denied.withdrawn(withdraw)


def test_an_entry_says_which_session_exactly_where_nothing_was_signed() -> None:
    event = approval_event(an_approval(PLAN, "alice", key_of("alice").public), key_of("alice"))
    signed = read_approval_recorded(event.data)
    unsigned = replace(signed, signature="", assurance=1, session="session_0123456789ab")

    assert read_approval_recorded(unsigned.to_object()) == unsigned
    for wrong in (
        replace(unsigned, session=""),
        replace(unsigned, assurance=2),
        replace(signed, assurance=1),
        replace(signed, signature=""),
        replace(signed, session="session_0123456789ab"),
    ):
        with pytest.raises(InvalidInputError, match="ENTRY_DATA_MALFORMED"):
            read_approval_recorded(wrong.to_object())
