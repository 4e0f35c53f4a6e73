"""A75: approvals by who asked, by a second account, by somebody who lost the role, or twice by one person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from placet.domain.authorization.admission import check_admissible
from placet.domain.authorization.approval import ApprovalDecision, VerifiedApproval
from placet.domain.authorization.circumstances import Circumstances
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy import Policy
from placet.domain.authorization.principal import Principal
from placet.errors import DeniedError
from support.governance import (
    ENROLLED,
    NOW,
    TEAM,
    a_person,
    a_plan,
    a_policy,
    codes,
    everybody,
    judged,
    key_of,
    rule,
    says,
)

INELIGIBLE = ["APPROVER_INELIGIBLE", "APPROVALS_MISSING"]


def refused_when_given(
    plan: Plan, verified: VerifiedApproval, principals: dict[str, Principal] | None = None, policy: Policy | None = None
) -> str:
    """Return the code with which an approval is refused when it comes in."""
    circumstances = Circumstances(approvals=(), principals=principals or everybody(), denials=(), now=NOW)
    with pytest.raises(DeniedError) as caught:
        check_admissible(policy or a_policy(), plan, verified, circumstances)
    return caught.value.code


def test_who_asked_does_not_approve() -> None:
    plan = a_plan(requester="person:alice")
    own = says(plan, "alice")

    assert codes(judged(a_policy(), plan, own, says(plan, "bob"))) == [INELIGIBLE]
    assert refused_when_given(plan, own) == "APPROVER_INELIGIBLE"
    assert judged(a_policy(), plan, own, says(plan, "bob"), says(plan, "carol")).allowed


def test_a_second_account_with_the_same_key_is_the_same_person() -> None:
    plan = a_plan(requester="person:alice")
    key = key_of("alice")
    second = says(plan, "bob", key=key)
    principals = {**everybody(), "person:bob": a_person("bob", key)}

    assert codes(judged(a_policy(), plan, second, says(plan, "carol"), principals=principals)) == [INELIGIBLE]
    assert refused_when_given(plan, second, principals) == "APPROVER_INELIGIBLE"


def test_two_accounts_with_one_key_count_once() -> None:
    plan, key = a_plan(), key_of("alice")
    approvals = [says(plan, "alice"), says(plan, "bob", key=key)]
    principals = {**everybody(), "person:bob": a_person("bob", key)}

    decision = judged(a_policy(), plan, *approvals, principals=principals)

    assert codes(decision) == [INELIGIBLE]
    assert len(decision.operations[0].counted) == 1


def test_one_person_counts_once_however_often_and_with_whatever_key() -> None:
    plan = a_plan()
    other_key = key_of("alice", "ecdsa")
    approvals = [
        says(plan, "alice"),
        says(plan, "alice", at=NOW + timedelta(seconds=1)),
        says(plan, "alice", key=other_key, at=NOW + timedelta(seconds=2)),
    ]
    principals = {**everybody(), "person:alice": a_person("alice", key_of("alice"), other_key)}

    decision = judged(a_policy(), plan, *approvals, principals=principals)

    assert codes(decision) == [["APPROVER_INELIGIBLE", *INELIGIBLE]]
    assert decision.operations[0].approvers == ("person:alice",)


def test_the_very_same_approval_recorded_twice_counts_once() -> None:
    plan = a_plan()
    once = says(plan, "alice")

    assert not judged(a_policy(), plan, once, once).allowed


@pytest.mark.parametrize("replayed_after", [1, 2, 3600])
def test_a_withdrawn_approval_sent_once_more_stays_withdrawn(replayed_after: int) -> None:
    plan = a_plan()
    others = says(plan, "alice")
    first = says(plan, "bob")
    withdrawn = says(plan, "bob", "", decision=ApprovalDecision.WITHDRAW, at=NOW + timedelta(seconds=1))
    replayed = says(plan, "bob", issued_at=NOW, at=NOW + timedelta(seconds=replayed_after))

    assert replayed.digest == first.digest
    for said in ((others, first, withdrawn, replayed), (replayed, withdrawn, first, others)):
        assert codes(judged(a_policy(), plan, *said)) == [["APPROVALS_MISSING"]]


def test_the_owner_of_a_requesting_identity_does_not_approve() -> None:
    plan = a_plan(requester="ci:github:acme/tool")
    ci = Principal(principal_id="ci:github:acme/tool", on_behalf_of="person:alice", keys=(), enrolled_at=ENROLLED)
    principals = {**everybody(), ci.principal_id: ci}

    assert codes(judged(a_policy(), plan, says(plan, "alice"), says(plan, "bob"), principals=principals)) == [
        INELIGIBLE
    ]


def test_who_pushed_or_merged_does_not_approve() -> None:
    plan = a_plan()
    approvals = [says(plan, "alice"), says(plan, "bob")]

    assert codes(judged(a_policy(), plan, *approvals, excluded=frozenset({"person:bob"}))) == [INELIGIBLE]


def test_an_approver_who_left_the_group_after_signing_does_not_count() -> None:
    plan = a_plan()
    without_bob = a_policy(head=TEAM.replace('"person:bob", ', ""))

    assert codes(judged(without_bob, plan, says(plan, "alice"), says(plan, "bob"))) == [INELIGIBLE]


def test_an_approver_who_was_disabled_after_signing_does_not_count() -> None:
    plan = a_plan()
    principals = {**everybody(), "person:bob": a_person("bob", disabled_at=NOW)}

    assert codes(judged(a_policy(), plan, says(plan, "alice"), says(plan, "bob"), principals=principals)) == [
        INELIGIBLE
    ]


def test_an_approver_who_is_enrolled_no_more_does_not_count() -> None:
    plan = a_plan()
    principals = {name: each for name, each in everybody().items() if name != "person:bob"}

    assert codes(judged(a_policy(), plan, says(plan, "alice"), says(plan, "bob"), principals=principals)) == [
        INELIGIBLE
    ]


def test_a_key_that_was_revoked_after_signing_does_not_count() -> None:
    plan = a_plan()
    principals = {**everybody(), "person:bob": a_person("bob", revoked_at=NOW)}

    assert codes(judged(a_policy(), plan, says(plan, "alice"), says(plan, "bob"), principals=principals)) == [
        INELIGIBLE
    ]


def test_a_key_that_its_person_holds_no_more_does_not_count() -> None:
    plan = a_plan()
    principals = {**everybody(), "person:bob": a_person("bob", key_of("bob", "ecdsa"))}

    assert codes(judged(a_policy(), plan, says(plan, "alice"), says(plan, "bob"), principals=principals)) == [
        INELIGIBLE
    ]


def test_a_stranger_to_the_group_is_refused_when_approving() -> None:
    plan = a_plan()

    assert refused_when_given(plan, says(plan, "mallory")) == "APPROVER_INELIGIBLE"
    assert refused_when_given(plan, says(plan, "dave")) == "APPROVER_INELIGIBLE"
    assert refused_when_given(plan, says(plan, "erin", "security")) == "APPROVER_INELIGIBLE"


def test_a_stranger_to_every_group_cannot_deny() -> None:
    plan = a_plan()
    deny = says(plan, "mallory", "", decision=ApprovalDecision.DENY)

    assert refused_when_given(plan, deny) == "APPROVER_INELIGIBLE"


def test_nobody_approves_where_no_rule_asks_for_it() -> None:
    plan = a_plan()

    assert refused_when_given(plan, says(plan, "alice"), policy=a_policy(rule(approvals="[]"))) == "APPROVER_INELIGIBLE"
    assert (
        refused_when_given(plan, says(plan, "alice"), policy=a_policy(rule(subjects='["npm:other"]')))
        == "APPROVER_INELIGIBLE"
    )
