"""Roles and keys of principals change by governed acts, and what they approved stops counting (protocol 6)."""

from __future__ import annotations

import pytest

from placet.core.governed import Asked, ask
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.principal import Principal
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind
from placet.errors import DeniedError, PlacetError
from support.governance import key_of
from support.installation import REQUESTER
from support.soft_keys import SoftKey
from support.world import World


def performed(world: World, kind: OperationKind, principal_id: str, **params: Value) -> Asked:
    subject = Subject(provider="core", name=principal_id, version="", tag="")
    intent = Intent(kind=kind, subject=subject, params=params)
    return world.run(ask(world.context, intent, requester="person:erin", contents={}))


def role(world: World, principal_id: str, state: str, on_behalf_of: str = "") -> Asked:
    return performed(world, OperationKind.CHANGE_ROLE, principal_id, state=state, on_behalf_of=on_behalf_of)


def keys(world: World, principal_id: str, *, add: tuple[SoftKey, ...] = (), remove: tuple[SoftKey, ...] = ()) -> Asked:
    return performed(
        world,
        OperationKind.CHANGE_APPROVER_KEY,
        principal_id,
        add=list[Value](key.line for key in add),
        remove=list[Value](key.public.key_id for key in remove),
    )


def good_keys(principal: Principal) -> set[str]:
    return {key.key_id for key in principal.keys if key.revoked_at is None}


def test_an_approver_who_was_disabled_by_a_governed_act_does_not_count() -> None:
    world = World()
    plan, token = world.ready()

    role(world, "person:alice", "disabled")

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)
    with world.refusing("APPROVAL_INVALID"):
        world.approved(plan, "alice")


def test_a_requester_who_was_disabled_by_a_governed_act_goes_no_further() -> None:
    world = World()
    plan, token = world.ready()

    role(world, REQUESTER, "disabled")

    with world.refusing("STALE_REQUESTER"):
        world.present(plan, token)


def test_who_was_enabled_again_may_act() -> None:
    world = World()
    role(world, "person:alice", "disabled")
    since = world.principal("person:alice").disabled_at
    assert since == world.clock.now()

    done = role(world, "person:alice", "enabled")

    assert world.principal("person:alice").disabled_at is None
    assert done.report.response["state"] == "enabled"
    assert world.issue(world.approved(world.plan(), "alice"))


def test_another_person_may_own_an_agent_and_a_disabled_one_stays_disabled_since_then() -> None:
    world = World()
    world.enrol("agent:helper", on_behalf_of="person:alice")
    role(world, "agent:helper", "disabled", "person:alice")
    since = world.principal("agent:helper").disabled_at
    world.move(hours=1)

    role(world, "agent:helper", "disabled", "person:bob")

    changed = world.principal("agent:helper")
    assert (changed.on_behalf_of, changed.disabled_at) == ("person:bob", since)


@pytest.mark.parametrize(
    ("principal_id", "state", "owner", "code"),
    [
        ("person:alice", "enabled", "", "PRINCIPAL_INVALID"),
        ("person:alice", "retired", "", "PRINCIPAL_INVALID"),
        ("person:alice", "disabled", "person:bob", "PRINCIPAL_INVALID"),
        ("agent:helper", "enabled", "", "PRINCIPAL_INVALID"),
        ("agent:helper", "enabled", "ci:x", "PRINCIPAL_INVALID"),
        ("person:nobody", "disabled", "", "NOT_FOUND"),
    ],
)
def test_a_role_that_does_not_fit_or_changes_nothing_is_refused(
    principal_id: str, state: str, owner: str, code: str
) -> None:
    world = World()
    world.enrol("agent:helper", on_behalf_of="person:alice")

    with pytest.raises(PlacetError, match=code):
        role(world, principal_id, state, owner)

    assert world.entries("principal.changed") == []


def test_what_a_removed_key_approved_does_not_count() -> None:
    world = World()
    plan, token = world.ready()

    keys(world, "person:alice", remove=(key_of("alice"),))

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)
    with world.refusing("APPROVAL_INVALID"):
        world.approved(plan, "alice")


def test_a_key_is_exchanged_in_one_act() -> None:
    world = World()
    new = key_of("alice", "ecdsa")

    done = keys(world, "person:alice", add=(new,), remove=(key_of("alice"),))

    assert good_keys(world.principal("person:alice")) == {new.public.key_id}
    assert done.report.response["key_ids"] == [new.public.key_id]
    (entry,) = world.entries("principal.changed")
    assert isinstance(entry.body.data, dict)
    assert entry.body.data["principal"] == world.principal("person:alice").to_object()


def test_a_removed_key_never_comes_back() -> None:
    world = World()
    keys(world, "person:alice", remove=(key_of("alice"),))

    with pytest.raises(PlacetError, match="PRINCIPAL_INVALID"):
        keys(world, "person:alice", add=(key_of("alice"),))
    with pytest.raises(PlacetError, match="PRINCIPAL_INVALID"):
        keys(world, "person:alice", remove=(key_of("alice"),))


def test_a_key_speaks_for_one_principal_only() -> None:
    world = World()
    keys(world, "person:alice", add=(key_of("mallory"),))

    with pytest.raises(DeniedError, match="KEY_IN_USE"):
        keys(world, "person:bob", add=(key_of("mallory"),))

    assert good_keys(world.principal("person:bob")) == {key_of("bob").public.key_id}


@pytest.mark.parametrize(
    ("principal_id", "add", "remove", "code"),
    [
        ("person:alice", (), (), "PRINCIPAL_INVALID"),
        ("person:alice", (), ("bob",), "PRINCIPAL_INVALID"),
        ("person:alice", ("alice",), (), "PRINCIPAL_INVALID"),
        ("person:nobody", ("mallory",), (), "NOT_FOUND"),
    ],
)
def test_keys_that_do_not_fit_are_refused(
    principal_id: str, add: tuple[str, ...], remove: tuple[str, ...], code: str
) -> None:
    world = World()

    with pytest.raises(PlacetError, match=code):
        keys(world, principal_id, add=tuple(map(key_of, add)), remove=tuple(map(key_of, remove)))

    assert world.entries("principal.changed") == []
