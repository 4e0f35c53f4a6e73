"""A98: while a receipt of an operation is open, or its effect stands or may, no second one is issued."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from placet.core.execute import execute_plan
from placet.core.mint import issue_receipt
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.plan import Plan
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import PlacetError
from placet.ports.effects import Finding, Presence
from placet.usecases.revoke_receipt import revoke_receipt
from support.forging import receipt_in
from support.installation import ACTOR, Crash
from support.intents import an_object
from support.world import World


def test_a_second_receipt_is_refused_while_the_first_is_issued() -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("RECEIPT_ALREADY_OPEN"):
        world.issue(plan)

    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_a_second_receipt_is_refused_while_the_first_is_reserved() -> None:
    world = World()
    plan, token = world.ready()
    world.crash_at = "publish_package.reserved"
    with pytest.raises(Crash):
        world.present(plan, token)

    for hours in (0, 1, 24):
        world.move(hours=hours)
        with world.refusing("RECEIPT_ALREADY_OPEN"):
            world.issue(plan)


@pytest.mark.parametrize("outcome", [OutcomeStatus.INDETERMINATE, OutcomeStatus.EXECUTED, OutcomeStatus.CONFLICT])
def test_a_second_receipt_is_refused_while_the_effect_stands_or_may(outcome: OutcomeStatus) -> None:
    world = World()
    plan, token = world.ready()
    world.double.answers = outcome
    world.present(plan, token)
    world.move(days=2)

    with world.refusing("RECEIPT_ALREADY_OPEN"):
        world.issue(plan)


def test_of_sixteen_who_ask_at_once_one_gets_a_receipt() -> None:
    world = World()
    plan = world.approved(world.plan())
    tokens = []

    async def ask() -> str:
        try:
            tokens.append(await issue_receipt(world.context, plan.operations[0].operation_id, actor=ACTOR))
        except PlacetError as error:
            return error.code
        return "issued"

    async def at_once() -> list[str]:
        return await asyncio.gather(*(ask() for _ in range(16)))

    answers = Counter(world.run(at_once()))

    assert answers == Counter(issued=1, RECEIPT_ALREADY_OPEN=15)
    assert len(world.entries("receipt.issued")) == len(tokens) == 1
    assert len(world.denials()) == 15


def failed(world: World) -> tuple[Plan, str]:
    """Return a plan whose first attempt failed, and its spent receipt."""
    plan, token = world.ready()
    world.double.acts, world.double.answers = False, OutcomeStatus.FAILED
    world.present(plan, token)
    world.double.acts, world.double.answers = True, OutcomeStatus.EXECUTED
    return plan, token


def test_a_failed_attempt_may_be_followed_by_one_more() -> None:
    world = World()
    plan, first = failed(world)
    second = world.issue(plan)

    assert (receipt_in(first).attempt, receipt_in(second).attempt) == (1, 2)
    with world.refusing("RECEIPT_ALREADY_OPEN"):
        world.issue(plan)
    assert world.present(plan, second).state is ReceiptState.EXECUTED


def test_a_revoked_receipt_is_refused_and_may_be_followed_by_another() -> None:
    world = World()
    plan, first = world.ready()
    world.run(revoke_receipt(world.context, receipt_in(first).receipt_id, actor=ACTOR))
    second = world.issue(plan)

    for _ in range(2):
        with world.refusing("RECEIPT_REVOKED"):
            world.present(plan, first)
    assert world.present(plan, second).state is ReceiptState.EXECUTED
    with world.refusing("RECEIPT_REVOKED"):
        world.present(plan, first)


def test_revoking_races_with_using_and_exactly_one_succeeds() -> None:
    world = World()
    plan, token = world.ready()
    receipt_id = receipt_in(token).receipt_id
    world.meanwhile(lambda: world.run(revoke_receipt(world.context, receipt_id, actor=ACTOR)))

    with pytest.raises(PlacetError) as caught:
        world.present(plan, token)

    assert caught.value.code == "RECEIPT_REVOKED"
    assert (world.state(receipt_id), world.double.sent) == (ReceiptState.REVOKED, [])


def test_a_receipt_that_was_used_is_not_revoked() -> None:
    world = World()
    plan, token = world.ready()
    world.present(plan, token)

    with world.refusing("RECEIPT_CONSUMED", check="", alert=True):
        world.run(revoke_receipt(world.context, receipt_in(token).receipt_id, actor=ACTOR))


def test_a_late_truth_about_a_failed_attempt_is_not_written_over_the_next_one() -> None:
    world = World()
    plan, _ = failed(world)
    operation = plan.operations[0]
    tokens: list[str] = []

    async def another_process_issues() -> None:
        world.double.finding = None
        tokens.append(await issue_receipt(world.context, operation.operation_id, actor="person:bob"))

    world.double.finding = Finding(presence=Presence.SAME)
    world.double.while_looking = another_process_issues

    world.run(execute_plan(world.context, plan, actor=ACTOR))

    (second,) = tokens
    assert world.state(receipt_in(second).receipt_id) is not ReceiptState.ISSUED
    with world.refusing("RECEIPT_CONSUMED", alert=True):
        world.present(plan, second)
    assert len(world.double.sent) <= 2


def test_a_late_truth_does_not_take_the_subject_from_the_operation_that_has_it_since() -> None:
    world = World()
    plan = world.approved(world.plan(an_object()))
    token = world.issue(plan)
    world.double.acts, world.double.answers = False, OutcomeStatus.FAILED
    world.present(plan, token)
    world.double.acts, world.double.answers = True, OutcomeStatus.INDETERMINATE
    other, taken = world.ready(an_object(), subject="another run")
    world.present(other, taken)
    third, late = world.ready(an_object(), subject="a third run")
    world.double.finding = Finding(presence=Presence.SAME)

    world.run(execute_plan(world.context, plan, actor=ACTOR))

    with world.refusing("STALE_SUBJECT") as refused:
        world.present(third, late)
    assert other.operations[0].operation_id in refused.sentence


def test_a_late_truth_about_the_newest_attempt_is_recorded() -> None:
    world = World()
    plan, token = failed(world)
    world.double.finding = Finding(presence=Presence.SAME, response={"version": "1.0.0"})

    (report,) = world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert (report.state, report.receipt_id) == (ReceiptState.EXECUTED, receipt_in(token).receipt_id)
    assert len(world.double.sent) == 1
    with world.refusing("RECEIPT_ALREADY_OPEN"):
        world.issue(plan)
