"""A80: break-glass never reviewed: 72 hours after its first receipt the package freezes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from placet.core.entities.freezes import FREEZES, open_freezes
from placet.core.execute import execute_plan
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Subject
from support.governance import key_of
from support.installation import POLICY
from support.intents import a_publication, an_object
from support.world import World

MILLISECOND = timedelta(milliseconds=1)
GLASS = POLICY.replace('version = "v1"', 'version = "v1"\n[break_glass]\ngroup = "security"\n', 1)


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
