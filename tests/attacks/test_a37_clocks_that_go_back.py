"""A37: with a clock that is behind the ledger nothing is authorised; one that is a little behind is corrected."""

from __future__ import annotations

from datetime import timedelta

import pytest

from placet.domain.authorization.facts import ReceiptState
from support.forging import receipt_in
from support.governance import NOW
from support.world import World

MILLISECOND = timedelta(milliseconds=1)


@pytest.mark.parametrize("back", [timedelta(seconds=5) + MILLISECOND, timedelta(seconds=6), timedelta(hours=1)])
def test_a_clock_more_than_five_seconds_behind_the_newest_entry_authorises_nothing(back: timedelta) -> None:
    world = World()
    plan, token = world.ready()
    world.clock.at = NOW - back

    with world.refusing("CLOCK_REGRESSION"):
        world.present(plan, token)


def test_the_clock_is_looked_at_before_anything_that_is_presented() -> None:
    world = World()
    plan = world.plan()
    world.move(hours=-1)

    for token in (None, "x", 7):
        with world.refusing("CLOCK_REGRESSION"):
            world.present(plan, token, mode="dry_run")


@pytest.mark.parametrize("back", [timedelta(0), MILLISECOND, timedelta(seconds=5)])
def test_a_clock_up_to_five_seconds_behind_is_corrected_by_the_ledger(back: timedelta) -> None:
    world = World()
    plan, token = world.ready()
    world.clock.at = NOW - back

    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_a_clock_an_hour_ahead_finds_its_receipt_expired_and_cannot_go_back_to_use_it() -> None:
    world = World()
    plan, token = world.ready()
    world.move(hours=1)
    with world.refusing("RECEIPT_EXPIRED"):
        world.present(plan, token)
    world.move(hours=-1)

    with world.refusing("CLOCK_REGRESSION"):
        world.present(plan, token)

    assert world.state(receipt_in(token).receipt_id) is ReceiptState.ISSUED


def test_no_two_receipts_of_one_operation_are_in_time_at_once_wherever_the_clock_stands() -> None:
    world = World()
    plan, first = world.ready()
    world.clock.at = receipt_in(first).expires_at
    second = world.issue(plan)

    for back in (0, 1, 5):
        world.clock.at = receipt_in(first).expires_at - timedelta(seconds=back)
        with world.refusing("RECEIPT_EXPIRED"):
            world.present(plan, first)
    assert world.present(plan, second).state is ReceiptState.EXECUTED
