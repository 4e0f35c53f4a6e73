"""What `Store` promises of the ledger: entries, proofs, checkpoints, and what people look up (protocol 7)."""

from __future__ import annotations

import asyncio

import pytest

from placet.domain.log.change import ABSENT
from placet.domain.log.checkpoint import open_checkpoint
from placet.domain.log.entry import parse_entry
from placet.domain.log.merkle import leaf_hash, verify_consistency, verify_inclusion
from placet.domain.values.digest import Digest, salted_digest, sha256
from placet.errors import InvalidInputError, NotFoundError, PlacetError
from support.ledgers import (
    LOG_KEY,
    ORIGIN,
    OTHER_SIGNER,
    START,
    Home,
    entry_at,
    fill,
    key,
    nothing,
    put,
    run,
    thing,
)


def test_a_new_log_has_one_entry_that_names_origin_and_key(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        snapshot = await store.load([key("thing/1")])
        assert (snapshot.head.size, snapshot.head.time, snapshot.head.epoch) == (1, START, ORIGIN)
        assert snapshot.entities[key("thing/1")].revision == 0
        first = await entry_at(store, 0)
        assert first.body.data == {"checkpoint_key": LOG_KEY.vkey(), "origin": ORIGIN, "predecessor": ""}
        assert (first.prev, first.body.state, first.body.once) == (bytes(32), (), ())

    run(work())


def test_find_returns_rows_by_value_and_key_from_a_place_on(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await put(
            store,
            1,
            {
                "thing/2": thing(0, ("name", "@acme/b"), ("name", "@acme/a")),
                "thing/1": thing(0, ("name", "@acme/a")),
                "thing/3": thing(0, ("name", "@acme"), ("name", "@zeta/a"), ("title", "@acme/a")),
            },
        )
        rows = await store.find("name", "@acme/")
        assert [(row.value, row.key) for row in rows] == [
            ("@acme/a", "thing/1"),
            ("@acme/a", "thing/2"),
            ("@acme/b", "thing/2"),
        ]
        assert await store.find("name", "@acme/", after=rows[0]) == rows[1:]
        assert await store.find("name", "@acme/", limit=2) == rows[:2]
        assert len(await store.find("name", "")) == 5

    run(work())


def test_a_page_is_found_without_the_ones_before_it(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await put(store, 1, {f"thing/{each}": thing(0, ("name", each)) for each in "abcde"})
        rows = await store.find("name", "")
        assert await store.find("name", "", skip=1, limit=2) == rows[1:3]
        assert await store.find("name", "", after=rows[0], skip=1, limit=2) == rows[2:4]
        assert await store.find("name", "", skip=5) == []

    run(work())


def test_rows_are_counted_within_bounds(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await put(store, 1, {f"thing/{each}": thing(0, ("name", f"x {each}"), ("other", each)) for each in "abcde"})
        await put(store, 2, {"thing/f": thing(0, ("name", "y f"), ("name", "x f"))})
        assert [await store.count("name", each) for each in ("", "x ", "y ", "z ")] == [7, 6, 1, 0]
        assert await store.count("name", "x ", least="x b", below="x d") == 2
        assert await store.count("name", "x ", least="x b") == 5
        assert await store.count("name", "x ", below="y f") == 6
        assert await store.count("name", "x ", least="y f") == 0
        assert await store.count("none", "") == 0
        assert await store.count("name", "\u00e9") == 0

    run(work())


def test_index_rows_follow_the_entity(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await put(store, 1, {"thing/1": thing(1, ("state", "open"), ("name", "a"))})
        await put(store, 2, {"thing/1": thing(1, ("state", "closed"), ("name", "a"))})
        assert [row.value for row in await store.find("state", "")] == ["closed"]
        assert [row.value for row in await store.find("name", "")] == ["a"]

    run(work())


def test_entries_are_chained_stamped_and_never_go_back_in_time(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        await put(store, 1, {})
        home.clock.move(seconds=3, microseconds=999)
        await put(store, 2, {})
        home.clock.move(hours=-1)
        late = await put(store, 3, {})
        contents = [content async for content in store.entries(0, 100)]
        entries = [parse_entry(content) for content in contents]
        assert [entry.seq for entry in entries] == [0, 1, 2, 3]
        assert [entry.prev for entry in entries[1:]] == [leaf_hash(content) for content in contents[:-1]]
        assert [(entry.time - START).total_seconds() for entry in entries] == [0, 0, 3, 3]
        assert late.time == (await nothing(store)).head.time == entries[3].time
        assert late.leaf_hash == leaf_hash(contents[3])

    run(work())


def test_every_commit_comes_with_the_signed_checkpoint_over_it(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        committed = await put(store, 1, {})
        kept = open_checkpoint(committed.checkpoint, LOG_KEY)
        assert (kept.size, await store.checkpoint()) == (2, committed.checkpoint)
        verify_inclusion(committed.leaf_hash, 1, 2, await store.inclusion_proof(1, 2), kept.root)

    run(work())


def test_the_checkpoint_of_an_earlier_group_can_be_made_again(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        early = await put(store, 1, {})
        await fill(store, 20, start=2)
        assert await store.checkpoint(2) == early.checkpoint
        with pytest.raises(NotFoundError) as refused:
            await store.checkpoint(3)
        assert refused.value.code == "CHECKPOINT_NOT_FOUND"

    run(work())


@pytest.mark.parametrize("size", [3, 2**63, 10**30])
def test_a_size_that_the_log_does_not_have_has_no_checkpoint(home: Home, size: int) -> None:
    async def work() -> None:
        store = home.create()
        await put(store, 1, {})
        with pytest.raises(NotFoundError) as refused:
            await store.checkpoint(size)
        assert refused.value.code == "CHECKPOINT_NOT_FOUND"

    run(work())


def test_proofs_lead_to_the_roots_of_all_groups(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        notes = [(await put(store, number, {})).checkpoint for number in range(1, 20)]
        kept = [open_checkpoint(note, LOG_KEY) for note in notes]
        contents = [content async for content in store.entries(0, 20)]
        for new in kept:
            for seq in range(new.size):
                path = await store.inclusion_proof(seq, new.size)
                verify_inclusion(leaf_hash(contents[seq]), seq, new.size, path, new.root)
            for old in kept[: new.size - 1]:
                path = await store.consistency_proof(old.size, new.size)
                verify_consistency(old.size, new.size, path, old.root, new.root)

    run(work())


@pytest.mark.parametrize(("seq", "size"), [(-1, 1), (1, 1), (0, 2), (5, 3)])
def test_a_proof_of_what_is_not_there_is_refused(home: Home, seq: int, size: int) -> None:
    async def work() -> None:
        store = home.create()
        with pytest.raises(InvalidInputError) as refused:
            await store.inclusion_proof(seq, size)
        assert refused.value.code == "PROOF_OUT_OF_RANGE"

    run(work())


def test_detached_and_erasable_bytes_are_kept_by_digest(home: Home) -> None:
    async def work() -> None:
        store = home.create()
        content = b"salt and name: alice"
        digest = salted_digest(b"salt", b" and name: alice")
        await put(store, 1, {}, data={"long": "x" * 5000}, erasable={digest: content})
        data = (await entry_at(store, 1)).body.data
        assert isinstance(data, str)
        assert b'{"data":{"long":"xxx' in await store.detached(data)
        assert await store.erasable(digest) == content
        assert await store.erasable(sha256(b"erased")) is None
        with pytest.raises(NotFoundError) as refused:
            await store.detached(sha256(b"other"))
        assert refused.value.code == "DETACHED_NOT_FOUND"

    run(work())


def test_a_snapshot_never_mixes_two_moments(home: Home) -> None:
    """Two entities always move together; no reader ever sees one without the other."""

    async def work() -> None:
        store = home.create()
        pair = [key("thing/left"), key("thing/right")]

        async def move() -> None:
            for number in range(1, 60):
                await put(store, number, {name: thing(number) for name in pair})

        async def look(moving: asyncio.Task[None]) -> int:
            seen = set()
            while not moving.done():
                snapshot = await store.load(pair)
                revisions = {entity.revision for entity in snapshot.entities.values()}
                assert len(revisions) == 1
                assert max(revisions) < snapshot.head.size
                seen |= revisions
                await asyncio.sleep(0)
            return len(seen)

        moving = asyncio.create_task(move())
        assert await look(moving) > 10

    run(work())


def test_a_signer_with_another_key_is_refused(home: Home) -> None:
    home.create()
    with pytest.raises(PlacetError) as refused:
        home.open(OTHER_SIGNER)
    assert refused.value.code == "CHECKPOINT_KEY_MISMATCH"


@pytest.mark.parametrize(("old", "new"), [(-1, 1), (1, 0), (0, 2), (5, 3)])
def test_a_proof_that_the_log_shrank_or_will_grow_is_refused(home: Home, old: int, new: int) -> None:
    async def work() -> None:
        store = home.create()
        with pytest.raises(InvalidInputError) as refused:
            await store.consistency_proof(old, new)
        assert refused.value.code == "PROOF_OUT_OF_RANGE"

    run(work())


@pytest.mark.parametrize("name", ["caf\u00e9", "\ud800", "\x00", "", "' OR 1=1 --", "%", "\u202e"])
def test_nothing_stands_under_a_name_that_no_entity_can_have(home: Home, name: str) -> None:
    async def work() -> None:
        store = home.create()
        await put(store, 1, {"thing/1": thing(1, ("name", "a"))})
        assert (await store.load([key(name)])).entities == {key(name): ABSENT}
        assert await store.once_seq(name) is None
        assert await store.erasable(Digest(name)) is None
        assert await store.find(name, "") == []
        assert [row.value for row in await store.find("name", name)] == ["a"] * (name == "")

    run(work())
