"""A32: a receipt for one repository, package, version or tag does nothing to another."""

from __future__ import annotations

from itertools import combinations

import pytest
from msgspec.structs import replace

from placet.domain.authorization.operation import Subject
from support.forging import forged
from support.intents import a_publication
from support.world import World

SWAPS: dict[str, str] = {"name": "@acme/evil", "version": "1.0.1", "tag": "next"}
NEAR = [
    ("name", "@acme/tool "),
    ("name", "@Acme/tool"),
    ("name", "@acme/Tool"),
    ("name", "@acme/too1"),
    ("name", "@acme-evil/tool"),
    ("name", "tool"),
    ("name", ""),
    ("name", "@acme/t\u043eol"),
    ("version", "1.0.0+x"),
    ("version", "01.0.0"),
    ("version", "v1.0.0"),
    ("version", "1.0.0-rc.1"),
    ("version", ""),
    ("version", "\uff11.0.0"),
    ("tag", ""),
    ("tag", "LATEST"),
    ("tag", "latest "),
]


@pytest.mark.parametrize("fields", [list(each) for size in (1, 2, 3) for each in combinations(SWAPS, size)], ids=str)
def test_every_swap_of_fields_is_noticed(fields: list[str]) -> None:
    world = World()
    plan, token = world.ready()
    swapped = {field: SWAPS[field] for field in fields}
    operation = plan.operations[0]

    with world.refusing("SUBJECT_MISMATCH", alert=True):
        world.present(plan, token, operation=replace(operation, subject=replace(operation.subject, **swapped)))


@pytest.mark.parametrize(("field", "value"), NEAR, ids=ascii)
def test_no_look_alike_is_the_subject(field: str, value: str) -> None:
    world = World()
    plan, token = world.ready()
    operation = plan.operations[0]

    with world.refusing("SUBJECT_MISMATCH"):
        world.present(plan, token, operation=replace(operation, subject=replace(operation.subject, **{field: value})))


@pytest.mark.parametrize("field", SWAPS)
def test_a_receipt_forged_for_another_subject_does_not_fit_the_request(field: str) -> None:
    world = World()
    plan, token = world.ready()
    subject = {**plan.operations[0].subject.to_object(), field: SWAPS[field]}

    with world.refusing("SUBJECT_MISMATCH"):
        world.present(plan, forged(world, token, subject=subject))


@pytest.mark.parametrize("field", SWAPS)
def test_a_receipt_forged_together_with_the_request_does_not_fit_the_plan(field: str) -> None:
    world = World()
    plan, token = world.ready()
    subject = replace(plan.operations[0].subject, **{field: SWAPS[field]})
    told = forged(world, token, subject=subject.to_object())

    with world.refusing("PLAN_MISMATCH"):
        world.present(plan, told, operation=replace(plan.operations[0], subject=subject))


def test_steps_of_one_plan_for_different_packages_do_not_stand_in_for_each_other() -> None:
    world = World()
    other = a_publication(subject=Subject(provider="npm", name="@acme/other", version="1.0.0", tag="latest"))
    plan = world.approved(world.plan(a_publication(), other))
    token = world.issue(plan)
    disguised = replace(plan.operations[1], operation_id=plan.operations[0].operation_id)

    with world.refusing("SUBJECT_MISMATCH"):
        world.present(plan, token, operation=disguised, step=2)
