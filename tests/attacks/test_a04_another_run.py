"""A04: a receipt of one run does nothing in another, though plan, package and bytes are the same."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from support.world import World


def test_the_receipt_of_one_run_is_refused_in_a_run_with_the_same_plan() -> None:
    world = World()
    _, token = world.ready()
    twin = world.approved(world.plan())

    with world.refusing("RUN_MISMATCH"):
        world.present(twin, token)


@pytest.mark.parametrize("of_request", [True, False])
def test_neither_the_named_run_nor_the_operation_s_own_may_be_another(of_request: bool) -> None:
    world = World()
    plan, token = world.ready()
    twin = world.plan()
    operation = plan.operations[0] if of_request else twin.operations[0]

    with world.refusing("RUN_MISMATCH"):
        world.present(plan, token, run_id=twin.run_id if of_request else plan.run_id, operation=operation)


@pytest.mark.parametrize("change", ["", " ", "{0} ", "{0}/1", "{0}X", "run_", "RUN_{0}", "{1}"])
def test_no_other_spelling_of_a_run_is_the_run(change: str) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("RUN_MISMATCH"):
        world.present(plan, token, run_id=change.format(plan.run_id, plan.run_id.lower()))


def test_a_run_whose_id_only_begins_alike_is_another() -> None:
    world = World()
    plan, token = world.ready()
    longer = replace(plan.operations[0], operation_id=f"{plan.run_id}0/1/1")

    with world.refusing("RUN_MISMATCH"):
        world.present(plan, token, operation=longer)
