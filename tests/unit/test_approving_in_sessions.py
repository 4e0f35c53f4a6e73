"""Approving, denying and withdrawing in sessions, in the Core as it stands (protocol 6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from placet.core.caller import Caller
from placet.core.entities.governance import approval_key, read_signed_approval
from placet.core.entities.runs import plan_key_of
from placet.core.entities.stored import required
from placet.core.runs import open_run
from placet.domain.authorization.approval import (
    ApprovalDecision,
)
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.phrase import phrase
from placet.domain.encoding.canonical import decode
from placet.domain.log.decision_records import read_approval_recorded
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import Mode
from placet.errors import DeniedError, InvalidInputError, NotFoundError, PlacetError
from placet.usecases.approve_plan import end_denied
from placet.usecases.revoke_key import revoke_key
from placet.usecases.sign_out import sign_out
from support.forging import receipt_in
from support.identity import POLICY, SIGNED, Signing
from support.installation import REQUESTER


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


def test_a_run_that_has_no_plan_yet_is_not_approved() -> None:
    world = Signing()
    plan, caller = world.plan(), world.known("bob")
    run = world.run(open_run(world.context, mode=Mode.PROD, requester=REQUESTER, subject="@acme/tool@1.0.0"))

    with pytest.raises(NotFoundError):
        world.saying_in(caller, plan, run_id=run.run_id)


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


def test_a_record_that_has_neither_signature_nor_session_counts_for_nothing() -> None:
    world = Signing()
    plan, caller = world.plan(), world.known("bob")
    world.saying_in(caller, plan)
    key = approval_key(plan_key_of(plan.operations[0].operation_id), 1)
    said = read_signed_approval(required(world.load(key), key, "approval"))

    world.write(key, replace(said, session="").to_object())

    with world.refusing("APPROVALS_MISSING"):
        world.issue(plan)
