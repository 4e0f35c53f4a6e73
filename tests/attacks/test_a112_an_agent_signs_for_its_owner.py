"""A112: a shell agent signs through the user's ssh-agent, which asks nobody."""

from __future__ import annotations

import pytest

from placet.domain.authorization.admission import check_admissible
from placet.domain.authorization.circumstances import Circumstances
from placet.errors import DeniedError
from support.governance import NOW, a_person, a_plan, a_policy, an_agent, codes, everybody, judged, key_of, rule, says

PLAN = a_plan(requester="agent:helper")
ONE = a_policy(rule(approvals='[{ group = "maintainers", count = 1, assurance = 2 }]'))
AGENTS = {**everybody(), "agent:helper": an_agent(owner="person:alice")}


def test_what_an_agent_asks_is_not_approved_by_a_signature_that_software_can_make() -> None:
    decision = judged(ONE, PLAN, says(PLAN, "bob"), principals=AGENTS)

    assert codes(decision) == [["APPROVAL_ASSURANCE_LOW", "APPROVALS_MISSING"]]


def test_such_a_signature_is_refused_when_it_is_given() -> None:
    circumstances = Circumstances(approvals=(), principals=AGENTS, denials=(), now=NOW)

    with pytest.raises(DeniedError) as caught:
        check_admissible(ONE, PLAN, says(PLAN, "bob"), circumstances)

    assert caught.value.code == "APPROVAL_ASSURANCE_LOW"


@pytest.mark.parametrize("kind", ["sk-ed25519", "sk-ecdsa"])
def test_a_person_who_touches_a_hardware_key_approves(kind: str) -> None:
    principals = {**AGENTS, "person:bob": a_person("bob", key_of("bob", kind))}

    assert judged(ONE, PLAN, says(PLAN, "bob", kind=kind), principals=principals).allowed


@pytest.mark.parametrize("kind", ["sk-ed25519", "sk-ecdsa"])
def test_a_hardware_key_that_nobody_touched_is_no_person(kind: str) -> None:
    principals = {**AGENTS, "person:bob": a_person("bob", key_of("bob", kind))}

    decision = judged(ONE, PLAN, says(PLAN, "bob", kind=kind, flags=0), principals=principals)

    assert codes(decision) == [["APPROVAL_ASSURANCE_LOW", "APPROVALS_MISSING"]]


def test_the_owner_of_the_agent_does_not_approve_even_by_touch() -> None:
    principals = {**AGENTS, "person:alice": a_person("alice", key_of("alice", "sk-ed25519"))}

    decision = judged(ONE, PLAN, says(PLAN, "alice", kind="sk-ed25519"), principals=principals)

    assert codes(decision) == [["APPROVER_INELIGIBLE", "APPROVALS_MISSING"]]


def test_who_wrote_a_commit_excludes_nobody() -> None:
    forged = a_plan(requester="person:dave")
    approvals = [says(forged, "alice"), says(forged, "bob")]

    assert judged(a_policy(), forged, *approvals).allowed
