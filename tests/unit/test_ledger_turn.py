"""The line of writers: one at a time, nobody gives up while it moves, nobody waits for a stuck one for ever."""

from __future__ import annotations

import asyncio
import itertools
import threading
from pathlib import Path

from placet.adapters.sqlite.store import SqliteStore
from placet.adapters.sqlite.turn import Turn
from support.ledgers import SIGNER, InSqlite, fill


def still() -> int:
    return 0


async def until_free(folder: Path) -> None:
    """Return once nobody holds the line; a lock that was never given back makes this wait for ever."""
    turn = Turn(folder, itertools.count().__next__)
    while not turn.is_ours:
        await turn.take(0.05)
    turn.give_up()


def _somebody_waits() -> bool:
    """Tell whether a thread of this process stands in a line."""
    return any(thread.name == "placet-turn" for thread in threading.enumerate())


def _keep_the_loop_busy_while_somebody_waits() -> None:
    while _somebody_waits():
        pass


def test_only_one_has_the_turn_and_the_next_gets_it_when_it_is_given_up(tmp_path: Path) -> None:
    async def work() -> None:
        first, second = Turn(tmp_path, still), Turn(tmp_path, still)
        assert await first.take(5)
        waiting = asyncio.create_task(second.take(5))
        await asyncio.sleep(0)
        assert (first.is_ours, second.is_ours) == (True, False)
        first.give_up()
        assert await waiting
        assert (first.is_ours, second.is_ours) == (False, True)
        second.give_up()

    asyncio.run(work())


def test_whoever_waits_does_not_give_up_while_the_line_moves(tmp_path: Path) -> None:
    async def work() -> None:
        first = Turn(tmp_path, still)
        looked = 0

        def moves() -> int:
            nonlocal looked
            looked += 1
            if looked == 3:
                first.give_up()
            return looked

        second = Turn(tmp_path, moves)
        assert await first.take(5)
        assert await second.take(0.01) == 0.01
        assert second.is_ours
        second.give_up()

    asyncio.run(work())


def test_a_stuck_holder_is_waited_for_so_long_and_what_was_asked_for_is_given_back(tmp_path: Path) -> None:
    async def work() -> None:
        stuck, late = Turn(tmp_path, still), Turn(tmp_path, still)
        assert await stuck.take(5)
        assert await late.take(0.01) == 0
        assert not late.is_ours
        late.give_up()
        stuck.give_up()
        await until_free(tmp_path)

    asyncio.run(work())


def test_whom_the_line_passes_by_goes_on_without_a_turn(tmp_path: Path) -> None:
    async def work() -> None:
        stuck, passed_by = Turn(tmp_path, still), Turn(tmp_path, itertools.count().__next__)
        assert await stuck.take(5)
        assert await passed_by.take(0.01) == 0.01
        assert not passed_by.is_ours
        stuck.give_up()
        await until_free(tmp_path)

    asyncio.run(work())


def test_a_wait_that_is_called_off_leaves_the_line(tmp_path: Path) -> None:
    async def work() -> None:
        first, second = Turn(tmp_path, still), Turn(tmp_path, still)
        assert await first.take(5)
        waiting = asyncio.create_task(second.take(5))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        first.give_up()
        await until_free(tmp_path)

    asyncio.run(work())


def test_a_loop_that_ends_while_its_store_gets_its_turn_lets_the_next_one_write(tmp_path: Path) -> None:
    home = InSqlite(tmp_path)
    home.create()
    store = SqliteStore(home.path, SIGNER, home.anchor, home.clock, wait_seconds=5)

    async def work() -> None:
        other = Turn(tmp_path, still)
        assert await other.take(5)
        asyncio.create_task(fill(store, 1))  # noqa: RUF006 - it ends with the loop
        while not _somebody_waits():  # noqa: ASYNC110 - threads tell nobody
            await asyncio.sleep(0)
        other.give_up()
        _keep_the_loop_busy_while_somebody_waits()  # it has the turn then, and its loop has not heard of it

    asyncio.run(work())
    asyncio.run(asyncio.wait_for(until_free(tmp_path), 5))
    asyncio.run(fill(store, 1, start=2))
    asyncio.run(store.close())
    home.close()


def test_where_there_is_no_folder_nobody_stands_in_line(tmp_path: Path) -> None:
    turn = Turn(tmp_path / "gone", still)
    assert asyncio.run(turn.take(5))
    assert not turn.is_ours


def test_a_program_that_only_locks_the_folder_cannot_keep_a_ledger_from_being_written(tmp_path: Path) -> None:
    home = InSqlite(tmp_path)
    home.create()

    async def work() -> int:
        other = Turn(tmp_path, still)
        assert await other.take(5)
        store = SqliteStore(home.path, SIGNER, home.anchor, home.clock, wait_seconds=0.01)
        await fill(store, 1)
        other.give_up()
        size = (await store.status()).size
        await store.close()
        return size

    assert asyncio.run(work()) == 2
    home.close()
