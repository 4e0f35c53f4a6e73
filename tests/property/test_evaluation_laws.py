from __future__ import annotations

from datetime import timedelta
from functools import cache
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from placet.domain.authorization.approval import ApprovalDecision, VerifiedApproval
from placet.domain.authorization.circumstances import last_words
from placet.domain.authorization.policy import Policy
from support.governance import NOW, NUMBERS, a_plan, a_policy, codes, judged, rule, says

GROUPS = ("maintainers", "security")
MEMBERS = {"maintainers": {"alice", "bob", "carol"}, "security": {"dave", "erin", "alice"}}
PLAN = a_plan(requester="person:carol")
NOES = (ApprovalDecision.DENY, ApprovalDecision.WITHDRAW)
WORDS = (*((ApprovalDecision.APPROVE, group) for group in GROUPS), *((each, "") for each in NOES))

spoken = st.tuples(st.sampled_from(sorted(NUMBERS)), st.sampled_from(WORDS), st.integers(0, 3))
demands = st.dictionaries(st.sampled_from(GROUPS), st.tuples(st.integers(1, 3), st.integers(1, 3)))


@cache
def said(name: str, word: tuple[ApprovalDecision, str], second: int) -> VerifiedApproval:
    return says(PLAN, name, word[1], decision=word[0], at=NOW + timedelta(seconds=second))


@cache
def policy_of(*rules: tuple[tuple[str, tuple[int, int]], ...]) -> Policy:
    written = [
        ", ".join(f'{{ group = "{group}", count = {count}, assurance = {low} }}' for group, (count, low) in each)
        for each in rules
    ]
    return a_policy(*(rule(approvals=f"[{each}]") for each in written))


def frozen(demanded: dict[str, tuple[int, int]]) -> tuple[tuple[str, tuple[int, int]], ...]:
    return tuple(sorted(demanded.items()))


def expected(demanded: dict[str, tuple[int, int]], words: list[VerifiedApproval]) -> bool:
    """Tell by the words of the protocol alone whether the plan is allowed; every key here is of assurance 2."""
    last: dict[str, VerifiedApproval] = {}
    for each in sorted(words, key=lambda v: (v.recorded_at, v.approval.decision is ApprovalDecision.DENY)):
        if each.approval.decision is not ApprovalDecision.APPROVE:
            last[each.approval.approver] = each
    if any(each.approval.decision is ApprovalDecision.DENY for each in last.values()):
        return False
    for group, (count, assurance) in demanded.items():
        speaking = {
            each.approval.approver
            for each in words
            if each.approval.decision is ApprovalDecision.APPROVE
            and each.approval.group == group
            and (each.approval.approver not in last or last[each.approval.approver].recorded_at < each.recorded_at)
        }
        allowed = {f"person:{name}" for name in MEMBERS[group]} - {PLAN.requester}
        if assurance > 2 or len(speaking & allowed) < count:
            return False
    return True


@given(demands, st.lists(spoken, max_size=12))
def test_the_decision_is_the_one_that_the_protocol_describes(
    demanded: dict[str, tuple[int, int]], words: list[tuple[str, tuple[ApprovalDecision, str], int]]
) -> None:
    approvals = [said(*each) for each in words]

    decision = judged(policy_of(frozen(demanded)), PLAN, *approvals)

    assert decision.allowed == expected(demanded, approvals)


@given(demands, st.lists(spoken, max_size=8), st.randoms(use_true_random=False))
def test_the_order_in_which_approvals_are_read_decides_nothing(
    demanded: dict[str, tuple[int, int]],
    words: list[tuple[str, tuple[ApprovalDecision, str], int]],
    random: Random,
) -> None:
    approvals = [said(*each) for each in words]
    shuffled = approvals[:]
    random.shuffle(shuffled)

    policy = policy_of(frozen(demanded))

    assert judged(policy, PLAN, *approvals) == judged(policy, PLAN, *shuffled)


@given(demands, demands, st.lists(spoken, max_size=8))
def test_another_rule_never_allows_what_was_refused(
    first: dict[str, tuple[int, int]],
    second: dict[str, tuple[int, int]],
    words: list[tuple[str, tuple[ApprovalDecision, str], int]],
) -> None:
    approvals = [said(*each) for each in words]
    one, both = policy_of(frozen(first)), policy_of(frozen(first), frozen(second))

    assert judged(one, PLAN, *approvals).allowed or not judged(both, PLAN, *approvals).allowed
    assert (
        judged(both, PLAN, *approvals).operations
        == judged(policy_of(frozen(second), frozen(first)), PLAN, *approvals).operations
    )


@given(demands, st.lists(spoken, max_size=8), spoken)
def test_another_approval_never_takes_a_yes_away_and_a_denial_always_does(
    demanded: dict[str, tuple[int, int]],
    words: list[tuple[str, tuple[ApprovalDecision, str], int]],
    more: tuple[str, tuple[ApprovalDecision, str], int],
) -> None:
    approvals, policy = [said(*each) for each in words], policy_of(frozen(demanded))
    allowed = judged(policy, PLAN, *approvals).allowed
    approve = said(more[0], (ApprovalDecision.APPROVE, "maintainers"), more[2])
    deny = said(more[0], (ApprovalDecision.DENY, ""), 4)

    assert judged(policy, PLAN, *approvals, approve).allowed or not allowed
    assert "DENIED_BY_APPROVER" in codes(judged(policy, PLAN, *approvals, deny))[0]


@given(demands, st.lists(spoken, max_size=12))
def test_nothing_counts_twice_or_beyond_what_is_demanded(
    demanded: dict[str, tuple[int, int]], words: list[tuple[str, tuple[ApprovalDecision, str], int]]
) -> None:
    for each in judged(policy_of(frozen(demanded)), PLAN, *(said(*word) for word in words)).operations[0].counts:
        persons = [verified.approval.approver for verified in each.counted]
        assert len(set(persons)) == len(persons) <= each.demand.count
        assert PLAN.requester not in persons
        assert bool(each.refusals) == (len(persons) < each.demand.count)


@given(st.lists(spoken, max_size=12))
def test_last_words_are_those_of_approvals_that_were_given(
    words: list[tuple[str, tuple[ApprovalDecision, str], int]],
) -> None:
    approvals = tuple(said(*each) for each in words)
    standing = last_words(approvals)

    assert set(standing.approvals) <= set(approvals)
    assert list(standing.approvals) == sorted(standing.approvals, key=lambda v: (v.recorded_at, v.digest))
    assert last_words(standing.approvals).approvals == standing.approvals
