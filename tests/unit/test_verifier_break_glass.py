"""The verifier judges break-glass again, as the Core should have, and says what was waived (protocol 6 and 8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from placet.domain.authorization.approval import Approval, ApprovalDecision
from placet.domain.authorization.plan import Plan
from placet.domain.values.digest import sha256
from placet.domain.verification.verifier import verify_bundle
from support.publication import Story, story
from support.publication_parts import approval_event, approval_of, person_key, receipt_of
from support.small_log import START
from support.verdicts import ROOT, code_of

WHY = sha256(b"the registry leaks")


def exception_of(plan: Plan, name: str, **changes: Any) -> Approval:
    """Return what the person waives, not signed yet."""
    members: dict[str, Any] = {
        "decision": ApprovalDecision.BREAK_GLASS,
        "waives": ("approvals",),
        "justification": WHY,
        "expires_at": START + timedelta(hours=1),
    }
    return approval_of(plan, name, **{**members, **changes})


def under_break_glass(*names: str, receipts: Sequence[Approval] | None = None, **changes: Any) -> Story:
    """Return the story in which these two waived the approvals, and the receipts say so."""
    told = story()
    plan = told.plans[1]
    said = [exception_of(plan, name, **changes) for name in names or ("alice", "bob")]
    for approval, entry in zip(said, ("alice approves", "bob approves"), strict=False):
        name = approval.approver.partition(":")[2]
        told.events[entry] = approval_event(approval, person_key(name))
    counted = said if receipts is None else receipts
    for name, operation in (("put issued", plan.operations[0]), ("publish issued", plan.operations[1])):
        receipt = receipt_of(plan, operation, counted, number=1)
        told.change_receipt(name, approvals_digest=receipt.approvals_digest, approvers=list(receipt.approvers))
    return told


def test_the_verdict_says_what_was_waived_and_why() -> None:
    verdict = verify_bundle(under_break_glass().encoded(), ROOT)

    assert verdict.glass is not None
    assert verdict.glass.waives == {"approvals"}
    assert verdict.glass.justification == WHY
    assert verdict.approvers == (("person:alice", 2), ("person:bob", 2))


def test_an_ordinary_publication_is_not_said_to_be_one() -> None:
    assert verify_bundle(story().encoded(), ROOT).glass is None


@pytest.mark.parametrize(
    "changes",
    [
        {"waives": ("signature",)},
        {"waives": ("approvals", "signature")},
        {"waives": ()},
        {"waives": ("freeze",)},
        {"justification": ""},
        {"expires_at": START + timedelta(hours=1, milliseconds=1)},
        {"group": "security"},
    ],
    ids=repr,
)
def test_what_the_core_should_not_have_let_pass_does_not_pass(changes: dict[str, Any]) -> None:
    assert code_of(under_break_glass(**changes)) == "APPROVALS_MISSING"


def test_one_person_is_not_enough_and_a_mixture_neither() -> None:
    told = under_break_glass()
    told.events["bob approves"] = approval_event(approval_of(told.plans[1], "bob"), person_key("bob"))
    assert code_of(told) == "APPROVALS_MISSING"

    assert code_of(under_break_glass().without("bob approves", "bob")) == "APPROVALS_MISSING"


def test_two_who_gave_different_reasons_are_not_enough() -> None:
    told = under_break_glass()
    other = exception_of(told.plans[1], "bob", justification=sha256(b"another reason"))
    told.events["bob approves"] = approval_event(other, person_key("bob"))

    assert code_of(told) == "APPROVALS_MISSING"


def test_a_signature_of_somebody_else_is_none() -> None:
    told = under_break_glass()
    told.events["bob approves"] = approval_event(exception_of(told.plans[1], "bob"), person_key("alice"))

    assert code_of(told) == "APPROVAL_INVALID"


def test_the_exception_cannot_be_left_out_of_a_receipt_that_rests_on_it() -> None:
    told = under_break_glass()
    ordinary = [approval_of(told.plans[1], name) for name in ("alice", "bob")]

    assert code_of(under_break_glass(receipts=ordinary)) == "APPROVALS_MISMATCH"


def test_a_review_is_no_evidence_of_a_permission() -> None:
    told = story()
    review = approval_of(told.plans[1], "bob", decision=ApprovalDecision.REVIEW, group="")
    told.events["bob approves"] = approval_event(review, person_key("bob"))

    assert code_of(told) == "APPROVALS_MISSING"
