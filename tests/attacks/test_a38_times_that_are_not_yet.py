"""A38: receipts from the future, or for too long, are refused; none is ever minted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from placet.domain.authorization.facts import ReceiptState
from placet.domain.values.time import format_instant
from support.forging import forged, planted, receipt_in
from support.governance import NOW
from support.installation import CERTIFYING, GOVERNING, PUBLISHING, TEAM
from support.world import World

MILLISECOND = timedelta(milliseconds=1)


def in_the_future(world: World, token: str, later: timedelta) -> str:
    """Return the planted copy of a receipt that begins later."""
    return planted(world, forged(world, token, not_before=format_instant(NOW + later)))


@pytest.mark.parametrize("later", [MILLISECOND, timedelta(seconds=1), timedelta(minutes=59)])
def test_a_receipt_is_refused_before_it_begins(later: timedelta) -> None:
    world = World()
    plan, token = world.ready()

    with world.refusing("RECEIPT_NOT_YET_VALID"):
        world.present(plan, in_the_future(world, token, later))


@pytest.mark.parametrize("early", [timedelta(0), -MILLISECOND])
def test_a_receipt_holds_from_the_instant_at_which_it_begins(early: timedelta) -> None:
    world = World()
    plan, token = world.ready()
    told = in_the_future(world, token, timedelta(minutes=1))
    world.clock.at = NOW + timedelta(minutes=1) + early

    if early:
        with world.refusing("RECEIPT_NOT_YET_VALID"):
            world.present(plan, told)
    else:
        assert world.present(plan, told).state is ReceiptState.EXECUTED


def test_a_receipt_issued_in_the_future_is_refused() -> None:
    world = World()
    plan, token = world.ready()
    later = format_instant(NOW + timedelta(minutes=10))

    with world.refusing("RECEIPT_NOT_YET_VALID"):
        world.present(plan, planted(world, forged(world, token, issued_at=later, not_before=later)))


@pytest.mark.parametrize("longer", [MILLISECOND, timedelta(days=1), timedelta(days=4000)])
def test_a_receipt_for_longer_than_a_day_is_none(longer: timedelta) -> None:
    world = World()
    plan, token = world.ready()
    ends = format_instant(NOW + timedelta(days=1) + longer)

    with world.refusing("RECEIPT_MALFORMED"):
        world.present(plan, forged(world, token, expires_at=ends))


@pytest.mark.parametrize(("seconds", "expected"), [(1, 1), (3600, 3600), (86_400, 86_400)])
def test_what_is_minted_lives_as_long_as_the_policy_says(seconds: int, expected: int) -> None:
    lasting = PUBLISHING + f"receipt = {{ lifetime_seconds = {seconds} }}\n"
    world = World(TEAM + lasting + CERTIFYING + GOVERNING)

    receipt = receipt_in(world.ready()[1])

    assert receipt.not_before == receipt.issued_at == NOW
    assert receipt.expires_at - receipt.issued_at == timedelta(seconds=expected)


def test_without_a_word_of_the_policy_a_receipt_lives_an_hour() -> None:
    receipt = receipt_in(World().ready()[1])

    assert (receipt.expires_at - receipt.issued_at, receipt.max_age_seconds) == (timedelta(hours=1), 86_400)
