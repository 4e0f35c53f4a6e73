"""A25: one receipt presented sixty-four times at once has one effect, whatever the store."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from placet.core.context import Context
from placet.core.execute import Report, contents_of, execute_plan, present
from placet.domain.authorization.facts import Request
from placet.domain.authorization.plan import Plan
from placet.errors import PlacetError
from support.governance import NOW
from support.installation import ACTOR
from support.intents import an_object
from support.ledgers import InMemory, InSqlite, SetClock
from support.world import World

CALLERS = 64


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    clock = SetClock(NOW)
    home = InMemory(clock=clock) if request.param == "memory" else InSqlite(tmp_path, clock=clock)
    yield World(home=home)
    home.close()


def presenting(context: Context, plan: Plan, token: str, step: int = 1) -> Coroutine[Any, Any, Report]:
    operation = plan.operations[step - 1]
    request = Request(mode="prod", run_id=plan.run_id, operation=operation, token=token)

    async def work() -> Report:
        return await present(context, request, await contents_of(context, operation), actor=ACTOR)

    return work()


async def told(*attempts: Coroutine[Any, Any, Any]) -> Counter[str]:
    """Run all at once and count what each was told."""
    answers = await asyncio.gather(*(_told(each) for each in attempts))
    return Counter(answers)


async def _told(attempt: Coroutine[Any, Any, Report]) -> str:
    try:
        return (await attempt).state.value
    except PlacetError as error:
        return error.code


def test_sixty_four_tasks_spend_one_receipt_once(world: World) -> None:
    plan, token = world.ready()

    answers = world.run(told(*(presenting(world.context, plan, token) for _ in range(CALLERS))))

    assert answers.pop("executed") == 1
    assert set(answers) <= {"RECEIPT_RESERVED", "RECEIPT_CONSUMED"}
    assert sum(answers.values()) == CALLERS - 1
    assert Counter(world.double.effects.values()) == Counter([1])
    assert Counter(str(each["code"]) for each in world.denials()) == answers
    assert all(each["alert"] for each in world.denials())


def test_sixty_four_threads_with_stores_of_their_own_spend_one_receipt_once(tmp_path: Path) -> None:
    home = InSqlite(tmp_path, clock=SetClock(NOW))
    world = World(home=home)
    plan, token = world.ready()
    processes = InSqlite(tmp_path, clock=home.clock)
    answers: list[Counter[str]] = []
    start = threading.Barrier(CALLERS)

    def attempt() -> None:
        store = processes.open()
        context = world.over(store)

        async def work() -> None:
            start.wait()
            answers.append(await told(presenting(context, plan, token)))
            await store.close()

        asyncio.run(work())

    threads = [threading.Thread(target=attempt) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    home.close()
    counted = sum(answers, Counter[str]())
    assert counted.pop("executed") == 1
    assert set(counted) <= {"RECEIPT_RESERVED", "RECEIPT_CONSUMED"}
    assert sum(counted.values()) == CALLERS - 1
    assert Counter(world.double.effects.values()) == Counter([1])


def test_a_whole_plan_carried_out_sixteen_times_at_once_has_each_effect_once(world: World) -> None:
    plan = world.approved(world.plan(an_object(), an_object("packages/@acme/tool/1.0.0.tgz.cert.pem")))

    async def carry() -> Report:
        return (await execute_plan(world.context, plan, actor=ACTOR))[-1]

    world.run(told(*(carry() for _ in range(16))))
    after = world.run(told(carry()))

    assert after == Counter(executed=1)
    assert list(world.double.effects.values()) == [1, 1]
    assert len(world.entries("receipt.executed")) == 2
