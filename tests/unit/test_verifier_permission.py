"""Each receipt is judged again by policy and approvals (protocol 6 and 8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.operation import Precondition
from placet.domain.authorization.policy_document import policy_digest
from placet.domain.authorization.render import render_plan, shown_digest
from placet.domain.verification.verifier import verify_bundle
from support.publication import Story, story
from support.publication_parts import POLICY, approval_event, approval_of, enrolment, person_key
from support.small_log import START, Event
from support.verdicts import ROOT, code_of

# 9: policy, approvals, receipts.


@pytest.mark.parametrize("entry", ["put issued", "publish issued", "certificate"])
@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"enforceable": False}, "RECEIPT_NOT_ENFORCEABLE"),
        ({"reasons": ["NO_RULE"]}, "RECEIPT_NOT_ENFORCEABLE"),
        ({"mode": "dry_run"}, "RECEIPT_MODE_MISMATCH"),
        ({"issuer": "other"}, "ISSUER_MISMATCH"),
        ({"run_id": "run_01ARZ3NDEKTSV4RRFFQ69G5FAX"}, "RUN_MISMATCH"),
        ({"plan_digest": "sha256:" + "0" * 64}, "PLAN_MISMATCH"),
        ({"operation_kind": "revoke_certificate"}, "OPERATION_MISMATCH"),
        ({"operation_digest": "sha256:" + "0" * 64}, "OPERATION_MISMATCH"),
        ({"certificate_id": "CERT-PKG-20260102-009"}, "OPERATION_MISMATCH"),
        ({"audience": "elsewhere"}, "AUDIENCE_MISMATCH"),
        ({"subject": {"name": "@acme/x", "provider": "npm", "tag": "", "version": "1.0.0"}}, "SUBJECT_MISMATCH"),
        ({"approvers": ["person:carol"]}, "APPROVALS_MISMATCH"),
        ({"approvals_digest": "sha256:" + "0" * 64}, "APPROVALS_MISMATCH"),
        ({"policy_version": "v9"}, "APPROVALS_MISMATCH"),
        ({"policy_digest": "sha256:" + "0" * 64}, "BUNDLE_MALFORMED"),
        ({"attempt": 0}, "BUNDLE_MALFORMED"),
    ],
)
def test_a_receipt_authorises_this_and_nothing_else(entry: str, members: dict[str, Any], code: str) -> None:
    assert code_of(story().change_receipt(entry, **members)) == code


@pytest.mark.parametrize("missing", ["alice approves", "bob approves"])
def test_a_missing_approval_is_missed(missing: str) -> None:
    enrolled = missing.partition(" ")[0]

    assert code_of(story().without(missing, enrolled)) == "APPROVALS_MISSING"


def test_an_approval_that_came_after_the_receipt_does_not_count() -> None:
    assert code_of(story().move("bob approves", before="publish executed")) == "APPROVALS_MISSING"


@pytest.mark.parametrize("missing", ["requester", "alice", "bob"])
def test_everybody_who_had_a_part_is_enrolled(missing: str) -> None:
    assert code_of(story().without(missing)) == "EVIDENCE_MISSING"


def test_the_policy_was_in_force() -> None:
    assert code_of(story().without("policy")) == "EVIDENCE_MISSING"


@pytest.mark.parametrize("before", ["publication planned", "certificate", "publish issued"])
def test_a_policy_that_came_into_force_after_its_use_proves_nothing(before: str) -> None:
    assert code_of(story().move("policy", before=before)) == "EVIDENCE_MISSING"


def test_a_policy_that_allows_less_refuses() -> None:
    told = with_policy(POLICY.replace(b"count = 2", b"count = 3"))

    assert code_of(told) == "APPROVALS_MISSING"


def test_a_policy_without_a_rule_refuses() -> None:
    assert code_of(with_policy(POLICY.replace(b"npm:@acme/*", b"npm:@other/*"))) == "NO_RULE"


def with_policy(document: bytes) -> Story:
    """Return a story whose receipts name another policy, which came into force too."""
    told = story()
    told.policies.append(document)
    told.change_receipt("publish issued", policy_digest=policy_digest(document))
    activated = {**told.events["policy"].data, "policy_digest": policy_digest(document)}
    told.events = {"other policy": Event("policy.activated", activated), **told.events}
    return told


def test_a_receipt_under_a_newer_policy_than_its_plans_is_judged_by_that() -> None:
    assert verify_bundle(with_policy(POLICY + b"\n").encoded(), ROOT).policy_version == "v1.0"


def test_a_policy_that_nothing_names_is_refused() -> None:
    told = story()
    told.policies.append(POLICY + b"\n")

    assert code_of(told) == "BUNDLE_MALFORMED"


def test_a_policy_that_stands_there_twice_is_refused() -> None:
    told = story()
    told.policies.append(POLICY)

    assert code_of(told) == "BUNDLE_MALFORMED"


def test_a_policy_that_is_none_is_malformed() -> None:
    told = story()
    told.policies = [b"version = 1"]

    assert code_of(told) == "BUNDLE_MALFORMED"


def with_approval(**changes: Any) -> Story:
    """Return a story in which bob signs something else."""
    told = story()
    approval = approval_of(told.plans[1], "bob", **changes)
    told.events["bob approves"] = approval_event(approval, person_key("bob"), second=11)
    return told


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issuer": "other"}, "APPROVAL_INVALID"),
        ({"run_id": "run_01ARZ3NDEKTSV4RRFFQ69G5FAX"}, "APPROVAL_INVALID"),
        ({"shown_digest": "sha256:" + "0" * 64}, "APPROVAL_INVALID"),
        ({"plan_digest": "sha256:" + "0" * 64}, "BUNDLE_MALFORMED"),
        ({"expires_at": START + timedelta(seconds=11)}, "APPROVAL_INVALID"),
        ({"decision": ApprovalDecision.DENY}, "DENIED_BY_APPROVER"),
        ({"group": "security"}, "APPROVALS_MISSING"),
        ({"approver": "person:alice"}, "APPROVAL_INVALID"),
        ({"approver": "person:carol"}, "EVIDENCE_MISSING"),
    ],
)
def test_an_approval_of_something_else_does_not_count(changes: dict[str, Any], code: str) -> None:
    assert code_of(with_approval(**changes)) == code


def test_an_approval_of_the_certificates_plan_says_nothing_about_the_publication() -> None:
    told = story()
    told.events["bob approves"] = approval_event(approval_of(told.plans[0], "bob"), person_key("bob"), second=11)

    assert code_of(told) == "APPROVALS_MISSING"


def test_an_approval_signed_with_a_key_that_is_not_enrolled_is_invalid() -> None:
    told = story()
    told.events["bob"] = enrolment("person:bob", person_key("carol"))

    assert code_of(told) == "APPROVAL_INVALID"


def test_an_approval_whose_signature_does_not_hold_is_invalid() -> None:
    told = story()
    told.change("bob approves", signature=told.events["alice approves"].data["signature"])

    assert code_of(told) == "APPROVAL_INVALID"


PLACED = (Precondition(fact="provider", expected="npm https://registry.example.com/"),)
PUSHED = (Precondition(fact="pusher:" + "ab" * 20, expected="1001"),)


def test_where_effects_go_is_in_the_text_that_was_signed() -> None:
    placed, elsewhere = story(only_if=PLACED), story(only_if=PLACED)
    moved = replace(PLACED[0], expected="npm https://evil.example.com/")
    other = story(only_if=(moved,)).plans[1]
    elsewhere.events["bob approves"] = approval_event(
        approval_of(placed.plans[1], "bob", shown_digest=shown_digest(render_plan(other, "v1.0"))),
        person_key("bob"),
        second=11,
    )

    assert verify_bundle(placed.encoded(), ROOT).package
    assert code_of(elsewhere) == "APPROVAL_INVALID"


def pushed_by(account: str) -> Story:
    """Return a story of a commit that account 1001 pushed, in which bob is enrolled with `account`."""
    told = story(only_if=PUSHED)
    told.events["bob"] = enrolment("person:bob", person_key("bob"), accounts=(account,))
    return told


def test_who_pushed_what_was_published_does_not_count_as_its_approver() -> None:
    assert code_of(pushed_by("npm:1001")) == "APPROVER_INELIGIBLE"


@pytest.mark.parametrize("account", ["npm:1002", "mirror:1001"])
def test_somebody_else_counts(account: str) -> None:
    assert verify_bundle(pushed_by(account).encoded(), ROOT).package


def test_an_approval_that_claims_another_assurance_is_refused() -> None:
    assert code_of(story().change("bob approves", assurance=3)) == "APPROVAL_ASSURANCE_LOW"
