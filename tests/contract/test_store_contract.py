"""What `Store` promises, over every adapter (protocol 7)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from placet.domain.log.change import Change, Snapshot
from placet.domain.values.digest import sha256
from placet.errors import InvalidInputError
from placet.ports.store import ConflictError, Store
from support.ledgers import (
    START,
    Home,
    change,
    entry_at,
    key,
    nothing,
    put,
    reasons,
    run,
    spent,
    thing,
    verdicts,
)


def test_what_was_committed_is_loaded_with_the_number_of_its_entry(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        committed = await put(store, 1, {"thing/1": thing(7)})
        snapshot = await store.load([key("thing/1"), key("thing/2")])
        entity = snapshot.entities[key("thing/1")]
        assert (committed.seq, entity.revision, snapshot.head.size) == (1, 1, 2)
        entry = await entry_at(store, 1)
        assert entry.body.state == ((key("thing/1"), sha256(entity.content)),)
        assert b'"value":7' in entity.content

    run(work())


def test_what_was_committed_is_there_when_the_log_is_opened_again(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await put(store, 1, {"thing/1": thing(7)})
        await store.close()
        again = home.open()
        assert (await again.load([key("thing/1")])).entities[key("thing/1")].revision == 1
        assert (await put(again, 2, {"thing/1": thing(8)})).seq == 2

    run(work())


def test_a_change_whose_premise_moved_conflicts_and_writes_nothing(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        stale = await store.load([key("thing/1"), key("thing/2")])
        await put(store, 1, {"thing/1": thing(1)})
        with pytest.raises(ConflictError) as refused:
            await store.commit(change(stale, 2, {key("thing/2"): thing(2)}))
        assert (refused.value.reason, refused.value.name) == ("premise", "thing/1")
        snapshot = await store.load([key("thing/2")])
        assert (snapshot.head.size, snapshot.entities[key("thing/2")].revision) == (2, 0)

    run(work())


def test_of_two_changes_of_one_entity_in_a_group_the_first_commits(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        snapshot = await store.load([key("thing/1")])
        told = await verdicts(store, *[change(snapshot, number, {key("thing/1"): thing(number)}) for number in (1, 2)])
        assert reasons(told) == ["committed", "premise"]

    run(work())


def test_of_two_uses_of_a_once_key_in_a_group_the_first_commits_and_is_named(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        snapshot = await nothing(store)
        told = await verdicts(store, *[change(snapshot, number, once=("effect/1/1",)) for number in (1, 2)])
        assert reasons(told) == ["committed", "once"]
        assert isinstance(told[1], ConflictError)
        assert (told[1].name, told[1].first_use) == ("effect/1/1", 1)

    run(work())


def test_a_once_key_is_used_up_for_ever_and_its_first_use_is_found(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await put(store, 1, {}, once=("effect/1/1",))
        await put(store, 2, {})
        with pytest.raises(ConflictError) as refused:
            await put(store, 3, {}, once=("effect/1/1",))
        assert (refused.value.reason, refused.value.first_use) == ("once", 1)
        assert (await store.once_seq("effect/1/1"), await store.once_seq("effect/2/1")) == (1, None)

    run(work())


def test_the_same_change_again_is_told_the_entry_that_kept_it(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        made = change(await store.load([key("thing/1")]), 1, {key("thing/1"): thing(1)})
        first = await store.commit(made)
        with pytest.raises(ConflictError) as refused:
            await store.commit(made)
        assert (refused.value.reason, refused.value.first_use) == ("once", first.seq)

    run(work())


def test_a_counter_stops_at_its_limit_also_within_a_group(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        snapshot = await nothing(store)
        told = await verdicts(store, *[change(snapshot, number, counters=spent(3)) for number in range(1, 6)])
        assert reasons(told) == ["committed"] * 3 + ["counter"] * 2
        with pytest.raises(ConflictError) as refused:
            await put(store, 6, {}, counters=spent(3))
        assert (refused.value.reason, refused.value.name) == ("counter", "publications/2026010203")
        await put(store, 7, {}, counters=spent(10, add=7))

    run(work())


def test_a_refused_change_counts_nothing(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        snapshot = await store.load([key("thing/1")])
        await put(store, 1, {"thing/1": thing(1)})
        told = await verdicts(
            store, change(snapshot, 2, counters=spent(1)), change(await nothing(store), 3, counters=spent(1))
        )
        assert reasons(told) == ["premise", "committed"]

    run(work())


def test_a_change_is_refused_at_the_instant_until_which_it_was_valid(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        snapshot = await nothing(store)
        late = change(snapshot, 1, valid_until=START)
        in_time = change(snapshot, 2, valid_until=START + timedelta(milliseconds=1))
        assert reasons(await verdicts(store, late, in_time)) == ["expired", "committed"]

    run(work())


def test_a_change_for_another_epoch_is_refused(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        snapshot = await nothing(store)
        head = type(snapshot.head)(size=1, time=START, epoch="another.example.com")
        told = await verdicts(store, change(Snapshot(head=head, entities={}), 1))
        assert reasons(told) == ["epoch"]

    run(work())


def test_conflicts_stand_alone_in_their_group(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        snapshot = await store.load([key("thing/1")])
        other = await nothing(store)
        told = await verdicts(
            store,
            change(snapshot, 1, {key("thing/1"): thing(1)}),
            change(snapshot, 2, {key("thing/1"): thing(2)}),
            change(other, 3, once=("effect/1/1",)),
        )
        assert reasons(told) == ["committed", "premise", "committed"]
        assert (await nothing(store)).head.size == 3

    run(work())


def test_a_deleted_entity_is_absent_and_may_come_back(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await put(store, 1, {"thing/1": thing(1, ("number", "1"))})
        await put(store, 2, {"thing/1": None})
        assert (await store.load([key("thing/1")])).entities[key("thing/1")].revision == 0
        assert await store.find("number", "") == []
        entry = await entry_at(store, 2)
        assert entry.body.state == ((key("thing/1"), ""),)
        await put(store, 3, {"thing/1": thing(3, ("number", "3"))})
        assert [row.value for row in await store.find("number", "")] == ["3"]

    run(work())


def test_within_a_group_a_deletion_makes_room_for_a_new_entity(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        absent = await store.load([key("thing/1")])
        await put(store, 1, {"thing/1": thing(1, ("number", "1"))})
        present = await store.load([key("thing/1")])
        told = await verdicts(
            store,
            change(present, 2, {key("thing/1"): None}),
            change(absent, 3, {key("thing/1"): thing(3, ("number", "1"), ("number", "3"))}),
        )
        assert reasons(told) == ["committed", "committed"]
        assert (await store.load([key("thing/1")])).entities[key("thing/1")].revision == 3
        assert [row.value for row in await store.find("number", "")] == ["1", "3"]

    run(work())


def test_a_cancelled_callers_change_still_commits(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        snapshot = await nothing(store)
        waiting = asyncio.create_task(store.commit(change(snapshot, 1)))
        await asyncio.sleep(0)
        waiting.cancel()
        await put(store, 2, {})
        assert waiting.cancelled()
        assert await store.once_seq("event/evt_20260102030405_000001") == 1

    run(work())


def test_an_entry_longer_than_65535_bytes_is_refused_before_anything_is_written(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        snapshot = await nothing(store)
        made = change(snapshot, 1)
        long = Change(epoch=made.epoch, premises={}, writes={}, body=b"x" * 65_536, once=made.once)
        with pytest.raises(InvalidInputError) as refused:
            await store.commit(long)
        assert refused.value.code == "CHANGE_INVALID"
        assert (await nothing(store)).head.size == 1

    run(work())


def test_many_callers_at_once_each_get_their_own_entry(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        snapshot = await nothing(store)
        committed = await asyncio.gather(*[store.commit(change(snapshot, number)) for number in range(1, 301)])
        assert [one.seq for one in committed] == list(range(1, 301))
        assert (await nothing(store)).head.size == 301

    run(work())


def test_two_stores_over_one_home_see_and_exclude_each_other(home: Home) -> None:
    async def work() -> None:
        one = home.create()
        two = home.open()
        stale = await two.load([key("thing/1")])
        await put(one, 1, {"thing/1": thing(1)})
        assert reasons(await verdicts(two, change(stale, 2, {key("thing/1"): thing(2)}))) == ["premise"]
        assert (await put(two, 3, {"thing/1": thing(3)})).seq == 2
        assert (await put(one, 4, {"thing/1": thing(4)})).seq == 3

    run(work())


def test_a_store_works_through_one_event_loop_after_another(home: Home) -> None:
    store = run(_opened(home))
    for number in range(1, 4):
        run(put(store, number, {f"thing/{number}": thing(number)}))
    assert run(nothing(store)).head.size == 4


def test_what_a_loop_began_when_it_ended_is_whole(home: Home) -> None:
    """`asyncio.run` cancels what is left: a group under way is finished or was never begun."""

    async def leave_in_the_middle() -> None:
        snapshot = await nothing(store)
        for number in range(1, 9):
            asyncio.get_running_loop().create_task(store.commit(change(snapshot, number)))
        for _ in range(3):
            await asyncio.sleep(0)

    store = run(_opened(home))
    run(leave_in_the_middle())
    before = run(nothing(store)).head.size
    committed = run(put(store, 20, {}))
    assert before in (1, 9)
    assert committed.seq == before


async def _opened(home: Home) -> Store:
    return home.create()
