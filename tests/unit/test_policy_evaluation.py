from __future__ import annotations

from datetime import timedelta

import pytest

from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.denial import Denial
from placet.domain.authorization.evaluate import approvals_digest, terms_of
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.policy import Demand, Limits
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import Mode, OperationKind
from support.governance import (
    NOW,
    RUN,
    TEAM,
    VERSION,
    a_person,
    a_plan,
    a_policy,
    an_agent,
    an_operation,
    codes,
    everybody,
    judged,
    rule,
    says,
)
from support.soft_keys import soft_key

PLAN = a_plan()
BOTH = '[{ group = "maintainers", count = 2, assurance = 2 }, { group = "security", count = 1, assurance = 2 }]'


def test_enough_approvals_allow() -> None:
    first, second = says(PLAN, "alice"), says(PLAN, "bob")
    decision = judged(a_policy(), PLAN, first, second)

    said = decision.operations[0]
    assert decision.allowed
    assert not decision.awaiting
    assert said.reasons == ()
    assert said.approvers == ("person:alice", "person:bob")
    assert said.approvals_digest == approvals_digest((second, first), Mode.PROD)
    assert (said.lifetime_seconds, said.max_age_seconds) == (3600, 86400)
    assert (decision.policy_version, decision.policy_digest) == (VERSION, a_policy().digest)


def test_no_approvals_are_waited_for() -> None:
    decision = judged(a_policy(), PLAN)

    assert decision.awaiting
    assert decision.operations[0].reasons == (
        "APPROVALS_MISSING: group maintainers has 0 of 2 approvals at assurance 2",
    )
    assert decision.operations[0].approvers == ()


def test_one_approval_of_two_is_too_few() -> None:
    decision = judged(a_policy(), PLAN, says(PLAN, "alice"))

    assert not decision.allowed
    assert decision.operations[0].approvers == ("person:alice",)
    assert decision.operations[0].reasons == (
        "APPROVALS_MISSING: group maintainers has 1 of 2 approvals at assurance 2",
    )


def test_no_more_approvals_count_than_are_demanded_and_the_earliest_do() -> None:
    late = says(PLAN, "alice", at=NOW + timedelta(seconds=2))
    early, middle = says(PLAN, "bob"), says(PLAN, "carol", at=NOW + timedelta(seconds=1))

    assert judged(a_policy(), PLAN, late, early, middle).operations[0].counted == (early, middle)


def test_a_later_approval_steps_in_where_an_earlier_one_lapsed() -> None:
    approvals = [says(PLAN, name) for name in ("alice", "bob", "carol")]
    principals = {**everybody(), "person:alice": a_person("alice", revoked_at=NOW)}

    decision = judged(a_policy(), PLAN, *approvals, principals=principals)

    assert decision.allowed
    assert decision.operations[0].approvers == ("person:bob", "person:carol")


def test_zero_approvals_written_out_allow_at_once() -> None:
    decision = judged(a_policy(rule(approvals="[]")), PLAN)

    assert decision.allowed
    assert decision.operations[0].approvals_digest == approvals_digest((), Mode.PROD)


def test_all_groups_must_be_met() -> None:
    policy = a_policy(rule(approvals=BOTH))
    maintainers = [says(PLAN, "alice"), says(PLAN, "bob")]

    assert codes(judged(policy, PLAN, *maintainers)) == [["APPROVALS_MISSING"]]
    assert codes(judged(policy, PLAN, says(PLAN, "dave", "security"))) == [["APPROVALS_MISSING"]]
    assert judged(policy, PLAN, *maintainers, says(PLAN, "dave", "security")).allowed


def test_a_member_of_two_groups_speaks_for_each_by_its_own_approval() -> None:
    policy = a_policy(rule(approvals=BOTH))
    maintainers = [says(PLAN, "alice"), says(PLAN, "bob")]

    assert not judged(policy, PLAN, *maintainers).allowed
    assert judged(policy, PLAN, *maintainers, says(PLAN, "alice", "security")).allowed


