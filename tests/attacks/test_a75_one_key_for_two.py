"""One SSH key speaks for one principal: whoever holds it must not count as two approvers (attack A75)."""

from __future__ import annotations

import pytest

from placet.core.entities.governance import principal_key
from placet.core.entities.stored import entity_of
from placet.core.governed import ask
from placet.core.lookup import list_runs
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError, InvalidInputError
from support.soft_keys import SoftKey, soft_key
from support.world import World

FRANK, GRACE, SPARE = (soft_key("ed25519", number) for number in (61, 62, 63))


def enrol(world: World, principal_id: str, *keys: SoftKey) -> None:
    intent = Intent(
        kind=OperationKind.ENROL_PRINCIPAL,
        subject=Subject(provider="core", name=principal_id, version="", tag=""),
        params={"public_keys": list[Value](key.line for key in keys), "on_behalf_of": ""},
    )
    world.run(ask(world.context, intent, requester="person:alice", contents={}))


def add(world: World, principal_id: str, key: SoftKey) -> None:
    intent = Intent(
        kind=OperationKind.CHANGE_APPROVER_KEY,
        subject=Subject(provider="core", name=principal_id, version="", tag=""),
        params={"add": list[Value]([key.line]), "remove": []},
    )
    world.run(ask(world.context, intent, requester="person:alice", contents={}))


def keys_held(world: World, principal_id: str) -> list[str]:
    return [key.key_id for key in world.principal(principal_id).keys]


def test_a_key_is_not_enrolled_for_a_second_principal() -> None:
    world = World()
    enrol(world, "person:frank", FRANK)

    with pytest.raises(DeniedError) as refused:
        enrol(world, "person:grace", FRANK)

    assert refused.value.code == "KEY_IN_USE"
    assert entity_of(world.load(principal_key("person:grace")), principal_key("person:grace")) is None
    assert [denial["code"] for denial in world.denials()] == ["KEY_IN_USE"]
    assert sorted(run.state.value for run in world.run(list_runs(world.context))) == ["abandoned", "executed"]


def test_a_key_is_not_added_to_a_second_principal_that_is_enrolled() -> None:
    world = World()
    enrol(world, "person:frank", FRANK)
    enrol(world, "person:grace", GRACE)

    with pytest.raises(DeniedError, match="KEY_IN_USE"):
        add(world, "person:grace", FRANK)

    assert keys_held(world, "person:grace") == [GRACE.public.key_id]


def test_a_key_that_was_added_later_is_taken_as_well() -> None:
    world = World()
    enrol(world, "person:frank", FRANK)
    add(world, "person:frank", SPARE)
    assert len(keys_held(world, "person:frank")) == 2

    with pytest.raises(DeniedError, match="KEY_IN_USE"):
        enrol(world, "person:grace", SPARE)


def test_of_two_that_enrol_one_key_at_once_one_wins() -> None:
    world = World()
    world.meanwhile(lambda: enrol(world, "person:frank", FRANK))

    with pytest.raises(DeniedError, match="KEY_IN_USE"):
        enrol(world, "person:grace", FRANK)

    assert keys_held(world, "person:frank") == [FRANK.public.key_id]


def test_a_principals_own_key_is_told_to_be_its_own() -> None:
    world = World()
    enrol(world, "person:frank", FRANK)

    with pytest.raises(InvalidInputError, match="PRINCIPAL_EXISTS"):
        enrol(world, "person:frank", FRANK)


def test_principals_without_keys_are_in_nobodys_way() -> None:
    world = World()
    enrol(world, "ci:github:acme/one")
    enrol(world, "ci:github:acme/two")

    assert keys_held(world, "ci:github:acme/two") == []
