"""The check of an object store: what is recorded, and which record it speaks for (ADR 17)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from msgspec import Struct
from msgspec.structs import replace

from placet.core.entities.governance import provider_key, provider_object, stored_provider
from placet.core.entities.storage import StorageCheck, passed_check, read_storage_check, storage_check_key
from placet.core.entities.stored import required
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey
from placet.errors import PlacetError
from placet.ports.effects import Provider
from placet.ports.object_store import Promise
from placet.usecases.check_storage import check_storage
from placet.usecases.plan_publication import Targets, choose_targets
from support.world import World

STORE = Provider(provider_id="r2", kind="s3", url="https://s3.example.com/objects", credential="env:S3", region="eu-1")
KEPT = Promise(name="refuses to overwrite", kept=True, seen="it does")
BROKEN = Promise(name="refuses to overwrite", kept=False, seen="the store took it")


class GivenProbe(Struct):
    """Finds what it was given, and remembers the token."""

    promises: tuple[Promise, ...] = (KEPT,)
    token: str = ""

    async def probe(self, provider: Provider, token: str) -> tuple[Promise, ...]:
        assert provider == STORE
        self.token = token
        return self.promises


@pytest.fixture
def world() -> World:
    made = World()
    made.provide(STORE)
    return made


def check(world: World, *promises: Promise, provider_id: str = "r2", actor: str = "person:alice") -> StorageCheck:
    return world.run(check_storage(world.context, GivenProbe(promises), provider_id, actor=actor))


def checks(world: World) -> list[Object]:
    """Return the data of every recorded check."""
    return [each.body.data for each in world.entries("storage.checked") if isinstance(each.body.data, dict)]


@contextlib.contextmanager
def failing(code: str) -> Iterator[None]:
    with pytest.raises(PlacetError) as caught:
        yield
    assert caught.value.code == code


def passed(world: World, provider: Provider = STORE) -> bool:
    return world.run(passed_check(world.context.store, provider))


def test_a_store_that_was_never_checked_has_not_passed(world: World) -> None:
    assert not passed(world)


def test_a_store_that_kept_everything_has_passed_and_an_entry_tells_so(world: World) -> None:
    made = check(world, KEPT)

    assert made.passed
    assert passed(world)
    (entry,) = world.entries("storage.checked")
    assert (entry.body.actor, entry.body.subject) == ("person:alice", "r2")
    assert checks(world)[0]["passed"] is True
    assert checks(world)[0]["promises"] == [{"promise": KEPT.name, "kept": True, "seen": "it does"}]


def test_what_was_recorded_is_what_is_returned(world: World) -> None:
    made = check(world, KEPT, BROKEN)
    key = storage_check_key("r2")

    assert read_storage_check(required(world.load(key), key, "check")) == made
    assert made.promises == (KEPT, BROKEN)
    assert made.url == STORE.url


@pytest.mark.parametrize("promises", [(KEPT, BROKEN), ()], ids=["one thing not kept", "nothing tried"])
def test_a_store_that_did_not_keep_all_has_not_passed(world: World, promises: tuple[Promise, ...]) -> None:
    check(world, KEPT)
    check(world, *promises)

    assert not passed(world)
    assert checks(world)[-1]["passed"] is False


@pytest.mark.parametrize("changed", [STORE, replace(STORE, url="https://other.example.com/objects")])
def test_a_record_that_was_replaced_has_to_be_checked_again(world: World, changed: Provider) -> None:
    check(world, KEPT)
    world.provide(changed)

    assert not passed(world, changed)


def test_a_check_speaks_for_the_record_that_stands_and_for_no_other(world: World) -> None:
    check(world, KEPT)

    assert not passed(world, replace(STORE, url="https://other.example.com/objects"))
    assert not passed(world, replace(STORE, provider_id="unknown"))


def test_a_check_that_names_another_address_than_its_record_counts_for_nothing(world: World) -> None:
    made = check(world, KEPT)
    world.write(storage_check_key("r2"), replace(made, url="https://other.example.com/x").to_object())

    assert not passed(world)


def test_a_record_that_is_replaced_during_the_check_is_not_recorded_as_checked(world: World) -> None:
    world.meanwhile(lambda: world.provide(STORE))
    with failing("STORE_CHANGED"):
        check(world, KEPT)

    assert not passed(world)


@pytest.mark.parametrize(
    ("provider_id", "actor", "code"),
    [
        ("unknown", "person:alice", "NOT_FOUND"),
        ("files", "person:alice", "STORE_UNKNOWN"),
        ("r2", "person:mallory", "APPROVER_INELIGIBLE"),
    ],
)
def test_nothing_is_tried_where_it_may_not_be(world: World, provider_id: str, actor: str, code: str) -> None:
    with failing(code):
        check(world, KEPT, provider_id=provider_id, actor=actor)

    assert checks(world) == []


def test_who_was_disabled_tries_nothing_out(world: World) -> None:
    world.disable("person:alice")
    with failing("APPROVER_INELIGIBLE"):
        check(world, KEPT)


def test_each_check_has_a_fresh_token(world: World) -> None:
    probes = [GivenProbe(), GivenProbe()]
    for probe in probes:
        world.run(check_storage(world.context, probe, "r2", actor="person:alice"))

    assert probes[0].token != probes[1].token
    assert {len(probe.token) for probe in probes} == {32}


def test_a_publication_is_not_planned_to_a_store_that_has_not_passed(world: World) -> None:
    wanted = ("npm", "files", "r2")
    with failing("STORE_UNCHECKED"):
        world.run(choose_targets(world.context, wanted))
    check(world, KEPT)

    assert world.run(choose_targets(world.context, wanted)) == Targets(registry="npm", stores=("files", "r2"))


def test_a_record_that_was_stored_before_there_were_regions_has_none(world: World) -> None:
    older = {name: value for name, value in provider_object(STORE).items() if name != "region"}
    world.write(EntityKey("provider/r2"), older)
    key = provider_key("r2")

    assert stored_provider(required(world.load(key), key, "provider")) == replace(STORE, region="")