def test_an_approval_counts_for_no_other_group() -> None:
    policy = a_policy(rule(approvals='[{ group = "security", count = 1, assurance = 2 }]'))

    assert codes(judged(policy, PLAN, says(PLAN, "alice"))) == [["APPROVALS_MISSING"]]


@pytest.mark.parametrize(
    "changed",
    [
        {"operations": '["put_object"]'},
        {"subjects": '["npm:@acme-evil/*"]'},
        {"requesters": '["ci:github:other/*"]'},
    ],
    ids=["kind", "subject", "requester"],
)
def test_what_no_rule_concerns_is_refused(changed: dict[str, str]) -> None:
    decision = judged(a_policy(rule(approvals="[]", **changed)), PLAN)

    said = decision.operations[0]
    assert not decision.awaiting
    assert said.reasons == ("NO_RULE: no rule lets ci:github:acme/tool ask for publish_package of npm:@acme/tool",)
    assert (said.lifetime_seconds, said.max_age_seconds, said.limits, said.terms) == (0, 0, Limits(), None)


def test_the_strictest_of_all_rules_holds() -> None:
    loose = rule(
        approvals='[{ group = "maintainers", count = 1, assurance = 3 }]',
        more="limits = { per_subject_per_hour = 9, per_requester_per_hour = 3 }\nreceipt = { lifetime_seconds = 60 }",
    )
    strict = rule(
        approvals=BOTH,
        more="limits = { per_subject_per_hour = 4 }\nreceipt = { lifetime_seconds = 7200, max_age_seconds = 900 }",
    )
    for policy in (a_policy(loose, strict), a_policy(strict, loose)):
        terms = terms_of(policy, PLAN, PLAN.operations[0])
        assert terms is not None
        assert terms.demands == (
            Demand(group="maintainers", count=2, assurance=3),
            Demand(group="security", count=1, assurance=2),
        )
        said = judged(policy, PLAN).operations[0]
        assert said.limits == Limits(per_subject_per_hour=4, per_requester_per_hour=3)
        assert (said.lifetime_seconds, said.max_age_seconds) == (60, 900)


def test_a_rule_without_approvals_takes_nothing_from_one_with_them() -> None:
    assert codes(judged(a_policy(rule(approvals="[]"), rule()), PLAN)) == [["APPROVALS_MISSING"]]


def test_operations_are_decided_one_by_one_and_a_plan_only_as_a_whole() -> None:
    put = an_operation(2, operation_kind=OperationKind.PUT_OBJECT)
    plan = a_plan(an_operation(), put)
    approvals = [says(plan, "alice"), says(plan, "bob")]

    decision = judged(a_policy(), plan, *approvals)

    assert [each.allowed for each in decision.operations] == [True, False]
    assert not decision.allowed
    assert not decision.awaiting
    second = decision.of(f"{RUN}/2/2")
    assert second is not None
    assert second.reasons[0].startswith("NO_RULE")
    assert decision.of(f"{RUN}/2/3") is None


def test_a_plan_awaits_approvals_where_all_that_is_missing_are_approvals() -> None:
    certificate = an_operation(
        2,
        operation_kind=OperationKind.ISSUE_CERTIFICATE,
        subject=Subject(provider="core", name="@acme/tool", version="1.0.0", tag=""),
    )
    plan = a_plan(an_operation(), certificate)
    free = rule(operations='["issue_certificate"]', subjects='["core:@acme/*"]', approvals="[]")

    decision = judged(a_policy(rule(), free), plan)

    assert [each.allowed for each in decision.operations] == [False, True]
    assert decision.awaiting


