"""A57: a narrow key searches through all that is hidden from it, and everybody else is served meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from placet import config
from placet.core.lookup import find_certificates, list_runs
from placet.core.runs import open_run
from placet.domain.values.kinds import Mode
from placet.errors import PlacetError
from placet.facade import Placet
from placet.usecases.search import Hit, Kind, search
from support.shell import Shell
from support.world import World

HIDDEN = 40
T = TypeVar("T")


async def nothing(hits: Sequence[Hit]) -> Sequence[Hit]:  # noqa: ARG001 - whatever they are
    """Let nothing be seen."""
    return ()


async def turns_during(work: Coroutine[Any, Any, T]) -> tuple[int, T]:
    """Return how many turns others had during some work, and what came of it."""
    working = asyncio.ensure_future(work)
    turns = 0
    while not working.done():
        turns += 1
        await asyncio.sleep(0)
    return turns, await working


def with_runs() -> World:
    """Return an installation with so many runs."""
    world = World()
    for number in range(HIDDEN):
        subject = f"npm:@hidden/tool@1.0.{number}"
        world.run(open_run(world.context, mode=Mode.PROD, requester="person:alice", subject=subject))
    return world


@pytest.mark.parametrize("kind", [Kind.RUN, Kind.RECEIPT, Kind.EVENT])
def test_others_have_a_turn_after_each_hidden_run(kind: Kind) -> None:
    world = with_runs()

    turns, found = world.run(turns_during(search(world.context, "tool", kinds=[kind], sees=nothing)))

    assert found.hits == ()
    assert turns >= HIDDEN


def test_others_have_a_turn_after_each_run_of_a_list() -> None:
    world = with_runs()

    turns, found = world.run(turns_during(list_runs(world.context)))

    assert len(found) == HIDDEN
    assert turns >= HIDDEN


def test_others_have_a_turn_after_each_certificate_of_a_list() -> None:
    world = World()
    world.certificate()
    without, _ = world.run(turns_during(find_certificates(world.context, "@other/tool")))

    turns, found = world.run(turns_during(find_certificates(world.context, "")))

    assert len(found) == 1
    assert turns > without


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
