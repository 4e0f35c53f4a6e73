"""A80: break-glass never reviewed: 72 hours after its first receipt the package freezes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from placet.core.entities.freezes import FREEZES, open_freezes
from placet.core.execute import execute_plan
from placet.core.runs import Intent
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.freeze import Freeze
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind, OutcomeStatus
from placet.errors import DeniedError
from support.governance import key_of
from support.installation import POLICY
from support.intents import a_publication, an_object
from support.world import World

MILLISECOND = timedelta(milliseconds=1)
GLASS = POLICY.replace('version = "v1"', 'version = "v1"\n[break_glass]\ngroup = "security"\n', 1)
GOVERNED = GLASS.replace(
    'members = ["person:dave", "person:erin"]', 'members = ["person:dave", "person:erin", "person:bob", "person:carol"]'
).replace(
    'requesters = ["person:*"]\napprovals = []',
    'requesters = ["person:*", "ci:**"]\napprovals = [{ group = "security", count = 2, assurance = 2 }]',
)


def a_world() -> World:
    return World(GLASS)


def published(world: World) -> None:
    plan = world.breaks(world.plan())
    assert world.present(plan, world.issue(plan)).state is ReceiptState.EXECUTED


def test_what_is_not_reviewed_in_72_hours_freezes_its_package_and_no_glass_waives_that() -> None:
    world = a_world()
    published(world)
    (owed,) = open_freezes(world.load(FREEZES))
    assert owed.begins_at == world.clock.now() + timedelta(hours=72)
    following = a_publication(subject=Subject(provider="npm", name="@acme/tool", version="1.0.1", tag="latest"))
    before = world.approved(world.plan(following, subject="@acme/tool@1.0.1"), hours=200)
    world.clock.at = owed.begins_at - MILLISECOND
    token = world.issue(before)
    world.clock.at = owed.begins_at

    with world.refusing("FROZEN"):
        world.present(before, token)
    again = world.breaks(world.plan(following, subject="@acme/tool@1.0.1"), waives=("approvals", "freeze"))
    with world.refusing("FROZEN", check=""):
        world.issue(again)


def test_one_person_who_sets_freezes_without_end_does_not_take_break_glass_away_from_the_others() -> None:
    world = a_world()
    for number in range(8):
        world.freeze(f"npm:@other/{number}", by="person:alice")
    with world.refusing("FROZEN", check=""):
        world.freeze("npm:@other/9", by="person:alice")

    published(world)
    assert world.freeze(by="person:bob") in open_freezes(world.load(FREEZES))


def test_another_package_is_not_frozen_by_it() -> None:
    world = a_world()
    published(world)
    world.move(hours=73)
    other = a_publication(subject=Subject(provider="npm", name="@acme/other", version="1.0.0", tag="latest"))

    assert world.issue(world.approved(world.plan(other, subject="@acme/other@1.0.0")))


def test_a_review_by_a_third_approver_prevents_the_freeze_and_is_on_record() -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    world.run(execute_plan(world.context, plan, actor="person:dave"))
    world.move(hours=71)

    world.review(plan, "carol")

    assert open_freezes(world.load(FREEZES)) == ()
    assert world.entries("approval.recorded")[-1].body.actor == "person:carol"


@pytest.mark.parametrize("name", ["dave", "erin"])
def test_who_broke_the_glass_does_not_review_it(name: str) -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    world.issue(plan)

    with world.refusing("APPROVER_INELIGIBLE", check=""):
        world.review(plan, name)


def test_who_asked_does_not_review_it_nor_anybody_outside_the_policy() -> None:
    world = a_world()
    world.enrol("person:mallory", key_of("mallory"))
    plan = world.breaks(world.plan(requester="person:alice"))
    world.issue(plan)

    with world.refusing("APPROVER_INELIGIBLE", check=""):
        world.review(plan, "alice")
    with world.refusing("APPROVER_INELIGIBLE", check=""):
        world.review(plan, "mallory")


def test_a_review_that_comes_too_late_lifts_nothing() -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    world.issue(plan)
    world.move(hours=72)

    with world.refusing("FROZEN", check=""):
        world.review(plan, "carol")

    assert len(open_freezes(world.load(FREEZES))) == 1


def test_nothing_is_reviewed_before_it_was_used() -> None:
    world = a_world()
    plan = world.breaks(world.plan())

    with world.refusing("BREAK_GLASS_INVALID", check=""):
        world.review(plan, "carol")


def test_one_review_is_owed_for_all_receipts_of_a_run() -> None:
    world = a_world()
    plan = world.breaks(world.plan(*(an_object(f"packages/{number}.tgz") for number in range(3))))

    world.run(execute_plan(world.context, plan, actor="person:dave"))

    assert [freeze.run_id for freeze in open_freezes(world.load(FREEZES))] == [plan.run_id]


# Signed before there is anything to look at


def test_what_was_not_published_yet_is_not_reviewed_and_its_receipt_still_owes_a_review() -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    token = world.issue(plan)  # and the process that was to use it stops

    with world.refusing("BREAK_GLASS_INVALID", check=""):
        world.review(plan, "carol")

    assert world.present(plan, token).state is ReceiptState.EXECUTED
    assert [freeze.run_id for freeze in open_freezes(world.load(FREEZES))] == [plan.run_id]
    world.review(plan, "carol")
    assert open_freezes(world.load(FREEZES)) == ()


def test_what_is_in_doubt_is_not_reviewed() -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    world.double.acts, world.double.answers = False, OutcomeStatus.INDETERMINATE
    assert world.present(plan, world.issue(plan)).state is ReceiptState.INDETERMINATE

    with world.refusing("BREAK_GLASS_INVALID", check=""):
        world.review(plan, "carol")

    assert len(open_freezes(world.load(FREEZES))) == 1


def test_a_receipt_of_a_later_step_that_is_issued_keeps_the_review_waiting() -> None:
    world = a_world()
    plan = world.breaks(world.plan(an_object("packages/1.tgz"), an_object("packages/2.tgz")))
    world.present(plan, world.issue(plan))
    world.issue(plan, step=2)

    with world.refusing("BREAK_GLASS_INVALID", check=""):
        world.review(plan, "carol")

    assert len(open_freezes(world.load(FREEZES))) == 1


def test_where_every_attempt_failed_there_is_nothing_to_review() -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    world.double.acts, world.double.answers = False, OutcomeStatus.FAILED
    assert world.present(plan, world.issue(plan)).state is ReceiptState.FAILED

    with world.refusing("BREAK_GLASS_INVALID", check=""):
        world.review(plan, "carol")

    assert len(open_freezes(world.load(FREEZES))) == 1


def test_what_is_published_after_a_review_owes_another() -> None:
    world = a_world()
    plan = world.breaks(world.plan(an_object("packages/1.tgz"), an_object("packages/2.tgz")))
    world.present(plan, world.issue(plan))
    world.review(plan, "carol")

    world.present(plan, world.issue(plan, step=2), step=2)

    assert [freeze.run_id for freeze in open_freezes(world.load(FREEZES))] == [plan.run_id]


def test_a_receipt_that_is_issued_while_a_review_is_recorded_keeps_it_waiting() -> None:
    world = a_world()
    plan = world.breaks(world.plan(an_object("packages/1.tgz"), an_object("packages/2.tgz")))
    world.present(plan, world.issue(plan))
    world.meanwhile(lambda: world.issue(plan, step=2))

    with pytest.raises(DeniedError, match="BREAK_GLASS_INVALID"):
        world.review(plan, "carol")

    assert [entry.body.type for entry in world.entries()[-2:]] == ["receipt.issued", "authorization.denied"]
    assert len(open_freezes(world.load(FREEZES))) == 1


# Lifted by those whom the review is about


def owing(world: World, *, requester: str = "ci:github:acme/tool") -> Freeze:
    plan = world.breaks(world.plan(requester=requester))
    assert world.present(plan, world.issue(plan)).state is ReceiptState.EXECUTED
    (owed,) = open_freezes(world.load(FREEZES))
    return owed


def a_lifting(world: World, freeze: Freeze, *names: str, requester: str = "person:alice") -> Plan:
    intent = Intent(
        kind=OperationKind.LIFT_FREEZE,
        subject=Subject(provider="core", name=freeze.freeze_id, version="", tag=""),
        params={"subjects": list[Value](freeze.subjects)},
    )
    plan = world.plan(intent, requester=requester, subject=freeze.freeze_id)
    for name in names:
        world.say(plan, name, ApprovalDecision.APPROVE, group="security")
    return plan


def perform(world: World, plan: Plan) -> None:
    world.run(execute_plan(world.context, plan, actor=plan.requester))


def test_the_freeze_remembers_who_asked_and_who_broke_the_glass() -> None:
    world = World(GOVERNED)

    owed = owing(world)

    assert owed.involved == ("ci:github:acme/tool", "person:dave", "person:erin")


def test_others_who_break_the_glass_for_the_same_run_are_remembered_too() -> None:
    world = World(GOVERNED)
    other = world.freeze("npm:@acme/other")
    plan = world.breaks(world.plan(an_object("packages/1.tgz"), an_object("packages/2.tgz")))
    world.present(plan, world.issue(plan))
    world.move(minutes=61)
    world.breaks(plan, "bob", "carol")

    world.present(plan, world.issue(plan, step=2), step=2)

    first, owed = open_freezes(world.load(FREEZES))
    assert first == other
    assert owed.involved == ("ci:github:acme/tool", *(f"person:{name}" for name in ("bob", "carol", "dave", "erin")))


def test_nobody_lifts_it_before_it_begins() -> None:
    world = World(GOVERNED)
    owed = owing(world)
    plan = a_lifting(world, owed, "bob", "carol")

    with world.refusing("BREAK_GLASS_INVALID", check=""):
        perform(world, plan)

    assert open_freezes(world.load(FREEZES)) == (owed,)


@pytest.mark.parametrize("names", [("dave", "erin"), ("bob", "erin"), ("dave", "carol")])
def test_who_broke_the_glass_does_not_approve_that_it_is_lifted(names: tuple[str, ...]) -> None:
    world = World(GOVERNED)
    owed = owing(world)
    world.clock.at = owed.begins_at
    plan = a_lifting(world, owed, *names)

    with world.refusing("APPROVER_INELIGIBLE", check=""):
        perform(world, plan)

    assert open_freezes(world.load(FREEZES)) == (owed,)


@pytest.mark.parametrize("requester", ["person:alice", "person:dave", "ci:github:acme/ops"])
def test_who_asked_or_broke_the_glass_does_not_ask_for_that_nor_does_what_they_own(requester: str) -> None:
    world = World(GOVERNED)
    world.enrol("ci:github:acme/ops", on_behalf_of="person:erin")
    owed = owing(world, requester="person:alice")
    world.clock.at = owed.begins_at
    plan = a_lifting(world, owed, "bob", "carol", requester=requester)

    with world.refusing("APPROVER_INELIGIBLE", check=""):
        perform(world, plan)

    assert open_freezes(world.load(FREEZES)) == (owed,)


def test_others_lift_it_once_it_has_begun() -> None:
    world = World(GOVERNED)
    owed = owing(world)
    world.clock.at = owed.begins_at

    perform(world, a_lifting(world, owed, "bob", "carol"))

    assert open_freezes(world.load(FREEZES)) == ()


def test_who_broke_a_glass_lifts_what_somebody_set() -> None:
    world = World(GOVERNED)
    owed = owing(world)
    other = world.freeze("npm:@acme/other")

    perform(world, a_lifting(world, other, "dave", "erin"))

    assert open_freezes(world.load(FREEZES)) == (owed,)
