"""A02: a receipt that was used, whatever came of it, does nothing a second time, and raises an alert."""

from __future__ import annotations

import pytest

from placet.core.decide import Decision
from placet.core.entities.receipts import receipt_key
from placet.core.execute import contents_of, present
from placet.domain.authorization.checks import CheckDeniedError
from placet.domain.authorization.facts import ReceiptState, Request
from placet.domain.values.kinds import OutcomeStatus
from placet.ports.effects import Finding, Presence
from support.forging import receipt_in
from support.installation import ACTOR
from support.world import World


def test_a_spent_receipt_cannot_be_spent_again() -> None:
    world = World()
    plan, token = world.ready()
    world.present(plan, token)

    for _ in range(3):
        with world.refusing("RECEIPT_CONSUMED", alert=True) as refused:
            world.present(plan, token)
        assert refused.data["receipt_id"] == receipt_in(token).receipt_id
        assert refused.data["shown"] == ""

    assert list(world.double.effects.values()) == [1]
    assert world.state(receipt_in(token).receipt_id) is ReceiptState.EXECUTED


def test_a_receipt_whose_effect_failed_is_spent_all_the_same() -> None:
    world = World()
    plan, token = world.ready()
    world.double.acts, world.double.answers = False, OutcomeStatus.FAILED
    assert world.present(plan, token).state is ReceiptState.FAILED
    world.double.acts, world.double.answers = True, OutcomeStatus.EXECUTED

    with world.refusing("RECEIPT_CONSUMED", alert=True):
        world.present(plan, token)


def test_a_receipt_whose_effect_is_in_doubt_is_spent() -> None:
    world = World()
    plan, token = world.ready()
    world.double.answers = OutcomeStatus.INDETERMINATE
    assert world.present(plan, token).state is ReceiptState.INDETERMINATE

    with world.refusing("RECEIPT_RESERVED", alert=True):
        world.present(plan, token)

    assert list(world.double.effects.values()) == [1]


def test_a_receipt_whose_effect_met_other_content_is_spent() -> None:
    world = World()
    plan, token = world.ready()
    world.double.answers = OutcomeStatus.CONFLICT
    assert world.present(plan, token).state is ReceiptState.CONFLICT

    with world.refusing("RECEIPT_CONSUMED", alert=True):
        world.present(plan, token)


def test_a_receipt_is_spent_while_its_effect_is_under_way() -> None:
    world = World()
    plan, token = world.ready()
    operation = plan.operations[0]
    request = Request(mode="prod", run_id=plan.run_id, operation=operation, token=token)
    codes = []

    async def again() -> None:
        with pytest.raises(CheckDeniedError) as caught:
            await present(world.context, request, await contents_of(world.context, operation), actor=ACTOR)
        codes.append(caught.value.code)

    world.double.meanwhile = again

    assert world.present(plan, token).state is ReceiptState.EXECUTED

    assert codes == ["RECEIPT_RESERVED"]
    assert list(world.double.effects.values()) == [1]


def test_a_replay_in_another_process_of_the_same_home_is_refused() -> None:
    world = World()
    plan, token = world.ready()
    world.present(plan, token)
    world.context = world.over(world.home.open())

    with world.refusing("RECEIPT_CONSUMED", alert=True):
        world.present(plan, token)


def test_a_receipt_whose_row_was_put_back_is_stopped_by_the_once_key_of_its_effect() -> None:
    world = World()
    plan, token = world.ready()
    receipt_id = receipt_in(token).receipt_id
    before = world.receipt(receipt_id)
    world.present(plan, token)
    world.double.facts["version"] = "absent"
    world.commit(
        Decision(
            type="test.rolled_back",
            actor="service:test",
            subject="",
            data={},
            writes={receipt_key(receipt_id): before.to_object()},
        )
    )

    with pytest.raises(CheckDeniedError) as caught:
        world.present(plan, token)

    assert caught.value.code == "RECEIPT_CONSUMED"
    assert (world.denials()[-1]["code"], world.denials()[-1]["alert"]) == ("RECEIPT_CONSUMED", True)
    assert list(world.double.effects.values()) == [1]


def test_a_new_attempt_leaves_the_old_receipt_spent() -> None:
    world = World()
    plan, first = world.ready()
    world.double.acts, world.double.answers = False, OutcomeStatus.FAILED
    world.present(plan, first)
    world.double.finding = Finding(presence=Presence.ABSENT)
    second = world.issue(plan)
    assert receipt_in(second).attempt == 2

    with world.refusing("RECEIPT_CONSUMED", alert=True):
        world.present(plan, first)
