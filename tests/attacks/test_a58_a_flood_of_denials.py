"""A58: who is denied ten thousand times makes the ledger grow by sixty entries a minute, and every time is counted."""

from __future__ import annotations

import pytest

from placet.core.bundles import MOST_A_MINUTE, DenialBundles
from placet.core.denials import record_at_the_edge, record_counted
from placet.domain.encoding.canonical import Value
from placet.errors import DeniedError, PlacetError
from support.forging import receipt_in
from support.world import World

MINUTES = 5
BYTES_OF_AN_ENTRY = 4096


class Counting:
    """A meter that keeps what it was told."""

    def __init__(self) -> None:
        self.denials: list[tuple[str, bool]] = []

    def receipt(self, state: str) -> None:
        """Do nothing."""

    def grouped(self, changes: int) -> None:
        """Do nothing."""

    def denied(self, code: str, *, alert: bool) -> None:
        self.denials.append((code, alert))


def a_service() -> tuple[World, DenialBundles, Counting]:
    world, bundles, meter = World(), DenialBundles(), Counting()
    world.rebuild(recorder=bundles, meter=meter)
    return world, bundles, meter


def times(world: World) -> int:
    return sum(number(each["times"]) for each in world.denials())


def number(value: Value) -> int:
    assert isinstance(value, int)
    return value


def test_a_flood_of_strangers_grows_the_ledger_by_sixty_entries_a_minute_and_none_goes_uncounted() -> None:
    world, bundles, meter = a_service()
    size, entries = sum(map(len, world.contents())), len(world.contents())
    error = DeniedError("UNAUTHENTICATED", "the key is unknown, revoked or out of time")

    async def flood(minute: int) -> None:
        for stranger in range(2000):
            shown = f"placet_key_{minute}_{stranger}"
            await record_at_the_edge(
                world.context, error, actor="unverified:network", source=f"{stranger % 700}", shown=shown
            )
        await record_counted(world.context, bundles)

    for minute in range(MINUTES):
        world.run(flood(minute))
        world.move(minutes=1)
    world.run(record_counted(world.context, bundles, closing=True))

    grown = len(world.contents()) - entries
    assert grown <= MOST_A_MINUTE * MINUTES + 1
    assert sum(map(len, world.contents())) - size <= grown * BYTES_OF_AN_ENTRY
    assert times(world) == len(meter.denials) == 2000 * MINUTES
    assert not any(b"placet_key_" in content for content in world.contents())


def test_a_replay_again_and_again_is_two_entries_and_every_one_of_them_alarms() -> None:
    world, bundles, meter = a_service()
    plan, token = world.ready()
    world.present(plan, token)
    for _ in range(50):
        with pytest.raises(PlacetError, match="RECEIPT_CONSUMED"):
            world.present(plan, token)
    world.run(record_counted(world.context, bundles))

    assert [(each["code"], each["times"]) for each in world.denials()] == [
        ("RECEIPT_CONSUMED", 1),
        ("RECEIPT_CONSUMED", 49),
    ]
    assert {each["receipt_id"] for each in world.denials()} == {receipt_in(token).receipt_id}
    assert meter.denials == [("RECEIPT_CONSUMED", True)] * 50
    assert sum(world.double.effects.values()) == 1


def test_a_flood_hides_no_forgery() -> None:
    world, bundles, _ = a_service()
    plan, token = world.ready()
    error = DeniedError("SCOPE_INSUFFICIENT", "the key lacks the scope")

    async def flood() -> None:
        for number_ in range(500):
            await record_at_the_edge(world.context, error, actor=f"person:p{number_}", source=f"{number_}")

    world.run(flood())
    with pytest.raises(PlacetError, match="SIGNATURE_INVALID"):
        world.present(plan, token[:-8] + "AAAAAAAA")
    world.run(record_counted(world.context, bundles))

    assert [each["code"] for each in world.denials()[40:41]] == ["SIGNATURE_INVALID"]
