"""A58: what is asked for or reserved beyond the policy's limits is refused, whoever shares the counter."""

from __future__ import annotations

from collections import Counter

import pytest

from placet.core.execute import execute_plan
from placet.core.judgement import judge, judgement_premises
from placet.core.limits import reservation_counters
from placet.core.runs import Intent
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.plan import Plan
from placet.domain.log.change import Count
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import PlacetError
from support.forging import receipt_in
from support.governance import NOW
from support.installation import ACTOR, CERTIFYING, GOVERNING, PUBLISHING, TEAM
from support.intents import a_publication, an_object
from support.world import World


def limited(limits: str) -> World:
    return World(TEAM + PUBLISHING + f"limits = {{ {limits} }}\n" + CERTIFYING + GOVERNING)


def version(number: int, name: str = "@acme/tool") -> Intent:
    return a_publication(subject=Subject(provider="npm", name=name, version=f"1.0.{number}", tag="latest"))


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_no_more_plans_of_a_subject_are_taken_in_an_hour_than_the_policy_allows(limit: int) -> None:
    world = limited(f"per_subject_per_hour = {limit}")
    for number in range(limit):
        world.plan(version(number))

    with world.refusing("RATE_LIMITED", check=""):
        world.plan(version(99))
    assert world.plan(version(1, "@acme/other")).operations
    world.move(hours=1)
    assert world.plan(version(100)).operations


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_plans_of_a_requester_are_taken_in_an_hour_than_the_policy_allows(limit: int) -> None:
    world = limited(f"per_requester_per_hour = {limit}")
    for number in range(limit):
        world.plan(version(0, f"@acme/tool-{number}"))

    with world.refusing("RATE_LIMITED", check=""):
        world.plan(version(0, "@acme/other"))
    assert world.plan(version(0, "@acme/other"), requester="person:bob").operations


def test_no_more_is_reserved_in_an_hour_than_the_policy_allows_though_it_was_planned_before() -> None:
    world = limited("per_subject_per_hour = 1")
    plan, token = world.ready(version(0))
    world.move(minutes=54)
    other, taken = world.ready(version(1))
    world.present(other, taken)

    for _ in range(2):
        with world.refusing("RATE_LIMITED"):
            world.present(plan, token)

    assert world.state(receipt_in(token).receipt_id) is ReceiptState.ISSUED


def test_what_was_refused_for_now_is_done_in_the_next_hour() -> None:
    world = limited("per_requester_per_hour = 1")
    plan, token = world.ready(version(0))
    world.move(minutes=53, seconds=53)
    other, taken = world.ready(version(1))
    world.present(other, taken)
    with world.refusing("RATE_LIMITED"):
        world.present(plan, token)
    world.move(hours=1)
    fresh = world.issue(plan)

    assert world.present(plan, fresh).state is ReceiptState.EXECUTED


def test_the_two_objects_of_one_publication_count_as_one() -> None:
    world = limited("per_subject_per_hour = 1")
    plan = world.approved(world.plan(an_object("a"), an_object("b")))

    reports = world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert [report.state for report in reports] == [ReceiptState.EXECUTED] * 2


def test_a_second_attempt_counts_by_itself_also_for_a_later_step() -> None:
    world = limited("per_subject_per_hour = 2")
    plan = world.approved(world.plan(an_object("a"), an_object("b")))
    world.present(plan, world.issue(plan))
    world.double.acts, world.double.answers = False, OutcomeStatus.FAILED
    world.present(plan, world.issue(plan, 2), step=2)
    world.present(plan, world.issue(plan, 2), step=2)

    third = world.issue(plan, 2)
    with world.refusing("RATE_LIMITED"):
        world.present(plan, third, step=2)


TWO_RULES = (
    TEAM
    + PUBLISHING.replace('"npm:@acme/*", "mirror:@acme/*"', '"npm:@acme/*"')
    + "limits = { per_requester_per_hour = 1 }\n"
    + PUBLISHING.replace('"npm:@acme/*", "mirror:@acme/*"', '"mirror:@acme/*"')
    + "limits = { per_requester_per_hour = 100 }\n"
    + GOVERNING
)


def test_of_several_limits_on_one_counter_the_strictest_wins_whatever_the_order() -> None:
    strict = version(0)
    lax = a_publication(subject=Subject(provider="mirror", name="@acme/tool", version="1.0.0", tag="latest"))

    for order in ([strict, lax], [lax, strict]):
        world = World(TWO_RULES)
        world.plan(*order)
        with world.refusing("RATE_LIMITED", check=""):
            world.plan(*order)


def test_a_plan_of_several_subjects_counts_for_each() -> None:
    world = limited("per_subject_per_hour = 1")
    world.plan(version(0, "@acme/one"), version(0, "@acme/two"))

    for name in ("@acme/one", "@acme/two"):
        with world.refusing("RATE_LIMITED", check=""):
            world.plan(version(1, name))


def test_a_flood_of_plans_is_bounded_and_every_refusal_is_on_record() -> None:
    world = limited("per_requester_per_hour = 3")
    codes: Counter[str] = Counter()

    for number in range(30):
        try:
            world.plan(version(number, f"@acme/flood-{number}"))
        except PlacetError as error:
            codes[error.code] += 1

    assert codes == Counter(RATE_LIMITED=27)
    assert len(world.entries("plan.created")) == 3
    assert len(world.denials()) == 27


def counters_of(world: World, plan: Plan, attempt: int, step: int = 1) -> dict[str, Count]:
    snapshot = world.load(*judgement_premises(world.load(), plan))
    operation = plan.operations[step - 1]
    judgement = judge(world.context, snapshot, plan, operation, NOW)
    return reservation_counters(operation, plan, attempt, judgement, NOW)


def test_counters_say_hour_kind_and_whose_they_are() -> None:
    world = limited("per_subject_per_hour = 6, per_requester_per_hour = 20")
    plan = world.plan(an_object("a"), an_object("b"))

    assert counters_of(world, plan, 1) == {
        "2026030405/reservations/put_object/subject/files:@acme/tool": Count(add=1, limit=6),
        f"2026030405/reservations/put_object/requester/{ACTOR}": Count(add=1, limit=20),
    }
    assert counters_of(world, plan, 1, step=2) == {}
    assert counters_of(world, plan, 2, step=2) == counters_of(world, plan, 2)
