"""A69: a token begins no second session: at once, in other processes, after a restart, within the leeway."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from placet.core.context import Context
from placet.domain.authorization.identity_token import LEEWAY
from placet.errors import PlacetError
from placet.usecases.sign_in import Answer, sign_in
from support.governance import NOW
from support.identity import POLICY, Signing
from support.ledgers import InMemory, InSqlite, SetClock

CALLERS = 32


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Signing]:
    clock = SetClock(NOW)
    home = InMemory(clock=clock) if request.param == "memory" else InSqlite(tmp_path, clock=clock)
    yield Signing(POLICY, home=home)
    home.close()


async def told(context: Context, world: Signing, answer: Answer) -> str:
    try:
        return (await sign_in(context, world.provider, answer)).session.principal_id
    except PlacetError as error:
        return error.code


def sessions(world: Signing) -> int:
    return len(world.entries("session.created"))


def test_an_answer_that_comes_thirty_two_times_at_once_begins_one_session(world: Signing) -> None:
    answer = world.answer(world.begin(), "bob", jti="t-1")

    async def at_once() -> list[str]:
        return await asyncio.gather(*(told(world.context, world, answer) for _ in range(CALLERS)))

    answers = Counter(world.run(at_once()))

    assert answers == {"person:bob": 1, "OIDC_REPLAYED": CALLERS - 1}
    assert sessions(world) == 1
    assert Counter(str(each["code"]) for each in world.denials()) == {"OIDC_REPLAYED": CALLERS - 1}


def test_an_answer_that_comes_to_many_processes_at_once_begins_one_session(tmp_path: Path) -> None:
    home = InSqlite(tmp_path, clock=SetClock(NOW))
    world = Signing(POLICY, home=home)
    answer = world.answer(world.begin(), "bob")
    processes, answers, start = InSqlite(tmp_path, clock=home.clock), list[str](), threading.Barrier(8)

    def attempt() -> None:
        store = processes.open()
        context = world.over(store)

        async def work() -> None:
            start.wait()
            answers.append(await told(context, world, answer))
            await store.close()

        asyncio.run(work())

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(answers) == {"person:bob": 1, "OIDC_REPLAYED": 7}
    assert sessions(world) == 1
    home.close()


def test_after_a_restart_it_is_known_still(tmp_path: Path) -> None:
    home = InSqlite(tmp_path, clock=SetClock(NOW))
    world = Signing(POLICY, home=home)
    answer = world.answer(world.begin(), "bob")
    world.come_back(answer)
    home.close()

    again = InSqlite(tmp_path, clock=home.clock)
    context = world.over(again.open())

    assert world.run(told(context, world, answer)) == "OIDC_REPLAYED"
    again.close()


def test_a_token_that_has_no_id_is_known_by_what_it_answers() -> None:
    world = Signing()
    answer = world.answer(world.begin(), "bob")
    assert "jti" not in world.provider.tokens[answer.code]
    world.come_back(answer)

    with world.refusing("OIDC_REPLAYED"):
        world.come_back(answer)


def test_a_token_s_id_is_good_once_also_in_another_exchange() -> None:
    world = Signing()
    world.come_back(world.answer(world.begin(), "bob", jti="t-1"))

    for subject in ("bob", "carol"):
        with world.refusing("OIDC_REPLAYED"):
            world.come_back(world.answer(world.begin(), subject, jti="t-1"))
    assert world.come_back(world.answer(world.begin(), "bob", jti="t-2")).token


def test_an_id_that_another_issuer_gave_burns_none_of_ours() -> None:
    world = Signing()
    world.trust("https://login.example.org")
    world.identify("person:alice", "alice", "https://login.example.org")
    world.come_back(world.answer(world.begin("https://login.example.org"), "alice", jti="t-1"))

    assert world.come_back(world.answer(world.begin(), "bob", jti="t-1")).token


def test_within_the_leeway_after_its_end_it_is_good_once_too() -> None:
    world = Signing()
    answer = world.answer(world.begin(), "bob", exp=int(NOW.timestamp()) + 1)
    world.clock.at += LEEWAY
    world.come_back(answer)

    with world.refusing("OIDC_REPLAYED"):
        world.come_back(answer)


def test_nobody_who_was_refused_used_the_token_up() -> None:
    world = Signing()
    answer = world.answer(world.begin(), "zoe")
    with world.refusing("UNAUTHENTICATED"):
        world.come_back(answer)
    world.enrol("person:zoe")
    world.identify("person:zoe", "zoe")

    assert world.come_back(answer).session.principal_id == "person:zoe"


def test_a_state_that_was_seen_is_worth_nothing_without_the_browser_that_has_the_rest() -> None:
    world = Signing()
    victim, thief = world.begin(), world.begin()
    answer = world.answer(victim, "bob")

    for stolen in (
        replace(answer, sign_in=""),
        replace(answer, sign_in=thief.to_text()),
        replace(answer, sign_in=thief.to_text(), state=thief.state),
    ):
        with pytest.raises(PlacetError, match="OIDC_INVALID"):
            world.come_back(stolen)

    assert sessions(world) == 0
