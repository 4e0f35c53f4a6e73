"""What people say in a session: the Core's word, at assurance 1, while nothing is held against it (protocol 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from placet.core.caller import Caller
from placet.core.entities.governance import approval_key, read_signed_approval
from placet.core.entities.runs import plan_key_of
from placet.core.entities.stored import required
from placet.domain.authorization.approval import (
    Approval,
    ApprovalDecision,
    VerifiedApproval,
    parse_approval,
    verify_recorded,
    vouch,
)
from placet.domain.authorization.denial import Denial
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.phrase import phrase
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.principal import Principal
from placet.domain.authorization.principal_identity import session_key_id
from placet.domain.encoding.canonical import decode
from placet.domain.log.decision_records import read_approval_recorded
from placet.domain.values.digest import sha256
from placet.errors import DeniedError, InvalidInputError, NotFoundError, PlacetError
from placet.usecases.approve_plan import end_denied
from placet.usecases.revoke_key import revoke_key
from placet.usecases.sign_out import sign_out
from support.forging import receipt_in
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
from support.identity import POLICY, SIGNED, Signing
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


# In the Core


def test_what_is_said_in_a_session_is_on_record_with_it_and_counts() -> None:
    world = Signing()
    caller = world.known("bob")
    plan = world.plan()

    world.saying_in(caller, plan)

    (entry,) = world.entries("approval.recorded")
    assert isinstance(entry.body.data, dict)
    record = read_approval_recorded(entry.body.data)
    assert (entry.body.actor, record.assurance, record.signature) == ("person:bob", 1, "")
    assert record.session == caller.credential_id
    token = world.issue(plan)
    assert receipt_in(token).approvers == ("person:bob",)
    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_a_plan_that_wants_signatures_is_not_approved_in_a_session() -> None:
    world = Signing(SIGNED)
    plan, caller = world.plan(), world.known("bob")

    with world.refusing("APPROVAL_ASSURANCE_LOW"):
        world.saying_in(caller, plan)
    with world.refusing("APPROVALS_MISSING"):
        world.issue(plan)


def test_another_plan_or_text_than_was_shown_is_not_approved() -> None:
    world = Signing()
    plan, other, caller = world.plan(), world.plan(), world.known("bob")

    with world.refusing("APPROVAL_INVALID"):
        world.saying_in(caller, plan, shown_digest=sha256(b"another text"))
    with world.refusing("APPROVAL_INVALID"):
        world.saying_in(caller, plan, plan_digest=other.digest(), phrase=phrase(other.digest()))
    with pytest.raises(InvalidInputError, match="PHRASE_MISMATCH"):
        world.saying_in(caller, plan, phrase=phrase(other.digest()))
    with pytest.raises(InvalidInputError, match="PHRASE_MISMATCH"):
        world.saying_in(caller, plan, phrase="")
    with pytest.raises(NotFoundError):
        world.saying_in(caller, plan, run_id="run_01ARZ3NDEKTSV4RRFFQ69G5FAX")


def test_a_no_needs_no_phrase_and_holds_until_it_is_taken_back() -> None:
    world = Signing()
    plan, again, caller = world.plan(), world.plan(), world.known("bob")
    world.approved(again, "alice")

    world.saying_in(caller, plan, decision=ApprovalDecision.DENY, group="", phrase="")
    with world.refusing("DENIED_BY_APPROVER"):
        world.issue(again)

    world.move(seconds=1)
    world.saying_in(caller, plan, decision=ApprovalDecision.WITHDRAW, group="", phrase="")
    assert world.issue(again)


def test_a_denial_that_was_signed_is_not_taken_back_in_a_session() -> None:
    world = Signing()
    plan, caller = world.plan(), world.known("bob")
    world.deny(plan, "bob")

    with world.refusing("APPROVAL_ASSURANCE_LOW"):
        world.saying_in(caller, plan, decision=ApprovalDecision.WITHDRAW, group="", phrase="")


@pytest.mark.parametrize("decision", [ApprovalDecision.BREAK_GLASS, ApprovalDecision.REVIEW])
def test_exceptions_and_their_reviews_are_signed(decision: ApprovalDecision) -> None:
    world = Signing()
    plan, caller = world.plan(), world.known("bob")

    with world.refusing("APPROVAL_INVALID"):
        world.saying_in(caller, plan, decision=decision, phrase="")


def test_a_run_that_has_ended_is_not_approved() -> None:
    world = Signing()
    plan, caller = world.plan(), world.known("bob")
    world.deny(plan, "carol")
    world.run(end_denied(world.context, plan.run_id))

    with world.refusing("RUN_CLOSED"):
        world.saying_in(caller, plan)


def revoke(world: Signing, caller: Caller) -> None:
    world.run(revoke_key(world.context, caller.credential_id, actor="person:bob"))


def disable_and_enable(world: Signing, _: Caller) -> None:
    world.role("person:bob", "disabled")
    world.move(seconds=1)
    world.role("person:bob", "enabled")


def trust_anew(world: Signing, _: Caller) -> None:
    world.distrust()
    world.move(seconds=1)
    world.trust()


ENDS: dict[str, Callable[[Signing, Caller], object]] = {
    "the session is revoked": revoke,
    "the person is disabled": lambda world, _: world.role("person:bob", "disabled"),
    "the person is disabled and enabled": disable_and_enable,
    "the person has another identity": lambda world, _: world.identify("person:bob", "robert"),
    "the issuer is trusted no more": lambda world, _: world.distrust(),
    "the issuer is trusted anew": trust_anew,
    "the session's record is gone": lambda world, caller: world.write(world.session(caller.credential_id).key, None),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_was_approved_counts_no_more_once(end: str) -> None:
    world = Signing()
    plan, caller = world.plan(), world.known("bob")
    world.saying_in(caller, plan)
    token = world.issue(plan)
    world.move(seconds=1)

    ENDS[end](world, caller)

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_what_was_approved_counts_no_more_once_the_person_lost_the_role() -> None:
    world = Signing()
    plan, caller = world.plan(), world.known("bob")
    world.saying_in(caller, plan)
    token = world.issue(plan)

    world.activate(POLICY.replace('"person:bob", ', ""))

    with world.refusing("STALE_POLICY"):
        world.present(plan, token)


def test_what_was_approved_counts_after_signing_out_and_after_the_session_ran_out() -> None:
    world = Signing()
    plan, caller = world.plan(), world.known("bob")
    world.saying_in(caller, plan)

    world.run(sign_out(world.context, caller))
    world.move(hours=23)

    assert world.present(plan, world.issue(plan)).state is ReceiptState.EXECUTED


@pytest.mark.parametrize("end", ENDS)
def test_who_was_authenticated_a_moment_ago_says_nothing_once(end: str) -> None:
    world = Signing()
    plan, caller = world.plan(), world.known("bob")
    world.move(seconds=1)
    ENDS[end](world, caller)

    code = "NOT_FOUND" if "record" in end else "UNAUTHENTICATED"
    with pytest.raises(PlacetError, match=code):
        world.saying_in(caller, plan)

    assert world.entries("approval.recorded") == []


def test_a_session_that_is_revoked_between_the_decision_and_its_commit_says_nothing() -> None:
    world = Signing()
    plan, caller = world.plan(), world.known("bob")
    world.meanwhile(lambda: revoke(world, caller))

    with pytest.raises(DeniedError, match="UNAUTHENTICATED"):
        world.saying_in(caller, plan)

    assert [each["code"] for each in world.denials()] == ["UNAUTHENTICATED"]


def test_an_approval_of_an_earlier_release_has_no_session_and_reads_as_signed() -> None:
    world = Signing()
    plan = world.approved(world.plan())
    key = approval_key(plan_key_of(plan.operations[0].operation_id), 1)
    members = decode(required(world.load(key), key, "approval").content, limit=2**19)
    older = {name: value for name, value in members.items() if name not in ("session", "salt")}

    world.write(key, older)

    assert read_signed_approval(required(world.load(key), key, "approval")).session == ""
    assert world.issue(plan)
