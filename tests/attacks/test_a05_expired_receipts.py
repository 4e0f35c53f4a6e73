"""A05: a receipt is valid before `expires_at`, to the millisecond, and never again after it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from placet.domain.authorization.facts import ReceiptState
from support.forging import receipt_in
from support.world import World

MILLISECOND = timedelta(milliseconds=1)


def test_a_receipt_holds_one_millisecond_before_it_expires() -> None:
    world = World()
    plan, token = world.ready()
    world.clock.at = receipt_in(token).expires_at - MILLISECOND

    assert world.present(plan, token).state is ReceiptState.EXECUTED


@pytest.mark.parametrize("late", [timedelta(0), MILLISECOND, timedelta(hours=1), timedelta(days=400)])
def test_a_receipt_is_refused_from_the_instant_at_which_it_expires(late: timedelta) -> None:
    world = World()
    plan, token = world.ready()
    world.clock.at = receipt_in(token).expires_at + late

    with world.refusing("RECEIPT_EXPIRED"):
        world.present(plan, token)


def test_a_fraction_of_a_millisecond_before_the_end_is_not_yet_the_end() -> None:
    world = World()
    plan, token = world.ready()
    world.clock.at = receipt_in(token).expires_at - timedelta(microseconds=1)

    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_an_expired_receipt_stays_as_it_was_and_another_may_be_issued_from_the_same_plan() -> None:
    world = World()
    plan, expired = world.ready()
    world.clock.at = receipt_in(expired).expires_at
    with world.refusing("RECEIPT_EXPIRED"):
        world.present(plan, expired)
    assert world.state(receipt_in(expired).receipt_id) is ReceiptState.ISSUED

    fresh = world.issue(plan)

    assert receipt_in(fresh).attempt == 2
    assert world.present(plan, fresh).state is ReceiptState.EXECUTED
    with world.refusing("RECEIPT_EXPIRED"):
        world.present(plan, expired)


@pytest.mark.parametrize("back", [1, 4, 5])
def test_a_clock_set_back_a_little_does_not_revive_an_expired_receipt(back: int) -> None:
    world = World()
    plan, expired = world.ready()
    world.clock.at = receipt_in(expired).expires_at
    fresh = world.issue(plan)
    world.move(seconds=-back)

    with world.refusing("RECEIPT_EXPIRED"):
        world.present(plan, expired)
    assert world.present(plan, fresh).state is ReceiptState.EXECUTED