def test_an_expired_approval_does_not_count_from_that_very_instant() -> None:
    approvals = [says(PLAN, "alice"), says(PLAN, "bob", at=NOW + timedelta(seconds=1))]
    expiry = approvals[0].approval.expires_at

    assert judged(a_policy(), PLAN, *approvals, now=expiry - timedelta(milliseconds=1)).allowed
    decision = judged(a_policy(), PLAN, *approvals, now=expiry)
    assert codes(decision) == [["APPROVALS_MISSING"] * 3]
    assert decision.operations[0].reasons[0] == "APPROVALS_MISSING: the approval of person:alice has expired"
    assert decision.awaiting


def test_a_low_assurance_does_not_count_and_says_so() -> None:
    policy = a_policy(rule(approvals='[{ group = "maintainers", count = 1, assurance = 3 }]'))

    decision = judged(policy, PLAN, says(PLAN, "alice"))

    assert codes(decision) == [["APPROVAL_ASSURANCE_LOW", "APPROVALS_MISSING"]]
    assert decision.operations[0].reasons[0].endswith("the approval of person:alice has assurance 2, 3 is demanded")
    assert decision.awaiting
    assert judged(
        policy,
        PLAN,
        says(PLAN, "alice", kind="sk-ed25519"),
        principals={"person:alice": a_person("alice", soft_key("sk-ed25519", 1))},
    ).allowed


def test_assurance_1_is_met_by_an_ssh_signature() -> None:
    policy = a_policy(rule(approvals='[{ group = "maintainers", count = 1, assurance = 1 }]'))

    assert judged(policy, PLAN, says(PLAN, "alice")).allowed


def test_a_withdrawn_approval_does_not_count() -> None:
    later = NOW + timedelta(seconds=1)
    approvals = [says(PLAN, "alice"), says(PLAN, "bob")]
    withdrawn = says(PLAN, "bob", "", decision=ApprovalDecision.WITHDRAW, at=later)

    assert codes(judged(a_policy(), PLAN, *approvals, withdrawn)) == [["APPROVALS_MISSING"]]
    again = says(PLAN, "bob", at=later + timedelta(milliseconds=1))
    assert judged(a_policy(), PLAN, *approvals, withdrawn, again).allowed


def test_a_withdraw_takes_back_an_approval_of_the_same_instant() -> None:
    approvals = [says(PLAN, "alice"), says(PLAN, "bob")]
    withdrawn = says(PLAN, "bob", "", decision=ApprovalDecision.WITHDRAW)

    assert not judged(a_policy(), PLAN, *approvals, withdrawn).allowed


def test_a_deny_refuses_every_operation_of_its_plan_whoever_approves() -> None:
    put = an_operation(2, operation_kind=OperationKind.PUT_OBJECT)
    plan = a_plan(an_operation(), put)
    approvals = [says(plan, "alice"), says(plan, "bob")]
    deny = says(plan, "erin", "", decision=ApprovalDecision.DENY)

    decision = judged(a_policy(rule(operations='["publish_package", "put_object"]')), plan, *approvals, deny)

    assert codes(decision) == [["DENIED_BY_APPROVER"], ["DENIED_BY_APPROVER"]]
    assert decision.operations[0].reasons == ("DENIED_BY_APPROVER: person:erin denied this and did not withdraw",)
    assert not decision.awaiting


def test_only_withdrawing_ends_a_denial() -> None:
    approvals = [says(PLAN, "alice"), says(PLAN, "bob")]
    later = NOW + timedelta(seconds=1)
    deny = says(PLAN, "carol", "", decision=ApprovalDecision.DENY)
    approves_after = says(PLAN, "carol", at=later)
    withdraws = says(PLAN, "carol", "", decision=ApprovalDecision.WITHDRAW, at=later)
    withdraws_at_once = says(PLAN, "carol", "", decision=ApprovalDecision.WITHDRAW)
    other_withdraws = says(PLAN, "bob", "", decision=ApprovalDecision.WITHDRAW, at=later)

    assert "DENIED_BY_APPROVER" in codes(judged(a_policy(), PLAN, *approvals, deny, approves_after))[0]
    assert "DENIED_BY_APPROVER" in codes(judged(a_policy(), PLAN, *approvals, deny, other_withdraws))[0]
    assert "DENIED_BY_APPROVER" in codes(judged(a_policy(), PLAN, *approvals, withdraws_at_once, deny))[0]
    assert judged(a_policy(), PLAN, *approvals, deny, withdraws).allowed
    assert (
        "DENIED_BY_APPROVER"
        in codes(
            judged(
                a_policy(),
                PLAN,
                *approvals,
                withdraws,
                says(PLAN, "carol", "", decision=ApprovalDecision.DENY, at=NOW + timedelta(hours=1)),
            )
        )[0]
    )


