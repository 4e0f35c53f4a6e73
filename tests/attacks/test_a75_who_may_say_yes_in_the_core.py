"""A75: who asked, who owns who asked, and who lost the role do not count, in the Core as it stands."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from placet.core.entities.governance import POLICY_IN_FORCE
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.facts import ReceiptState
from placet.errors import PlacetError
from support.forging import receipt_in
from support.governance import key_of
from support.installation import POLICY, REQUESTER
from support.intents import a_publication
from support.world import World

TWO = POLICY.replace("count = 1", "count = 2")
TOUCHED = POLICY.replace("assurance = 2", "assurance = 3")


def test_who_asked_may_not_approve() -> None:
    world = World()
    plan = world.plan(requester="person:alice")

    with world.refusing("APPROVER_INELIGIBLE") as refused:
        world.approved(plan, "alice")

    assert refused.actor == "person:alice"
    with world.refusing("APPROVALS_MISSING"):
        world.issue(plan)


def test_a_second_account_under_the_requester_s_key_may_not_approve() -> None:
    world = World()
    world.enrol("person:bob", key_of("alice"))
    plan = world.plan(requester="person:alice")

    with world.refusing("APPROVER_INELIGIBLE"):
        world.say(plan, "bob", ApprovalDecision.APPROVE, key=key_of("alice"))


def test_an_agent_s_owner_may_not_approve() -> None:
    world = World(TOUCHED)
    world.enrol("agent:helper", on_behalf_of="person:alice")
    world.enrol("person:alice", key_of("alice", "sk-ed25519"))
    plan = world.plan(requester="agent:helper")

    with world.refusing("APPROVER_INELIGIBLE"):
        world.say(plan, "alice", ApprovalDecision.APPROVE, key=key_of("alice", "sk-ed25519"))


def test_a_second_account_under_the_owner_s_key_may_not_approve_though_the_owner_says_nothing() -> None:
    world = World(TOUCHED)
    shared = key_of("mallory", "sk-ed25519")
    world.enrol("person:zoe", shared)
    world.enrol("agent:helper", on_behalf_of="person:zoe")
    world.enrol("person:carol", shared)
    plan = world.plan(requester="agent:helper")

    with world.refusing("APPROVER_INELIGIBLE"):
        world.say(plan, "carol", ApprovalDecision.APPROVE, key=shared)


def test_what_an_agent_asks_takes_a_person_who_touched_a_key() -> None:
    world = World()
    world.enrol("agent:helper", on_behalf_of="person:zoe")
    plan = world.plan(requester="agent:helper")

    with world.refusing("APPROVAL_ASSURANCE_LOW"):
        world.approved(plan, "alice")
    with world.refusing("APPROVALS_MISSING"):
        world.issue(plan)

    touched = key_of("alice", "sk-ed25519")
    world.enrol("person:alice", touched)
    world.say(plan, "alice", ApprovalDecision.APPROVE, key=touched)
    assert receipt_in(world.issue(plan)).approvers == ("person:alice",)


def test_an_agent_that_is_not_enrolled_asks_for_nothing() -> None:
    world = World()

    with world.refusing("NO_RULE"):
        world.plan(requester="agent:stranger")


@pytest.mark.parametrize("kind", ["agent", "ci", "service"])
def test_nobody_but_a_person_approves_whatever_key_they_hold(kind: str) -> None:
    world = World()
    world.enrol("person:zoe")
    world.enrol(f"{kind}:alice", key_of("alice"), on_behalf_of="person:zoe" if kind == "agent" else "")
    plan = world.plan()

    with world.refusing("APPROVER_INELIGIBLE"):
        world.run(world.saying(plan, f"{kind}:alice", ApprovalDecision.APPROVE))


def test_one_person_counts_once_however_often_they_approve() -> None:
    world = World(TWO)
    plan = world.approved(world.plan(), "alice")
    world.move(seconds=1)
    world.approved(plan, "alice")

    with world.refusing("APPROVER_INELIGIBLE"):
        world.issue(plan)


def test_two_accounts_under_one_key_count_once() -> None:
    world = World(TWO)
    world.enrol("person:bob", key_of("alice"))
    plan = world.approved(world.plan(), "alice")
    world.say(plan, "bob", ApprovalDecision.APPROVE, key=key_of("alice"))

    with world.refusing("APPROVER_INELIGIBLE"):
        world.issue(plan)


def test_the_same_signed_bytes_count_once_and_are_recorded_once() -> None:
    world = World(TWO)
    plan = world.approved(world.plan(), "alice")

    with pytest.raises(PlacetError) as caught:
        world.approved(plan, "alice")

    assert caught.value.code == "CONFLICT"
    assert len(world.entries("approval.recorded")) == 1


def test_approvals_that_come_in_at_once_are_all_recorded_and_each_counts_once() -> None:
    world = World(TWO)
    plan = world.plan()

    async def at_once() -> None:
        await asyncio.gather(
            *(world.saying(plan, f"person:{name}", ApprovalDecision.APPROVE) for name in ("alice", "bob", "carol"))
        )

    world.run(at_once())

    assert len(world.entries("approval.recorded")) == 3
    assert len(receipt_in(world.issue(plan)).approvers) == 2


def test_somebody_outside_the_group_does_not_count_for_it() -> None:
    world = World()
    plan = world.plan()

    for group in ("maintainers", "security"):
        with world.refusing("APPROVER_INELIGIBLE"):
            world.say(plan, "dave", ApprovalDecision.APPROVE, group=group)


def test_without_enough_approvals_there_is_no_receipt() -> None:
    world = World(TWO)
    plan = world.approved(world.plan(), "alice")

    with world.refusing("APPROVALS_MISSING"):
        world.issue(plan)

    token = world.issue(world.approved(plan, "bob"))
    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_the_approval_of_one_plan_is_none_of_its_twin() -> None:
    world = World()
    world.approved(world.plan())
    twin = world.plan()

    with world.refusing("APPROVALS_MISSING"):
        world.issue(twin)


@pytest.mark.parametrize("subject", ["@acme-evil/tool", "@acm/tool", "acme/tool", "tool"])
def test_what_no_rule_is_about_is_not_even_planned(subject: str) -> None:
    world = World()

    with world.refusing("NO_RULE"):
        world.plan(a_publication(subject=replace(a_publication().subject, name=subject)))


def test_a_requester_whom_no_rule_names_plans_nothing() -> None:
    world = World()

    with world.refusing("NO_RULE"):
        world.plan(requester="service:mirror")
    assert world.plan(requester=REQUESTER).operations


def test_what_somebody_else_signed_is_not_put_on_record_as_said_by_the_person_it_names() -> None:
    world = World()
    plan = world.plan()

    for name in ("alice", "nobody"):
        with world.refusing("APPROVAL_INVALID") as refused:
            world.say(plan, name, ApprovalDecision.APPROVE, key=key_of("mallory"))
        assert refused.actor == f"unverified:person:{name}"


def test_nobody_approves_where_no_policy_is_in_force() -> None:
    world = World()
    plan = world.plan()
    world.write(POLICY_IN_FORCE, None)

    with world.refusing("NO_RULE") as refused:
        world.approved(plan)

    assert refused.actor == "person:alice"
