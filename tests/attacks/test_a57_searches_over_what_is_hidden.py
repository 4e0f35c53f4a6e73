"""A57: a narrow key searches through all that is hidden from it, and everybody else is served meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from placet import config
from placet.core.runs import open_run
from placet.domain.values.kinds import Mode
from placet.errors import PlacetError
from placet.facade import Placet
from placet.usecases.search import Hit, Kind, search
from support.shell import Shell
from support.world import World

HIDDEN = 40


async def nothing(hit: Hit) -> bool:  # noqa: ARG001 - whatever it is
    """Let nothing be seen."""
    return False


async def turns_during_a_search(world: World, kind: Kind) -> int:
    """Return how many turns others had while somebody searched and found nothing."""
    searching = asyncio.ensure_future(search(world.context, "tool", kinds=[kind], sees=nothing))
    turns = 0
    while not searching.done():
        turns += 1
        await asyncio.sleep(0)
    assert (await searching).hits == ()
    return turns


@pytest.mark.parametrize("kind", [Kind.RUN, Kind.RECEIPT, Kind.EVENT])
def test_others_have_a_turn_after_each_hidden_run(kind: Kind) -> None:
    world = World()
    for number in range(HIDDEN):
        subject = f"npm:@hidden/tool@1.0.{number}"
        world.run(open_run(world.context, mode=Mode.PROD, requester="person:alice", subject=subject))

    assert world.run(turns_during_a_search(world, kind)) >= HIDDEN


def test_who_searches_many_times_at_once_leaves_turns_for_everything_else(tmp_path: Path) -> None:
    settings = config.load(Shell(tmp_path).environment())

    async def attack() -> list[str]:
        await Placet.init(settings, profile="trial")
        async with Placet.open(settings) as placet:
            made = await placet.keys.create("narrow", "person:local", ("runs:read=@other/*",))
            caller = await placet.keys.authenticate(str(made["key"]))
            assert caller is not None
            asking = placet.acting_as(caller)
            answers = await asyncio.gather(*(asking.publishing.search("run") for _ in range(9)), return_exceptions=True)
            return [each.code if isinstance(each, PlacetError) else "" for each in answers]

    assert asyncio.run(attack()) == [*[""] * 8, "BUSY"]