def test_a_denial_that_stands_under_an_anchor_refuses_a_new_plan() -> None:
    deny = says(PLAN, "carol", "", decision=ApprovalDecision.DENY)
    standing = Denial(key="denial/artifact/" + "a1" * 32).denied(deny)
    new = a_plan(nonce="f" * 32)
    approvals = [says(new, "alice"), says(new, "bob")]

    assert codes(judged(a_policy(), new, *approvals, denials=[standing])) == [["DENIED_BY_APPROVER"]]
    assert judged(a_policy(), new, *approvals, denials=[Denial(key=standing.key)]).allowed


def test_prod_inside_ci_needs_the_policys_word() -> None:
    free = rule(approvals="[]")

    assert codes(judged(a_policy(free), PLAN, embedded_in_ci=True)) == [["EMBEDDED_IN_CI"]]
    assert not judged(a_policy(free), PLAN, embedded_in_ci=True).awaiting
    assert judged(a_policy(free), PLAN, embedded_in_ci=False).allowed
    assert judged(a_policy(free, head="embedded_in_ci = true\n" + TEAM), PLAN, embedded_in_ci=True).allowed
    assert judged(a_policy(free), a_plan(mode=Mode.DRY_RUN), embedded_in_ci=True).allowed


def test_every_refusal_is_listed_the_final_ones_first() -> None:
    deny = says(PLAN, "carol", "", decision=ApprovalDecision.DENY)

    decision = judged(a_policy(), PLAN, deny, embedded_in_ci=True)

    assert codes(decision) == [["EMBEDDED_IN_CI", "DENIED_BY_APPROVER", "APPROVALS_MISSING"]]
    assert not decision.awaiting


def test_the_approvals_digest_covers_the_set_and_the_mode() -> None:
    first, second = says(PLAN, "alice"), says(PLAN, "bob")
    listed = ",".join(f'"{digest}"' for digest in sorted([first.digest, second.digest]))

    expected = sha256(b"placet/approvals/v1/prod\0" + f'{{"approvals":[{listed}]}}'.encode())
    assert approvals_digest((first, second), Mode.PROD) == approvals_digest((second, first), Mode.PROD) == expected
    assert approvals_digest((first,), Mode.PROD) != expected
    assert approvals_digest((first, second), Mode.DRY_RUN) != expected
    assert approvals_digest((), Mode.PROD) == sha256(b'placet/approvals/v1/prod\0{"approvals":[]}')


def test_an_agent_that_is_not_enrolled_may_ask_for_nothing() -> None:
    plan = a_plan(requester="agent:helper")
    disabled = an_agent(disabled_at=NOW)

    for principals in (everybody(), {**everybody(), "agent:helper": disabled}):
        assert codes(judged(a_policy(rule(approvals="[]")), plan, principals=principals)) == [["NO_RULE"]]


def test_zero_approvals_never_hold_for_an_agent() -> None:
    plan = a_plan(requester="agent:helper")
    principals = {**everybody(), "agent:helper": an_agent()}

    decision = judged(a_policy(rule(approvals="[]")), plan, principals=principals)

    assert codes(decision) == [["APPROVALS_MISSING"]]
    assert not decision.awaiting
