"""A06: without a receipt nothing is done, whatever emptiness is presented."""

from __future__ import annotations

import pytest

from support.world import World


@pytest.mark.parametrize("nothing", [None, "", {}, [], (), b"", 0, False], ids=repr)
def test_nothing_at_all_is_no_receipt(nothing: object) -> None:
    world = World()
    plan = world.approved(world.plan())

    with world.refusing("RECEIPT_MISSING") as refused:
        world.present(plan, nothing)

    assert (refused.data["receipt_id"], refused.data["shown"]) == ("", "")
    assert world.double.reads == 0


class Unhelpful:
    """Can be neither looked at nor measured."""

    def __bool__(self) -> bool:
        raise ZeroDivisionError

    def __repr__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize("thing", [b"placet_rcpt_", 7, {"a": 1}, ["placet_rcpt_"]], ids=repr)
def test_what_is_no_text_is_no_receipt(thing: object) -> None:
    world = World()
    plan = world.approved(world.plan())

    with world.refusing("RECEIPT_MALFORMED", check="2"):
        world.present(plan, thing)


def test_what_breaks_the_check_is_refused_too() -> None:
    world = World()
    plan = world.approved(world.plan())

    with world.refusing("CHECK_FAILED", check="2"):
        world.present(plan, Unhelpful())
