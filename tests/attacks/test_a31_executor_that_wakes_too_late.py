"""A31: an executor that slept through its reservation wakes up and wants to send."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import field

from placet.demo.npm_double import Fault, NpmDouble
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import EffectError
from support.effects import (
    NOW,
    TOKEN,
    Fence,
    SettableClock,
    World,
    authorize,
    make_archive,
    publish_operation,
    put_operation,
)

ARCHIVE = make_archive("@acme/tool", "1.0.0")
PUBLICATION = authorize(publish_operation(ARCHIVE), {"archive.tgz": ARCHIVE})
KEY = "packages/@acme/tool/1.0.0.tgz"
OBJECT = authorize(put_operation(ARCHIVE, key=KEY), {"object": ARCHIVE})


class FenceTakenAfter(Fence):
    """Holds the fence for so many questions, and then another process has it."""

    questions: int = 1
    seen: list[int] = field(default_factory=list)

    async def holds(self, authorized: AuthorizedOperation) -> bool:
        self.seen.append(authorized.fence)
        return len(self.seen) <= self.questions


class FenceHeldUntilTheDeadline(Fence):
    """Holds the fence, but answers so late that the deadline has passed."""

    clock: SettableClock = field(default_factory=SettableClock)

    async def holds(self, _: AuthorizedOperation) -> bool:
        self.clock.instant = PUBLICATION.deadline
        return True


def denied(world: World, authorized: AuthorizedOperation) -> str:
    with pytest.raises(EffectError) as caught:
        asyncio.run(world.port().perform(authorized))
    return caught.value.code


def test_a31_a_lost_fence_sends_no_byte_to_the_registry() -> None:
    with NpmDouble(TOKEN) as double:
        code = denied(World(npm_url=double.url, fence=Fence(held=False)), PUBLICATION)

    assert (code, double.requests, double.effects("@acme/tool", "1.0.0")) == ("FENCE_LOST", [], 0)


def test_a31_a_passed_deadline_sends_no_byte_to_the_registry() -> None:
    with NpmDouble(TOKEN) as double:
        world = World(npm_url=double.url)
        world.clock.instant = NOW + timedelta(seconds=30)
        code = denied(world, PUBLICATION)

    assert (code, double.connections) == ("FENCE_LOST", 0)


def test_a31_a_deadline_that_passes_while_connecting_sends_no_byte_to_the_registry() -> None:
    with NpmDouble(TOKEN) as double:
        world = World(npm_url=double.url)
        world.fence = FenceHeldUntilTheDeadline(clock=world.clock)
        code = denied(world, PUBLICATION)

    assert (code, double.requests) == ("FENCE_LOST", [])


def test_a31_a_fence_lost_while_waiting_to_send_again_is_not_sent_again() -> None:
    with NpmDouble(TOKEN) as double:
        double.inject(Fault(status=429, headers={"retry-after": "1"}))
        fence = FenceTakenAfter()
        code = denied(World(npm_url=double.url, fence=fence), PUBLICATION)

    assert (code, len(double.requests), double.effects("@acme/tool", "1.0.0")) == ("FENCE_LOST", 1, 0)
    assert fence.seen == [7, 7]


def test_a31_a_lost_fence_writes_no_object(tmp_path: Path) -> None:
    code = denied(World(folder=tmp_path, fence=Fence(held=False)), OBJECT)

    assert (code, list(tmp_path.iterdir())) == ("FENCE_LOST", [])


def test_a31_a_passed_deadline_writes_no_object(tmp_path: Path) -> None:
    world = World(folder=tmp_path)
    world.clock.instant = NOW + timedelta(hours=1)

    assert (denied(world, OBJECT), list(tmp_path.iterdir())) == ("FENCE_LOST", [])


def test_a31_the_fence_is_asked_for_once_per_send_and_the_effect_happens_while_it_is_held() -> None:
    with NpmDouble(TOKEN) as double:
        fence = FenceTakenAfter()
        outcome = asyncio.run(World(npm_url=double.url, fence=fence).port().perform(PUBLICATION))

    assert (outcome.status, fence.seen) == (OutcomeStatus.EXECUTED, [7])
