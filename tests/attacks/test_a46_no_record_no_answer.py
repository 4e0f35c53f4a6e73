"""A46: where the ledger takes no entry, nothing is authorised, and a refusal that cannot be recorded says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from placet.core.execute import execute_plan
from placet.domain.authorization.facts import ReceiptState
from placet.errors import PlacetError, UnavailableError
from placet.ports.store import SealedError
from placet.usecases.reconcile import reconcile
from support.forging import forged, receipt_in
from support.installation import ACTOR
from support.ledgers import InMemory
from support.world import World


def cut_anchor(world: World) -> None:
    """Lose the anchor: the ledger is sealed from now on."""
    assert isinstance(world.home, InMemory)
    world.home.anchor.notes.clear()


def fill_anchor(world: World) -> None:
    """Let the anchor's disk be full."""
    assert isinstance(world.home, InMemory)
    world.home.anchor.writable = False


BROKEN: dict[str, tuple[str, Callable[[World], None]]] = {
    "sealed": ("SEALED", cut_anchor),
    "full": ("AUDIT_UNAVAILABLE", fill_anchor),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_good_receipt_does_nothing_where_its_reservation_cannot_be_recorded(how: str) -> None:
    world = World()
    plan, token = world.ready()
    code, breaking = BROKEN[how]
    breaking(world)

    with pytest.raises(UnavailableError) as caught:
        world.present(plan, token)

    assert caught.value.code == code
    assert world.double.sent == []


@pytest.mark.parametrize("how", BROKEN)
def test_every_refusal_becomes_the_word_that_there_is_no_record(how: str) -> None:
    world = World()
    plan, token = world.ready()
    code, breaking = BROKEN[how]
    breaking(world)
    size = len(world.contents())

    for bad in (None, "x", forged(world, token, key_id="other"), forged(world, token, secret=b"")):
        with pytest.raises(UnavailableError) as caught:
            world.present(plan, bad)
        assert caught.value.code == code

    assert world.double.sent == []
    assert len(world.contents()) <= size + 1


@pytest.mark.parametrize("how", BROKEN)
def test_nothing_is_issued_planned_or_carried_out(how: str) -> None:
    world = World()
    plan = world.approved(world.plan())
    certificate = world.certificate_plan()
    code, breaking = BROKEN[how]
    breaking(world)
    verbs: list[Callable[[], object]] = [
        lambda: world.issue(plan),
        world.plan,
        lambda: world.approved(plan, "carol"),
        lambda: world.run(execute_plan(world.context, certificate, actor=ACTOR)),
        lambda: world.run(execute_plan(world.context, plan, actor=ACTOR)),
    ]

    for verb in verbs:
        with pytest.raises(PlacetError) as caught:
            verb()
        assert caught.value.code == code

    assert world.double.sent == []


def test_reading_goes_on_where_the_ledger_is_sealed() -> None:
    world = World()
    plan, token = world.ready()
    world.present(plan, token)
    cut_anchor(world)

    assert world.state(receipt_in(token).receipt_id) is ReceiptState.EXECUTED
    assert world.run(reconcile(world.context)) == []


def test_an_effect_whose_outcome_cannot_be_recorded_is_looked_up_later_and_never_sent_again() -> None:
    world = World()
    plan, token = world.ready()

    async def the_disk_fills() -> None:
        fill_anchor(world)

    world.double.after_sending = the_disk_fills
    with pytest.raises(UnavailableError):
        world.present(plan, token)
    assert list(world.double.effects.values()) == [1]
    assert isinstance(world.home, InMemory)
    world.home.anchor.writable = True
    world.move(minutes=20)

    (report,) = world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert report.state is ReceiptState.EXECUTED
    assert list(world.double.effects.values()) == [1]


def test_a_sealed_ledger_is_told_apart_from_an_unavailable_one() -> None:
    world = World()
    plan, token = world.ready()
    cut_anchor(world)

    with pytest.raises(SealedError):
        world.present(plan, token)
